"""The command that matches from a file: no database, no app."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from matching import instance

if TYPE_CHECKING:
    from collections.abc import Callable

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
    answer = importlib.import_module(ENGINE).solve_instance(asked, floor=floor, kept=kept, seconds=budget)
    try:
        with click.open_file(str(output), "w", encoding="utf-8", atomic=str(output) != "-") as file:
            file.write(json.dumps(answer) + "\n")
    except OSError as error:
        raise Wrong(f"{output}: can't be written: {error.strerror}") from error


def _read(path: Path, read: Callable[[bytes], T]) -> T:
    try:
        with click.open_file(str(path), "rb") as file:
            return read(file.read())
    except instance.BadInstance as error:
        where = "standard input" if str(path) == "-" else path
        raise Wrong(f"{where}: {error}") from error
