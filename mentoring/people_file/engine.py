"""People files as the matcher needs them, and the pairs as a file again. Pure: no database, no clock.

They are the file of docs/people-csv.md with two more columns, `hours` and `capacity`; what they hold besides is left
alone. Two files, of learners and of mentors, are read together: who stands in both is one person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from academy.bridges.people_file.engine import cells, sheets
from academy.bridges.people_file.engine.cells import Wrong
from academy.bridges.people_file.engine.sheets import Problem, Row, Sheet
from matching.explain import Speaker
from matching.hours import offset_in, utc_hours

if TYPE_CHECKING:
    from matching.types import BuddiesAnswer, GraphData, MentorsAnswer, Parts, PersonData, Unplaced

MORE: Mapping[str, Sequence[str]] = {
    "hours": ("working hours", "availability"),
    "capacity": ("places", "mentees"),
}
"""The columns that only matching from a file has."""
LEFT: Mapping[str, Sequence[str]] = {"cohort": ("cohorts",)}
"""A column of the people file that is not the ground floor's; as with `role`, nothing is done with it here."""
WEEK = "mon-fri 9-17"
"""When somebody works who has not said."""
MOST_CAPACITY = 100
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?\s+(\d{1,2})(?::([0-5]\d))?\s*-\s*(\d{1,2})(?::([0-5]\d))?")
_DAY = 24 * 60
PAIRS = ("cohort", "as", "first", "first_name", "second", "second_name", "third", "third_name", "score", "why")
"""The columns of the file that comes out, in their order."""

Hours = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Crowd:
    """The people of one file: as the matcher takes them, and what is wrong.

    `names` are those of everybody in the files that were read together, by id; `unknown` headers are left alone.
    """

    people: list[PersonData] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: Sequence[str] = ()


