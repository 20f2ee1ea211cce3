"""Words that several pages of careers share: sources, the rule, and the steps between skills."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from academy.careers.engine import Step, Way
from academy.careers.queries.gaps import Voice
from academy.skills.engine import WEIGHTS


def side(source: str) -> str:
    """Name a source of a level, as the rule lists it."""
    return {
        "self": _("yourself"),
        "peer": _("a buddy"),
        "manager": _("a manager"),
        "organization": _("the organization"),
        "mentor": _("a mentor"),
        "360": _("feedback of several people"),
        "evidence": _("shown work"),
        "assessment": _("an assessment"),
    }[source]


def heard() -> dict[str, str]:
    """Say to somebody else who says at which level a person is."""
    return {
        "self": _("they say so"),
        "peer": _("a buddy says so"),
        "manager": _("a manager says so"),
        "organization": _("the organization says so"),
        "mentor": _("a mentor says so"),
        "360": _("from feedback of several people"),
        "evidence": _("shown by work"),
        "assessment": _("shown by an assessment"),
        "several": _("put together from several sides"),
    }


def levels() -> list[tuple[int, str]]:
    """Name each level as that of somebody else."""
    return [
        (1, _("1, knows of it")),
        (2, _("2, with help")),
        (3, _("3, on their own")),
        (4, _("4, helps others")),
        (5, _("5, others learn it from them")),
    ]


def weights() -> list[tuple[str, int]]:
    """Return how much each source counts, in words."""
    return [(side(source), weight) for source, weight in WEIGHTS.items()]


def said(voice: Voice, name: str = "") -> str:
    """Say in one sentence who says what, to the person it is about."""
    who = name or (voice.face.name if voice.face else "")
    values = {"level": voice.level, "name": who}
    return {
        "self": _("You say %(level)s.", **values),
        "peer": _("%(name)s, your buddy, says %(level)s.", **values),
        "mentor": _("%(name)s, your mentor, says %(level)s.", **values),
        "manager": _("%(name)s, your manager, says %(level)s.", **values)
        if who
        else _("Your manager says %(level)s.", **values),
        "organization": _("Your organization says %(level)s.", **values),
        "evidence": _("Your work shows %(level)s.", **values),
        "assessment": _("An assessment shows %(level)s.", **values),
        "360": _("Feedback of several people comes to %(level)s.", **values),
    }[voice.source]


def link(start: str, relation: str, back: bool, end: str) -> str:
    """Say how one skill leads to the next, as the framework puts them beside each other."""
    whole, part_ = (end, start) if back else (start, end)
    values = {"whole": whole, "part": part_}
    if relation == "essential":
        return _("“%(part)s” is needed for “%(whole)s”", **values)
    if relation == "optional":
        return _("“%(part)s” helps with “%(whole)s”", **values)
    if relation == "together":
        return _("“%(whole)s” and “%(part)s” go together here", **values)
    if relation.startswith("broader"):
        return _("“%(whole)s” is part of “%(part)s”", **values)
    return _("“%(whole)s” stands beside “%(part)s”", **values)


def path(step: Step) -> str:
    """Say a way from one skill to another, link by link."""
    return "; ".join(link(*one) for one in step.links)


def ways(found: Sequence[Way]) -> list[tuple[Way, str]]:
    """Return each way with its sentence, "" where it is one and the same skill."""
    return [(way, path(way.step) if way.step else "") for way in found]
