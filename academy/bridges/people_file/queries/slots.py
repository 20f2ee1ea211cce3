"""The slot by which upper packages add columns to the people file, and what a file is understood to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from academy.bridges.people_file.engine.sheets import Problem
from academy.kernel.viewer import Viewer
from academy.people.models import Role


@dataclass(frozen=True)
class Known:
    """A row whose person is known: `new` says that they get their account, and this id, by this very file."""

    line: int
    person_id: UUID
    new: bool
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """What a row would change: the column, how it is and how it would be in words, and what `apply` is given."""

    column: str
    before: str
    after: str
    work: Any


@dataclass(frozen=True)
class Column:
    """A slot: a column of the people file that an upper package understands.

    `plan(session, viewer, rows)` is given the rows that fill this column and returns what they would change,
    by line, and what is wrong; what is so already is no change. `apply(session, viewer, work)` does it, given each
    person's `Change.work`. `export(session, viewer, person_ids)` writes the cells of people who have one.
    """

    name: str
    also: Sequence[str]
    plan: Callable[[Session, Viewer, Sequence[Known]], tuple[Mapping[int, Change], Sequence[Problem]]]
    apply: Callable[[Session, Viewer, Mapping[UUID, Any]], None]
    export: Callable[[Session, Viewer, Sequence[UUID]], Mapping[UUID, str]]


@dataclass(frozen=True)
class Person:
    """What the file would do for one person."""

    line: int
    person_id: UUID
    new: bool
    name: str
    email: str
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What a whole file would do: `people` it adds or changes, `same` rows that change nothing, what is wrong.

    `rows` counts all rows, those with problems included.
    """

    people: list[Person]
    problems: list[Problem]
    unknown: Sequence[str]
    rows: int
    same: int

    @property
    def added(self) -> int:
        """Count who gets an account."""
        return sum(person.new for person in self.people)

    @property
    def changed(self) -> int:
        """Count who is here already and would change."""
        return sum(not person.new for person in self.people)

    @property
    def appoints(self) -> bool:
        """Say whether it gives anybody a role outside cohorts that is more than belonging: lead, admin, analyst."""
        changes = (change for person in self.people for change in person.changes if change.column == "role")
        return any(role != Role.MEMBER for change in changes for role in change.work)

    @property
    def bad_rows(self) -> int:
        """Count the rows that something is wrong with."""
        return len({problem.line for problem in self.problems})
