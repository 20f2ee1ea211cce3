"""Why people were matched, in words: made from the stored facts and today's names when a page is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast
from uuid import UUID

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from academy.web import i18n
from matching.explain import MOST_STEPS_TOLD, Speaker, facts
from matching.hours import offset_in
from matching.types import SCORE_SCALE

if TYPE_CHECKING:
    from academy.people.queries import Face
    from matching.types import Parts, Unplaced
    from matching.types import Side as Worth


@dataclass(frozen=True)
class Reason:
    """Why two people fit: a sentence, and the paths through the skill graph that it rests on, as labels."""

    sentence: str
    paths: list[list[str]]


@dataclass(frozen=True)
class Part:
    """One component of a score: its name, the points that it gives and those that it could, and its percentage."""

    label: str
    points: str
    most: str
    share: int


@dataclass(frozen=True)
class Side:
    """What a match is worth to one of its people, and what that is made of; `name` is empty where it is for all."""

    name: str
    points: str
    parts: list[Part]


@dataclass(frozen=True)
class Score:
    """A score out of 100 and what it is made of, for each person whom it serves."""

    points: str
    sides: list[Side]


def reasons(
    parts: Iterable[Parts],
    faces: Iterable[Face],
    *,
    week: str,
    zone: str,
    viewer_id: UUID | None = None,
    about: UUID | None = None,
) -> list[Reason]:
    """Say why each two people of a match fit.

    `viewer_id` is whom "you" means, `about` whose name the page has said already. Hours are named in the
    reader's `zone`, as they are in the `week` (Monday, ISO date) that was compared.
    """
    names = {str(face.id): face.name for face in faces}
    speaker = Speaker(
        names=names,
        viewer=str(viewer_id) if viewer_id else None,
        about=str(about) if about else None,
        gettext=_,
        ngettext=ngettext,
    )
    offset = offset_in(zone, date.fromisoformat(week)) if week else 0
    return [_reason(speaker, one, offset) for one in parts]


def _reason(speaker: Speaker, parts: Parts, offset: int) -> Reason:
    said = speaker.reasons(parts, offset)
    if not said:
        return Reason(_("A shared language and enough hours in common."), [])
    sentence = "; ".join(said)
    return Reason(sentence[0].upper() + sentence[1:] + ".", _paths(parts))


def _paths(parts: Parts) -> list[list[str]]:
    """Return the labelled paths behind what was said: of each kind of reason the first that is near."""
    found: dict[str, list[str]] = {}
    for fact in facts(parts):
        if fact["kind"] in {"has", "shared_goals"} and fact["steps"] <= MOST_STEPS_TOLD:
            found.setdefault(fact["kind"], fact["path"])
    return [path for path in found.values() if len(path) > 1]


def component_names() -> dict[str, str]:
    """Name the components of a score."""
    return {
        "help": _("Skills for what is wanted"),
        "shared_goals": _("Wanting similar things"),
        "level": _("A step or two ahead"),
        "hours": _("Hours in common"),
        "rarity": _("Help that few others can give"),
        "languages": _("Languages in common"),
        "zone": _("Clocks close together"),
    }


def score(parts: Parts, faces: Mapping[str, str], only: UUID | None = None, *, named: bool = False) -> Score:
    """Write a score and its components as points out of 100.

    `faces` are people's names by id; `only` leaves out what it is worth to others than this person. Sides are named
    where there are two, or always.
    """
    sides = [one for one in parts["sides"] if only is None or one["person"] == str(only)]
    named = named or len(sides) > 1
    made = [
        Side(faces.get(one["person"], "") if named else "", _points(one["score"] / SCORE_SCALE), _made_of(one))
        for one in sides
    ]
    return Score(_points(parts["score"] / SCORE_SCALE), made)


def _made_of(side: Worth) -> list[Part]:
    names = component_names()
    return [
        Part(
            label=names.get(one["name"], one["name"]),
            points=_points(one["weight"] * one["raw"]),
            most=_points(one["weight"]),
            share=round(one["raw"] * 100),
        )
        for one in side["components"]
    ]


def _points(share: float) -> str:
    return str(format_decimal(round(share * 100, 1)))


def without_choices(why: Unplaced) -> Unplaced:
    """Return why somebody could not be placed as if nobody had chosen anything about anybody."""
    return cast("Unplaced", {**why, **why.get("without", {}), "earlier": 0})


def why_unplaced(why: Unplaced, *, among: bool = False) -> str:
    """Say why somebody could not be placed; nobody is named in it.

    Who is `among` these people reads nothing of what others chose, as it may be about her, and nothing by which it
    could be told from a place that somebody else has.
    """
    if among:
        why = without_choices(why)
        if why["code"] == "taken":
            return _("No place was left in this proposal.")
    said = Speaker(names={}, gettext=_, ngettext=ngettext).why_unplaced(why)
    sentence = "; ".join(said)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


def would_place(why: Unplaced, *, mentors: bool, week: str, zone: str) -> str:
    """Say what would place somebody, on the reader's clock; nobody is named in it."""
    names = i18n.locale().languages

    def language(code: str) -> str:
        return str(names.get(code.replace("-", "_"), code))

    offset = offset_in(zone, date.fromisoformat(week)) if week else 0
    speaker = Speaker(names={}, gettext=_, ngettext=ngettext, languages=language)
    return speaker.would_place(why, mentors=mentors, utc_offset=offset)


def by_pair(parts: Sequence[Parts], faces: Mapping[UUID, Face]) -> list[str]:
    """Name each two people whom a trio's reasons are about."""
    return [
        _(
            "%(first)s and %(second)s",
            first=faces[UUID(one["people"][0])].name,
            second=faces[UUID(one["people"][1])].name,
        )
        for one in parts
    ]