@dataclass(eq=False)
class _Somebody:
    """One person, and the line on which she stands in each file, by its number."""

    email: str = ""
    external_id: str = ""
    name: str = ""
    manager: str | None = None
    lines: dict[int, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.email or self.external_id

    def where(self, at: int) -> str:
        """Say on which line she stands, seen from one file."""
        if at in self.lines:
            return f"on line {self.lines[at]}"
        return f"on line {next(iter(self.lines.values()))} of the other file"


_Known = dict[str, _Somebody]
"""Everybody by address and by external id, casefolded."""


class Skills:
    """Finds skills by name, whatever their case."""

    def __init__(self, graph: GraphData) -> None:
        """Take the names of a graph's skills; groups of skills are none."""
        self._labels = [label for _, label, kind in graph["nodes"] if kind != "group"]
        self._keys = {label.casefold(): key for key, label, kind in graph["nodes"] if kind != "group"}

    def rated(self, cell: str) -> list[tuple[str, int]]:
        """Read `Haskell:3; lead others:2`; raises `Wrong`."""
        found = []
        for entry in cells.entries(cell):
            name, level = cells.rated(entry)
            key = self._keys.get(name.casefold())
            if key is None:
                raise Wrong(f"“{name[:60]}” is no skill of ESCO.{cells.meant(name, self._labels)}")
            found.append((key, cells.level(level, name)))
        return found


def table(body: bytes) -> Sheet:
    """Read a file as its rows; raises `sheets.NoTable` where there is no table to speak of."""
    return sheets.read(body, {**MORE, **LEFT})


def read(files: Sequence[Sheet], skills: Skills, monday: date) -> list[Crowd]:
    """Read the people of one file, or of two together: one crowd for each.

    Who stands in both, by address or external id whatever their case, has one id, and whoever is her manager in one
    file is in the other. `monday` begins the week whose hours are compared. Where a file has no column for languages
    nobody is ruled out by them: all speak the same. Without one for hours all work on weekdays from 9 to 17 by their
    own clock.
    """
    names: dict[str, str] = {}
    crowds = [Crowd(names=names, problems=list(sheet.problems), unknown=sheet.unknown) for sheet in files]
    known: _Known = {}
    found: list[tuple[int, Row, _Somebody]] = []
    for at, sheet in enumerate(files):
        for row in sheet.rows:
            with _noting(crowds[at], row):
                found.append((at, row, _whose(row, at, known)))
    names.update((one.id, one.name or one.id) for _, _, one in found)
    for at, row, one in found:
        with _noting(crowds[at], row):
            _report(row, at, one, known)
    tongues = all("languages" in sheet.columns for sheet in files)
    for at, row, one in found:
        with _noting(crowds[at], row):
            crowds[at].people.append(_person(row, one, skills, monday, tongues=tongues))
    return crowds


def hours(cell: str) -> Hours:
    """Read `Mon-Fri 9-12; Wed 14:00-16:30` as (weekday from Monday 0, start, end) in minutes; raises `Wrong`.

    >>> hours("Mon-Tue 9-12; sun 14:30-16")
    [(0, 540, 720), (1, 540, 720), (6, 870, 960)]
    """
    found: Hours = []
    for entry in cells.entries(cell.replace(",", ";").replace("\N{EN DASH}", "-")):
        match = _TIMES.fullmatch(entry.casefold())
        first, last = (_day(word) for word in (match[1], match[2] or match[1])) if match else (None, None)
        if match is None or first is None or last is None or first > last:
            raise Wrong(f"“{entry[:40]}” are no hours such as Mon-Fri 9-12 or Wed 14:00-16:30.")
        start, end = (int(match[at]) * 60 + int(match[at + 1] or 0) for at in (3, 5))
        if not 0 <= start < end <= _DAY:
            raise Wrong(f"“{entry[:40]}” does not begin before it ends, within one day.")
        found += [(day, start, end) for day in range(first, last + 1)]
    return found


def cohorts_of(groups: Sequence[Sequence[str]], people: Mapping[str, PersonData], size: int) -> list[list[int]]:
    """Put groups of buddies into cohorts of about one size, at most `size` people each, those near each other together.

    Near is: by their clocks, then by what they want. Returns the numbers of the groups, cohort by cohort.
    """

    def near(at: int) -> tuple[Any, ...]:
        each = [people[name] for name in groups[at]]
        return (
            min(one.get("utc_offset", 0) for one in each),
            min(min(one.get("goals", ()), default=("", 0)) for one in each),
            at,
        )

    count = -(-sum(map(len, groups)) // size)
    made: list[list[int]] = [[]]
    held = placed = 0
    for at in sorted(range(len(groups)), key=near):
        full = held + len(groups[at]) > size
        enough = held and placed * count >= len(made) * sum(map(len, groups))
        if full or enough:
            made.append([])
            held = 0
        made[-1].append(at)
        held += len(groups[at])
        placed += len(groups[at])
    return [cohort for cohort in made if cohort]


def buddy_rows(answer: BuddiesAnswer, crowd: Crowd, size: int | None) -> Iterator[dict[str, str]]:
    """Write groups of buddies, cohort by cohort, then who is left over and why."""
    members = [group["members"] for group in answer["groups"]]
    people = {one["id"]: one for one in crowd.people}
    cohorts = cohorts_of(members, people, size) if size else [list(range(len(members)))]
    speaker = Speaker(names=crowd.names)
    for number, cohort in enumerate(cohorts, 1):
        for at in cohort:
            group = answer["groups"][at]
            why = [_why(speaker, pair["parts"]) for pair in group["pairs"]]
            score = group["score"] / len(group["pairs"])
            kind = "buddies" if len(group["members"]) == 2 else "trio"
            yield _row(str(number) if size else "", kind, group["members"], crowd.names, score, why)
    yield from _left(answer["unplaced"], speaker, crowd.names)


def mentor_rows(answer: MentorsAnswer, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Write learners with their mentors, then who is left over and why."""
    speaker = Speaker(names=names)
    for match in answer["matches"]:
        yield _row(
            "", "mentor", [match["learner"], match["mentor"]], names, match["score"], [_why(speaker, match["parts"])]
        )
    yield from _left(answer["unplaced"], speaker, names)


def _row(
    cohort: str, kind: str, who: Sequence[str], names: Mapping[str, str], score: float, why: Sequence[str]
) -> dict[str, str]:
    row = {"cohort": cohort, "as": kind, "score": f"{score / 100:.1f}", "why": " | ".join(why)}
    for place, one in zip(("first", "second", "third"), who, strict=False):
        row |= {place: one, f"{place}_name": names[one]}
    return row


def _left(unplaced: Iterable[Unplaced], speaker: Speaker, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for one in unplaced:
        why = "; ".join(speaker.why_unplaced(one))
        yield {"as": "not placed", "first": one["person"], "first_name": names[one["person"]], "why": why}


def _why(speaker: Speaker, parts: Parts) -> str:
    return "; ".join(speaker.reasons(parts))


class _Bad(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column


@contextmanager
def _noting(crowd: Crowd, row: Row) -> Iterator[None]:
    try:
        yield
    except _Bad as bad:
        crowd.problems.append(Problem(row.line, bad.column, str(bad)))


def _whose(row: Row, at: int, known: _Known) -> _Somebody:
    """Find whom a row of the file `at` is about, or take her in; whoever stands in a file twice is a problem."""
    said = {column: row.cells[column] for column in ("email", "external_id") if row.cells.get(column)}
    if not said:
        raise _Bad("", "This row names nobody: it has no email and no external_id.")
    _cell(row, "email", cells.address, "")
    there = {column: known[word.casefold()] for column, word in said.items() if word.casefold() in known}
    email = said.get("email", "")
    for column, one in there.items():
        if email and one.email and email.casefold() != one.email.casefold():
            raise _Bad(column, f"“{said[column][:60]}” stands {one.where(at)} with another address.")
        if at in one.lines:
            raise _Bad(column, f"“{said[column][:60]}” stands {one.where(at)} already.")
    if len({id(one) for one in there.values()}) > 1:
        places = " and the external id ".join(one.where(at) for one in there.values())
        raise _Bad("external_id", f"These are two people: the address stands {places}.")
    one = next(iter(there.values()), None) or _Somebody()
    one.email = one.email or email
    one.external_id = one.external_id or said.get("external_id", "")
    one.name = one.name or row.cells.get("name", "")
    one.lines[at] = row.line
    known.update((word.casefold(), one) for word in said.values())
    return one


def _report(row: Row, at: int, one: _Somebody, known: _Known) -> None:
    """Keep whom somebody reports to, whoever of the files or outside them it is."""
    word = row.cells.get("manager", "")
    if not word:
        return
    manager = known[word.casefold()].id if word.casefold() in known else word.casefold()
    if one.manager not in (None, manager):
        other = next(number for number in one.lines if number != at)
        raise _Bad("manager", f"This person has another manager on line {one.lines[other]} of the other file.")
    one.manager = manager


def _person(row: Row, one: _Somebody, skills: Skills, monday: date, *, tongues: bool) -> PersonData:
    zone = _cell(row, "zone", cells.zone, "UTC")
    week = _cell(row, "hours", hours, hours(WEEK))
    languages = _cell(row, "languages", cells.languages, [])
    return {
        "id": one.id,
        "skills": _cell(row, "skills", skills.rated, []),
        "goals": _cell(row, "goals", skills.rated, []),
        "hours": [(start, end) for start, end in utc_hours(week, zone, monday)],
        "languages": languages if tongues else ["en"],
        "utc_offset": offset_in(zone, monday),
        "manager_id": one.manager,
        "capacity": _cell(row, "capacity", _capacity, 1),
    }


def _cell(row: Row, column: str, how: Callable[[str], Any], without: Any) -> Any:
    cell = row.cells.get(column, "")
    try:
        return how(cell) if cell else without
    except Wrong as wrong:
        raise _Bad(column, str(wrong)) from wrong


def _capacity(cell: str) -> int:
    found = cells.whole(cell)
    if found is None or found > MOST_CAPACITY:
        raise Wrong(f"“{cell[:20]}” is no number of places from 0 to {MOST_CAPACITY}.")
    return found


def _day(word: str) -> int | None:
    return next(
        (at for at, day in enumerate(DAYS) if len(word) >= 2 and (word.startswith(day) or day.startswith(word))), None
    )
