"""Words that several pages of administration say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from academy.administration.queries.audit import Happened, ids_in
from academy.administration.queries.slots import PlainWords
from academy.kernel.app import kernel
from academy.kernel.clock import now
from academy.people.models import GroupKind, Role
from academy.web import i18n

IN_PAIRS: dict[str, Callable[[], str]] = {
    "MemberJoined": lambda: _("Somebody came into a pair"),
    "MemberLeft": lambda: _("Somebody left a pair"),
}
"""Who is in a pair is theirs to tell: an admin learns that there is one, not whose."""
HOLE = re.compile(r"%\((\w+)\)s")


def role_names() -> dict[str, str]:
    """Name the roles."""
    return {
        Role.MEMBER: _("Member"),
        Role.LEARNER: _("Learner"),
        Role.MENTOR: _("Mentor"),
        Role.FACILITATOR: _("Facilitator"),
        Role.LEAD: _("Program lead"),
        Role.ADMIN: _("Administrator"),
        Role.ANALYST: _("Analyst"),
    }


def role_lines() -> dict[str, str]:
    """Say what each role that is given by admins lets somebody do."""
    return {
        Role.MEMBER: _("Belongs here and can be enrolled into cohorts."),
        Role.LEAD: _("Runs the academy: its tracks, cohorts and people, and reads every room in it."),
        Role.ADMIN: _("Looks after settings, people and roles, and reads no room."),
        Role.ANALYST: _("Sees who is here, and reads no room."),
    }


def kind_names() -> dict[str, str]:
    """Name the kinds of groups."""
    return {
        GroupKind.ORGANIZATION: _("Organization"),
        GroupKind.ACADEMY: _("Academy"),
        GroupKind.COHORT: _("Cohort"),
        GroupKind.BOARD: _("Board"),
    }


def entry_words() -> dict[str, str]:
    """Return the sentence of every kind of entry that is told."""
    return _all(lambda words: words.entries())


def job_words() -> dict[str, str]:
    """Return the name of every kind of job."""
    return _all(lambda words: words.jobs())


def letter_words() -> dict[str, str]:
    """Return the name of everything that letters are about."""
    return _all(lambda words: words.letters())


def _all(part: Callable[[PlainWords], Mapping[str, str]]) -> dict[str, str]:
    return {kind: text for slot in kernel().slots(PlainWords) for kind, text in part(slot).items()}


def led_kinds() -> frozenset[str]:
    """Return the kinds of entries that those who lead a group read of it."""
    return frozenset().union(*(slot.led for slot in kernel().slots(PlainWords)))


def label_of(sentence: str) -> str:
    """Name a kind of entry by its sentence, with gaps for the names: "… enrolled … in …"."""
    return HOLE.sub("…", sentence)


def spaced(kind: str) -> str:
    """Write a name from the code as words, where nobody has given it any: OfferMade is "Offer made"."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", kind)).capitalize()


def told(entry: Happened, names: Mapping[UUID, str], sentences: Mapping[str, str]) -> str:
    """Say what happened in one sentence; nothing of it was written by people but their names."""
    if entry.kind in IN_PAIRS and not set(ids_in(entry.facts.get("group_id"))) & set(names):
        return IN_PAIRS[entry.kind]()
    sentence = sentences.get(entry.kind) or f"%(actor)s: {spaced(entry.kind)}"
    actor = names.get(entry.actor_id, _("Somebody")) if entry.actor_id else _("The academy itself")
    holes = {name: _value(name, entry.facts.get(name), names) for name in HOLE.findall(sentence)}
    return sentence % {**holes, "actor": actor}


def _value(name: str, value: Any, names: Mapping[UUID, str]) -> str:
    ids = ids_in(value)
    if ids:
        return ", ".join(names.get(found) or _unnamed(name) for found in ids)
    if name == "role":
        return role_names().get(str(value), str(value)).lower()
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or _("nothing")
    if value is None or value == "":  # an entry from before its kind said where is about a group, not a pair
        return _("a group") if name == "group_id" else _unnamed(name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _unnamed(name: str) -> str:
    if name.endswith(("group_id", "pair_id")):
        return _("a pair")
    if name == "manager_id":
        return _("nobody")
    return _("somebody") if name in {"person_id", "learner_id"} else _("something")


def when(at: datetime) -> str:
    """Write day and time, with the year where it is not this one."""
    there = i18n.local(at)
    year = "" if there.year == i18n.local(now()).year else f" {there.year}"
    return f"{i18n.short_day(at)}{year}, {i18n.time_of(at)}"
