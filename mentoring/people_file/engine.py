"""A people file as the matcher needs it, and the pairs as a file again. Pure: no database, no clock.

It is the file of docs/people-csv.md with two more columns, `hours` and `capacity`; what it holds besides is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from academy.bridges.people_file.engine import cells, sheets
from academy.bridges.people_file.engine.cells import Wrong
from academy.bridges.people_file.engine.sheets import Problem, Row
from matching.explain import Speaker
from matching.hours import offset_in, utc_hours

if TYPE_CHECKING:
    from matching.types import BuddiesAnswer, GraphData, MentorsAnswer, Parts, PersonData, Unplaced

MORE: Mapping[str, Sequence[str]] = {
    "hours": ("working hours", "availability"),
    "capacity": ("places", "mentees"),
}
"""The columns that only matching from a file has."""
WEEK = "mon-fri 9-17"
"""When somebody works who has not said."""
MOST_CAPACITY = 100
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"([a-z]+)(?:\s*-\s*([a-z]+))?\s+(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?")
_DAY = 24 * 60
PAIRS = ("cohort", "as", "first", "first_name", "second", "second_name", "third", "third_name", "score", "why")
"""The columns of the file that comes out, in their order."""

Hours = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Crowd:
    """The people of one file: as the matcher takes them, their names and addresses by id, and what is wrong."""

    people: list[PersonData] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: Sequence[str] = ()


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


def read(body: bytes, skills: Skills, monday: date) -> Crowd:
    """Read people; raises `academy.kernel.access.Invalid` where there is no table to speak of.

    `monday` begins the week whose hours are compared. A file without a column for languages, or hours, rules nobody
    out by them: everybody speaks the same, and works on weekdays from 9 to 17 by their own clock.
    """
    sheet = sheets.read(body, MORE)
    crowd = Crowd(problems=list(sheet.problems), unknown=sheet.unknown)
    ids = _ids(sheet.rows, crowd.problems)
    managers = {row.cells[name].casefold(): ids[row.line] for row in sheet.rows for name in ("email", "external_id")
                if row.line in ids and row.cells.get(name)}  # fmt: skip
    for row in sheet.rows:
        if row.line not in ids:
            continue
        try:
            crowd.people.append(_person(row, ids[row.line], sheet.columns, skills, managers, monday))
            crowd.names[ids[row.line]] = row.cells.get("name", "") or ids[row.line]
        except _Bad as bad:
            crowd.problems.append(Problem(row.line, bad.column, str(bad)))
    return crowd


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


def _ids(rows: Sequence[Row], problems: list[Problem]) -> dict[int, str]:
    """Name each row's person by address, else by external id; whoever stands there twice is a problem."""
    found: dict[int, str] = {}
    seen: dict[str, int] = {}
    for row in rows:
        column = "email" if row.cells.get("email") else "external_id"
        who = row.cells.get(column, "")
        if not who:
            problems.append(Problem(row.line, "", "This row names nobody: it has no email and no external_id."))
        elif who.casefold() in seen:
            problems.append(Problem(row.line, column, f"“{who[:60]}” stands on line {seen[who.casefold()]} already."))
        else:
            seen[who.casefold()] = row.line
            found[row.line] = who
    return found


def _person(
    row: Row, who: str, columns: Sequence[str], skills: Skills, managers: Mapping[str, str], monday: date
) -> PersonData:
    zone = _cell(row, "zone", cells.zone, "UTC")
    week = _cell(row, "hours", hours, hours(WEEK))
    manager = row.cells.get("manager", "")
    return {
        "id": who,
        "skills": _cell(row, "skills", skills.rated, []),
        "goals": _cell(row, "goals", skills.rated, []),
        "hours": [(start, end) for start, end in utc_hours(week, zone, monday)],
        "languages": _cell(row, "languages", cells.languages, [] if "languages" in columns else ["en"]),
        "utc_offset": offset_in(zone, monday),
        "manager_id": managers.get(manager.casefold(), manager) or None,
        "capacity": _cell(row, "capacity", _capacity, 1),
    }


def _cell(row: Row, column: str, how: Callable[[str], Any], without: Any) -> Any:
    cell = row.cells.get(column, "")
    try:
        return how(cell) if cell else without
    except Wrong as wrong:
        raise _Bad(column, str(wrong)) from wrong


def _capacity(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and int(cell) <= MOST_CAPACITY):
        raise Wrong(f"“{cell[:20]}” is no number of places from 0 to {MOST_CAPACITY}.")
    return int(cell)


def _day(word: str) -> int | None:
    return next(
        (at for at, day in enumerate(DAYS) if len(word) >= 2 and (word.startswith(day) or day.startswith(word))), None
    )
