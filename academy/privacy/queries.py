"""Questions about personal data: what is stored, who saw it, what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import Table
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Person
from academy.people.policy import Right
from academy.people.queries import Face
from academy.privacy.models import DataFile, Disclosure, Erasure

SHOWN = 60
LOOKED_BACK = timedelta(days=90)


@dataclass(frozen=True)
class PersonData:
    """A slot: one part of what is stored about a person, kept by one package.

    `title` and `why` are for people; `covers` names the columns that refer to them, as "table.column": every
    foreign key to people stands in some part, or a test fails. `count(person_id)` counts the part's rows as SQL,
    so that all parts are counted in one statement. `export(session, person_id)` returns plain values for a file:
    what is the person's own, and nothing that is another's. `erase(session, person_id)` removes or empties it, as
    an action; parts of upper packages are erased before those they stand on.
    """

    name: str
    title: Callable[[], str]
    why: Callable[[], str]
    covers: Sequence[str]
    count: Callable[[UUID], ColumnElement[Any]]
    export: Callable[[Session, UUID], Any]
    erase: Callable[[Session, UUID], None]


def rows_of(session: Session, statement: Select[*tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return the rows of a statement as plain values, for an export."""
    return [dict(row) for row in session.execute(statement).mappings()]


def count_of(table: type[Table], *where: ColumnElement[bool]) -> ScalarSelect[int]:
    """Count rows, as SQL, for the count of a part."""
    return select(func.count()).select_from(table).where(*where).scalar_subquery()


def erasures(session: Session) -> list[tuple[UUID, UUID, datetime]]:
    """Return every erasure that was asked for, done or not, as (person, who asked, when it is due)."""
    rows = session.execute(select(Erasure.person_id, Erasure.asked_by, Erasure.due_at))
    return [(row.person_id, row.asked_by, row.due_at) for row in rows]


@dataclass(frozen=True)
class Seen:
    """Somebody who was shown personal data of the viewer on a day, and which (`what`)."""

    face: Face
    on_date: date
    what: str


@dataclass(frozen=True)
class FileLine:
    """A file that the viewer asked for."""

    id: UUID
    asked_at: datetime
    expires_at: datetime
    ready: bool


@dataclass(frozen=True)
class Waiting:
    """An erasure that can still be taken back."""

    due_at: datetime
    by_themselves: bool


def counts_for(session: Session, viewer: Viewer, parts: Sequence[PersonData]) -> list[int]:
    """Count what each part holds about the viewer. One statement."""
    row = session.execute(select(*(part.count(viewer.person_id) for part in parts))).one()
    return [value or 0 for value in row]


def seen_for(session: Session, viewer: Viewer) -> list[Seen]:
    """Return who was shown personal data of the viewer in the last ninety days, the latest first."""
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Disclosure.on_date, Disclosure.what)
        .join(Disclosure, Disclosure.viewer_id == Person.id)
        .where(Disclosure.person_id == viewer.person_id, Disclosure.on_date >= (clock.now() - LOOKED_BACK).date())
        .order_by(Disclosure.on_date.desc(), Person.name, Person.id, Disclosure.what)
        .limit(SHOWN)
    )
    return [Seen(Face(r.id, r.name, r.pronouns, r.zone), r.on_date, r.what) for r in rows]


def files_for(session: Session, viewer: Viewer) -> list[FileLine]:
    """Return the files that wait for the viewer, the newest first."""
    rows = session.execute(
        select(DataFile.id, DataFile.asked_at, DataFile.expires_at, DataFile.body.is_not(None).label("ready"))
        .where(DataFile.person_id == viewer.person_id, DataFile.expires_at > clock.now())
        .order_by(DataFile.asked_at.desc())
    )
    return [FileLine(r.id, r.asked_at, r.expires_at, bool(r.ready)) for r in rows]


def body_for(session: Session, viewer: Viewer, file_id: UUID) -> bytes:
    """Return a file of the viewer's own; one that is another's, not ready or over is `Missing`."""
    found = session.scalar(
        select(DataFile.body).where(
            DataFile.id == file_id, DataFile.person_id == viewer.person_id, DataFile.expires_at > clock.now()
        )
    )
    if found is None:
        raise Missing
    return found


def erasure_of(session: Session, person_id: UUID) -> Waiting | None:
    """Return the erasure of somebody's data that waits, if one does."""
    return standing(session, person_id)[1]


def standing(session: Session, person_id: UUID) -> tuple[bool, Waiting | None]:
    """Say whether somebody's data is gone, and what waits if it is to be. One statement."""
    row = session.execute(
        select(Erasure.due_at, Erasure.asked_by, Erasure.done_at).where(Erasure.person_id == person_id)
    ).one_or_none()
    if row is None:
        return False, None
    return row.done_at is not None, None if row.done_at else Waiting(row.due_at, row.asked_by == person_id)


def was_erased(session: Session, person_id: UUID) -> bool:
    """Say whether somebody's data is gone; their id stands for somebody who left, and for nobody again."""
    return standing(session, person_id)[0]


def password_of(session: Session, person_id: UUID) -> str | None:
    """Return the hash of somebody's password, None where they sign in without one."""
    return session.scalar(select(Person.password_hash).where(Person.id == person_id))


def administered(session: Session, viewer: Viewer, person_id: UUID) -> Face:
    """Return somebody whose data the viewer may have erased, as an admin of the organization; to others `Missing`."""
    top = people.organization(session)
    if top is None:
        raise Missing
    people.demand(session, viewer, Right.SETTLE, top.id, known_by=Right.SETTLE)
    found = people.faces(session, [person_id]).get(person_id)
    if found is None or was_erased(session, person_id):
        raise Missing
    return found


def everything(session: Session, person_id: UUID, parts: Sequence[PersonData]) -> Mapping[str, Any]:
    """Put together everything that is stored about a person, by part."""
    return {part.name: part.export(session, person_id) for part in parts}
