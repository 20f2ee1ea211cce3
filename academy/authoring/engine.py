"""What a draft still lacks, what could be better about it, and keys made of titles. Pure calculation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from academy.tracks.engine import VIDEO, ActivityPart, ModulePart, Pack

LESSON = range(5, 11)
"""Minutes that a lesson is easily fitted into a working day with."""
WORDS_A_MINUTE = 130
"""A calm reader, in a second language."""
LIVE = range(15, 121)
FULL_WEEK = 120
LONGEST_KEY = 50


@dataclass(frozen=True)
class Remark:
    """Something about a place in a draft. `code` says what, `number` how much; positions count from 0.

    Of a skill, `number` is its position among those of the draft.
    """

    code: str
    module: int | None = None
    activity: int | None = None
    number: int = 0


def missing(pack: Pack, skills: Mapping[str, UUID] = MappingProxyType({})) -> list[Remark]:
    """Return what keeps a draft from being published, in its order; `skills` has the ids of its skills' names."""
    return list(_missing(pack, skills))


def _missing(pack: Pack, skills: Mapping[str, UUID]) -> Iterator[Remark]:
    if not pack.summary:
        yield Remark("no-summary")
    yield from _missing_skills(pack, skills)
    if not pack.modules:
        yield Remark("no-modules")
    for m, module in enumerate(pack.modules):
        if not module.summary:
            yield Remark("no-summary", m)
        if module.week > pack.weeks:
            yield Remark("late-week", m, number=module.week)
        if not module.activities:
            yield Remark("no-activities", m)
        for a, activity in enumerate(module.activities):
            yield from (Remark(code, m, a) for code in _missing_in(activity))


def _missing_skills(pack: Pack, skills: Mapping[str, UUID]) -> Iterator[Remark]:
    met = set()
    for place, name in enumerate(pack.skills):
        if name not in skills:
            yield Remark("no-skill", number=place)
        elif skills[name] in met:
            yield Remark("skill-twice", number=place)
        met.add(skills.get(name))


def _missing_in(activity: ActivityPart) -> Iterator[str]:
    if not activity.summary:
        yield "no-summary"
    if activity.kind != VIDEO and not activity.body:
        yield "no-body"
    if activity.kind == VIDEO and not activity.video:
        yield "no-video"
    if activity.kind == VIDEO and not activity.captions:
        yield "no-captions"


def lint(pack: Pack) -> list[Remark]:
    """Return what could be better about a draft; none of it keeps anybody from publishing."""
    return list(_lint(pack))


def _lint(pack: Pack) -> Iterator[Remark]:
    for m, module in enumerate(pack.modules):
        for a, activity in enumerate(module.activities):
            yield from _about(activity, m, a)
        if module.activities and not any(activity.kind == "reflection" for activity in module.activities):
            yield Remark("no-reflection", m)
    weeks = {module.week for module in pack.modules}
    if pack.modules:
        yield from (Remark("empty-week", number=week) for week in range(1, pack.weeks + 1) if week not in weeks)
    for week in sorted(weeks):
        minutes = sum(_minutes(module) for module in pack.modules if module.week == week)
        if minutes > FULL_WEEK:
            yield Remark("full-week", number=week)


def _minutes(module: ModulePart) -> int:
    return sum(activity.minutes for activity in module.activities if activity.kind != "workshop")


def _about(activity: ActivityPart, m: int, a: int) -> Iterator[Remark]:
    if activity.kind == "reading":
        if activity.minutes not in LESSON:
            yield Remark("lesson-length", m, a, activity.minutes)
        needs = round(len(activity.body.split()) / WORDS_A_MINUTE)
        if needs > activity.minutes + 1:
            yield Remark("long-text", m, a, needs)
    if activity.kind == "workshop" and activity.minutes not in LIVE:
        yield Remark("live-length", m, a, activity.minutes)


def key_of(title: str, taken: Collection[str]) -> str:
    """Make a key of a title: lower-case words and hyphens, with a number where it is taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_KEY].strip("-") or "part"
    key, number = stem, 1
    while key in taken:
        number += 1
        key = f"{stem}-{number}"
    return key
