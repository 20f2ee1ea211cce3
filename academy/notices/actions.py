"""Verbs on notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice


def notify(session: Session, *, person_id: UUID, kind: str, ref: UUID, actor_id: UUID | None) -> None:
    """Put one thing into one person's inbox and deliver it live. Called by reactions only.

    Nobody is told of what they did themselves.
    """
    if person_id == actor_id:
        return
    notice = Notice(id=new_id(), person_id=person_id, kind=kind, ref=ref, actor_id=actor_id, at=clock.now())
    session.add(notice)
    session.flush()
    log.append(session, person_id, kind="notice", ref=notice.id, actor_id=actor_id)


def notify_each(session: Session, *, person_ids: Sequence[UUID], kind: str, ref: UUID, actor_id: UUID | None) -> None:
    """Put one thing into many people's inboxes, a few statements for all. Called by reactions only."""
    told = {person_id: new_id() for person_id in person_ids if person_id != actor_id}
    if not told:
        return
    now = clock.now()
    session.execute(
        insert(Notice),
        [
            {"id": notice_id, "person_id": person_id, "kind": kind, "ref": ref, "actor_id": actor_id, "at": now}
            for person_id, notice_id in told.items()
        ],
    )
    log.append_each(session, told, kind="notice", actor_id=actor_id)


def read(session: Session, *, viewer: Viewer, notice_ids: Sequence[UUID] | None = None) -> None:
    """Mark the viewer's own notices as read: those given, or all."""
    mine = update(Notice).where(Notice.person_id == viewer.person_id, Notice.read_at.is_(None))
    if notice_ids is not None:
        mine = mine.where(Notice.id.in_(notice_ids))
    session.execute(mine.values(read_at=clock.now()))


def read_about(session: Session, *, person_id: UUID, refs: Sequence[UUID]) -> None:
    """Mark what somebody has seen elsewhere as read, such as mentions in a room that they have read."""
    session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.ref.in_(refs), Notice.read_at.is_(None))
        .values(read_at=clock.now())
    )


def read_before(session: Session, *, viewer: Viewer, before: datetime) -> None:
    """Mark the viewer's own notices from before an instant as read."""
    session.execute(
        update(Notice)
        .where(Notice.person_id == viewer.person_id, Notice.read_at.is_(None), Notice.at < before)
        .values(read_at=clock.now())
    )
