"""The commands that match from a file: no database, no app."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from academy.bridges.people_file.engine import sheets
from academy.kernel import clock
from academy.kernel.access import Refusal
from academy.skills.engine import built_in
from matching import instance
from mentoring.people_file import engine as people_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime

T = TypeVar("T")

ENGINE = "mentoring.matches.engine"
"""Loaded when the file was read and is right: it brings the numeric libraries."""
FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)


class Wrong(click.ClickException):
    """A file that can't be used: one line, exit code 2."""

    exit_code = 2


@click.group()
def match() -> None:
    """Match people from a file, without an academy."""


@match.command()
@click.argument("source", metavar="INSTANCE", type=FILE)
@click.option("--floor", is_flag=True, help="of the answers that place as many, the best for the worst-off person")
@click.option("--previous", type=FILE, help="an earlier answer: of answers as good, the one that keeps the most pairs")
@click.option("--budget", type=click.FloatRange(0.1), help="seconds to search for trios  [default: 10]")
@click.option("-o", "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def solve(*, source: Path, floor: bool, previous: Path | None, budget: float | None, output: Path) -> None:
    """Match the people of INSTANCE, a JSON file, plain or .gz; `-` reads from the terminal, and writes to it.

    What stands in the files: docs/matching.md.
    """
    asked = _read(source, instance.read)
    kept = _read(previous, instance.read_kept) if previous else set()
    engine = importlib.import_module(ENGINE)
    answer = _solved(lambda: engine.solve_instance(asked, floor=floor, kept=kept, seconds=budget))
    _write(output, [json.dumps(answer) + "\n"])


@match.command()
@click.argument("source", metavar="PEOPLE", type=FILE)
@click.option("--mentors", type=FILE, help="a second file: everybody in PEOPLE gets one of these as a mentor")
@click.option("--cohort-size", type=click.IntRange(4), help="put the pairs of buddies into cohorts of at most so many")
@click.option("--floor", is_flag=True, help="of the answers that place as many, the best for the worst-off person")
@click.option(
    "--week", type=click.DateTime(["%Y-%m-%d"]), help="a day of the week to compare hours in  [default: next]"
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), required=True)
def people(
    *, source: Path, mentors: Path | None, cohort_size: int | None, floor: bool, week: datetime | None, output: Path
) -> None:
    """Match the people of PEOPLE, a CSV file, and write down why: as buddies, or with --mentors as their mentees.

    The columns are those of `academy people import`, and hours and capacity: docs/people-csv.md.
    """
    if mentors is not None and cohort_size is not None:
        raise Wrong("--cohort-size is about buddies: leave it out, or leave --mentors out.")
    graph = built_in()
    skills, monday = people_file.Skills(graph), _monday(week)
    learners = _crowd(source, skills, monday)
    ask: dict[str, Any] = {"graph": graph, "floor": floor}
    engine = importlib.import_module(ENGINE)
    if mentors is None:
        request = {**ask, "people": learners.people, "max_trios": len(learners.people)}
        answer = engine.solve({"purpose": "buddy", "ask": request})
        rows = people_file.buddy_rows(answer, learners, cohort_size)
    else:
        offering = _crowd(mentors, skills, monday)
        request = {**ask, "learners": learners.people, "mentors": offering.people, "ranked": 0}
        answer = _solved(lambda: engine.solve({"purpose": "mentorship", "ask": request}))
        rows = people_file.mentor_rows(answer, learners.names | offering.names)
    _write(output, sheets.write(people_file.PAIRS, rows))
    click.echo(_told(answer), err=True)


def _solved(work: Callable[[], T]) -> T:
    try:
        return work()
    except instance.TooLarge as error:
        raise Wrong(str(error)) from error


def _told(answer: dict[str, Any]) -> str:
    solved, left = answer["solved"], len(answer["unplaced"])
    sure = "nothing is better" if solved["optimal"] else "nearly the best"
    if not solved["optimal"] and solved["gap"] is not None:
        sure += f": at most {100 * solved['gap']:.2f} % are missing"
    rest = f" {left} could not be placed; the last rows say why." if left else ""
    return f"{solved['placed']} placed; {sure}.{rest}"


def _crowd(path: Path, skills: people_file.Skills, monday: date) -> people_file.Crowd:
    """Read people; every row that is wrong is said, and then nothing is written."""
    where = _named(path)
    try:
        with click.open_file(str(path), "rb") as file:
            crowd = people_file.read(file.read(), skills, monday)
    except Refusal as refusal:
        raise Wrong(f"{where}: {refusal.detail}") from refusal
    for problem in sorted(crowd.problems, key=lambda one: one.line):
        column = f", {problem.column}" if problem.column else ""
        click.echo(f"{where}, line {problem.line}{column}: {problem.sentence}", err=True)
    if crowd.problems:
        rows = "1 row" if len(crowd.problems) == 1 else f"{len(crowd.problems)} rows"
        raise Wrong(f"{where}: {rows} can't be used, so nothing was matched.")
    return crowd


def _monday(day: datetime | None) -> date:
    found = (clock.now() + timedelta(days=7)).date() if day is None else day.date()
    return found - timedelta(days=found.weekday())


def _write(output: Path, lines: Iterable[str]) -> None:
    try:
        with click.open_file(str(output), "w", encoding="utf-8", atomic=str(output) != "-") as file:
            file.writelines(lines)
    except OSError as error:
        raise Wrong(f"{output}: can't be written: {error.strerror}") from error


def _named(path: Path) -> str:
    return "standard input" if str(path) == "-" else str(path)


def _read(path: Path, read: Callable[[bytes], T]) -> T:
    try:
        with click.open_file(str(path), "rb") as file:
            return read(file.read())
    except instance.BadInstance as error:
        raise Wrong(f"{_named(path)}: {error}") from error
