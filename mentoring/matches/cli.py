"""The commands that match from a file: no database, no app."""

from __future__ import annotations

import importlib
import json
import math
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from academy.bridges.people_file.engine import sheets
from academy.kernel import clock
from academy.skills.engine import built_in
from matching import instance
from mentoring.people_file import engine as people_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

T = TypeVar("T")

ENGINE = "mentoring.matches.engine"
"""Loaded when the file was read and is right: it brings the numeric libraries."""
FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
ANSWER = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
STREAM = Path("-")
IN, OUT = 0, 1


class Wrong(click.ClickException):
    """A file that can't be used: one line, exit code 2."""

    exit_code = 2


class Seconds(click.FloatRange):
    """A length of time that ends."""

    name = "number of seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a number; neither `nan` nor `inf` is one."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return found


BUDGET = click.option(
    "--budget", type=Seconds(0.1), metavar="SECONDS", help="how long to search for trios  [default: 10]"
)


@click.group()
def match() -> None:
    """Match people from a file, without an academy."""


@match.command()
@click.argument("source", metavar="INSTANCE", type=FILE)
@click.option("--floor", is_flag=True, help="of the answers that place as many, the best for the worst-off person")
@click.option("--previous", type=FILE, help="an earlier answer: of answers as good, the one that keeps the most pairs")
@BUDGET
@click.option("-o", "--output", type=ANSWER, default="-")
def solve(*, source: Path, floor: bool, previous: Path | None, budget: float | None, output: Path) -> None:
    """Match the people of INSTANCE, a JSON file, plain or .gz; `-` reads from the terminal, and writes to it.

    What stands in the files: docs/matching.md.
    """
    _refuse_to_overwrite(output, source, previous)
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
@BUDGET
@click.option("-o", "--output", type=ANSWER, required=True)
def people(
    *,
    source: Path,
    mentors: Path | None,
    cohort_size: int | None,
    floor: bool,
    week: datetime | None,
    budget: float | None,
    output: Path,
) -> None:
    """Match the people of PEOPLE, a CSV file, and write down why: as buddies, or with --mentors as their mentees.

    The columns are those of `academy people import`, and hours and capacity: docs/people-csv.md.
    """
    if mentors is not None and cohort_size is not None:
        raise Wrong("--cohort-size is about buddies: leave it out, or leave --mentors out.")
    _refuse_to_overwrite(output, source, mentors)
    graph = built_in()
    learners, *offering = _crowds([source, mentors] if mentors else [source], people_file.Skills(graph), _monday(week))
    ask: dict[str, Any] = {"graph": graph, "floor": floor}
    if budget is not None:
        ask["seconds"] = budget
    engine = importlib.import_module(ENGINE)
    if offering:
        request = {**ask, "learners": learners.people, "mentors": offering[0].people, "ranked": 0}
        answer = _solved(lambda: engine.solve({"purpose": "mentorship", "ask": request}))
        rows = people_file.mentor_rows(answer, learners.names)
    else:
        request = {**ask, "people": learners.people, "max_trios": len(learners.people)}
        answer = engine.solve({"purpose": "buddy", "ask": request})
        rows = people_file.buddy_rows(answer, learners, cohort_size)
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
    if not solved["optimal"] and solved["gap"]:
        # Rounded up, as the gap is: less must never be promised than may be missing.
        sure += f": at most {math.ceil(10_000 * solved['gap']) / 100:.2f} % are missing"
    rest = f" {left} could not be placed; the last rows say why." if left else ""
    return f"{solved['placed']} placed; {sure}.{rest}"


def _crowds(paths: Sequence[Path], skills: people_file.Skills, monday: date) -> list[people_file.Crowd]:
    """Read people; every row that is wrong is said, and then nothing is written."""
    crowds = people_file.read([_table(path) for path in paths], skills, monday)
    for path, crowd in zip(paths, crowds, strict=True):
        for problem in sorted(crowd.problems, key=lambda one: one.line):
            column = f", {problem.column}" if problem.column else ""
            click.echo(f"{_named(path)}, line {problem.line}{column}: {problem.sentence}", err=True)
        for name in crowd.unknown:
            click.echo(f"{_named(path)}: The column “{name}” is not known; it is left alone.", err=True)
    wrong = {
        _named(path): len({one.line for one in crowd.problems})
        for path, crowd in zip(paths, crowds, strict=True)
        if crowd.problems
    }
    if wrong:
        rows = "1 row" if sum(wrong.values()) == 1 else f"{sum(wrong.values())} rows"
        raise Wrong(f"{' and '.join(wrong)}: {rows} can't be used, so nothing was matched.")
    for path, crowd in zip(paths, crowds, strict=True):
        if not crowd.people:
            raise Wrong(f"{_named(path)}: Nobody is in this file: write a row for each person under the first line.")
    return crowds


def _table(path: Path) -> sheets.Sheet:
    try:
        with click.open_file(str(path), "rb") as file:
            return people_file.table(file.read())
    except sheets.NoTable as error:
        raise Wrong(f"{_named(path)}: {error.why}") from error


def _monday(day: datetime | None) -> date:
    found = (clock.now() + timedelta(days=7)).date() if day is None else day.date()
    return found - timedelta(days=found.weekday())


def _refuse_to_overwrite(output: Path, *sources: Path | None) -> None:
    there = _standing(output, OUT)
    # Between a terminal and itself nothing is lost.
    if there is None or not (stat.S_ISREG(there.st_mode) or stat.S_ISFIFO(there.st_mode)):
        return
    for source in sources:
        read = _standing(source, IN) if source else None
        if read is not None and os.path.samestat(there, read):
            raise Wrong(f"{_named(output, 'output')}: is read as well; give the answer a file of its own.")


def _write(output: Path, lines: Iterable[str]) -> None:
    """Write whole or not at all where there is a file or nothing yet; a pipe or a device stays what it is."""
    there, stream = _standing(output, OUT), _standing(STREAM, OUT)
    if there is not None and stream is not None and os.path.samestat(there, stream):
        output = STREAM  # such as /dev/stdout: what others write there too must stay
    atomic = output != STREAM and (there is None or stat.S_ISREG(there.st_mode))
    place = os.path.realpath(output) if atomic else str(output)
    try:
        with click.open_file(place, "w", encoding="utf-8", atomic=atomic) as file:
            file.writelines(lines)
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: Path, error: OSError) -> Wrong:
    return Wrong(f"{_named(output, 'output')}: can't be written: {error.strerror}")


def _standing(path: Path, stream: int) -> os.stat_result | None:
    """Look up what a path stands for, for `-` a stream of this process; None where nothing is there."""
    try:
        return os.fstat(stream) if path == STREAM else path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        if path == STREAM:  # closed
            return None
        raise _unwritable(path, error) from error


def _named(path: Path, stream: str = "input") -> str:
    return f"standard {stream}" if path == STREAM else str(path)


def _read(path: Path, read: Callable[[bytes], T]) -> T:
    try:
        with click.open_file(str(path), "rb") as file:
            return read(file.read())
    except instance.BadInstance as error:
        raise Wrong(f"{_named(path)}: {error}") from error
