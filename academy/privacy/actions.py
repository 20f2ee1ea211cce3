"""Verbs on personal data: write down who is shown it, put it together, erase it after a time to think."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people.models import Person
from academy.privacy import queries
from academy.privacy.events import DataAsked, DataTaken, ErasureAsked, ErasureTakenBack, PersonErased
from academy.privacy.models import DataFile, Disclosure, Erasure
from academy.privacy.queries import PersonData

FILE_LASTS = timedelta(days=7)
GRACE = timedelta(days=7)
AT_ONCE = 2_000
KEPT = timedelta(days=365)


def disclose(session: Session, *, viewer_id: UUID, what: str, person_ids: Collection[UUID]) -> None:
    """Write down that somebody is about to be shown personal data of others; once a day is enough for each."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    today = clock.now().date()
    others = sorted(set(person_ids) - {viewer_id})
    for start in range(0, len(others), AT_ONCE):
        session.execute(
            insert(Disclosure).on_conflict_do_nothing(),
            [
                {"person_id": person_id, "on_date": today, "viewer_id": viewer_id, "what": what}
                for person_id in others[start : start + AT_ONCE]
            ],
        )


def forget_old(session: Session) -> None:
    """Remove files whose time is over, and what was written down of views more than a year ago."""
    now = clock.now()
    session.execute(delete(DataFile).where(DataFile.expires_at <= now))
    session.execute(delete(Disclosure).where(Disclosure.on_date < (now - KEPT).date()))


def ask_for_data(session: Session, *, viewer: Viewer) -> UUID:
    """Ask for a file of everything that is stored about the viewer; one that waits is replaced."""
    session.execute(delete(DataFile).where(DataFile.person_id == viewer.person_id))
    now = clock.now()
    file = DataFile(id=new_id(), person_id=viewer.person_id, asked_at=now, expires_at=now + FILE_LASTS)
    session.add(file)
    session.flush()
    emit(session, DataAsked(actor_id=viewer.person_id, person_id=viewer.person_id, file_id=file.id))
    return file.id


def keep_data(session: Session, *, file_id: UUID, body: bytes) -> None:
    """Keep the file that was put together, if it is still wanted."""
    session.execute(update(DataFile).where(DataFile.id == file_id).values(body=body))


def take_data(session: Session, *, viewer: Viewer, file_id: UUID) -> bytes:
    """Hand the viewer their own file, and write down that it was taken."""
    body = queries.body_for(session, viewer, file_id)
    emit(session, DataTaken(actor_id=viewer.person_id, person_id=viewer.person_id))
    return body


def ask_erasure(session: Session, *, person_id: UUID, actor_id: UUID) -> None:
    """Have somebody's data erased after seven days. The caller has checked that it is theirs, or the right to.

    Asked twice it is due when it was first. The last admin of the organization is refused with `Conflict`.
    """
    people.demand_another_admin(session, person_id=person_id)
    if session.get(Erasure, person_id) is not None:
        return
    now = clock.now()
    session.add(Erasure(person_id=person_id, asked_by=actor_id, asked_at=now, due_at=now + GRACE))
    session.flush()
    emit(session, ErasureAsked(actor_id=actor_id, person_id=person_id, due_at=now + GRACE))


def ask_again(session: Session, asked: Collection[tuple[UUID, UUID, datetime]]) -> int:
    """Have erased whose data is here again though it was to be gone; returns of how many people that is promised.

    `asked` are the erasures that were asked for before an older copy of the database came back, as (person, who
    asked, when it is due).
    """
    again = 0
    for person_id, asked_by, due_at in sorted(asked):
        known = session.scalars(select(Person.id).where(Person.id.in_([person_id, asked_by]))).all()
        if person_id not in known or session.get(Erasure, person_id) is not None:
            continue
        actor_id = asked_by if asked_by in known else person_id
        session.add(Erasure(person_id=person_id, asked_by=actor_id, asked_at=clock.now(), due_at=due_at))
        session.flush()
        emit(session, ErasureAsked(actor_id=actor_id, person_id=person_id, due_at=due_at))
        again += 1
    return again


def take_erasure_back(session: Session, *, person_id: UUID, actor_id: UUID) -> None:
    """Keep somebody's data after all; once it is erased there is nothing to take back."""
    gone = session.execute(
        delete(Erasure).where(Erasure.person_id == person_id, Erasure.done_at.is_(None)).returning(Erasure.person_id)
    ).one_or_none()
    if gone is None:
        raise Missing
    emit(session, ErasureTakenBack(actor_id=actor_id, person_id=person_id))


def erase(session: Session, *, person_id: UUID, parts: Sequence[PersonData]) -> bool:
    """Erase what is stored about somebody whose time to think is over; says whether this call did.

    `parts` are in street order: what stands on others goes first. What stays is the id, as that of somebody who
    left, so that conversations keep their order and logs their numbers.
    """
    now = clock.now()
    row = session.execute(
        update(Erasure)
        .where(Erasure.person_id == person_id, Erasure.done_at.is_(None), Erasure.due_at <= now)
        .values(done_at=now)
        .returning(Erasure.asked_by)
    ).one_or_none()
    if row is None:
        return False
    people.demand_another_admin(session, person_id=person_id)
    for part in reversed(parts):
        part.erase(session, person_id)
    emit(session, PersonErased(actor_id=row.asked_by, person_id=person_id))
    return True


def erase_own(session: Session, person_id: UUID) -> None:
    """Remove the files of somebody and what was written down of views of them; what they saw of others stays theirs."""
    session.execute(delete(DataFile).where(DataFile.person_id == person_id))
    session.execute(delete(Disclosure).where(Disclosure.person_id == person_id))
