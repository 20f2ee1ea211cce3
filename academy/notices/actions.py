"""Verbs on notices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
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
