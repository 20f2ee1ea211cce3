"""Verbs on media."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import CompoundSelect, Executable, delete, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.media.events import FileCame, MediaKept, MediaRemoved
from academy.media.models import Media
from academy.media.queries import Recording

T = TypeVar("T", bound=Executable)
GRACE = timedelta(days=7)
"""How long a file is kept that nothing names any more: an author may change their mind."""


def take(session: Session, *, digest: str, actor_id: UUID) -> None:
    """Say that a file has come, before anything keeps it: what is refused after this is removed in the end."""
    emit(session, FileCame(actor_id=actor_id, digest=digest))


def hold(session: Session, *, group_id: UUID, digests: Collection[str]) -> dict[str, UUID]:
    """Return which of these files an academy has, by their hash, to be named now. One statement, or none.

    Their rows are written, not read: whoever removes what nothing names waits until they are named, or has removed
    them already, and then they are not returned.
    """
    if not digests:
        return {}
    held = (
        update(Media)
        .where(Media.group_id == group_id, Media.digest.in_(sorted(digests)))
        .values(unnamed_at=None)
        .returning(Media.digest, Media.id)
    )
    return {row.digest: row.id for row in session.execute(_quietly(held))}


def keep(session: Session, *, group_id: UUID, recording: Recording, actor_id: UUID | None) -> UUID:
    """Let an academy have a file that is in the instance folder already; returns its id, the same one each time.

    The caller has checked the right to.
    """
    held = hold(session, group_id=group_id, digests=[recording.digest]).get(recording.digest)
    if held is not None:
        return held
    row = Media(
        id=new_id(),
        group_id=group_id,
        digest=recording.digest,
        type=recording.type,
        bytes=recording.bytes,
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    emit(session, MediaKept(actor_id=actor_id, media_id=row.id, group_id=group_id))
    return row.id


def remove_unnamed(session: Session, *, named: CompoundSelect[Any]) -> list[str]:
    """Remove the files that nothing has named for a week, and return their digests; another academy may have them.

    `named` selects the files that something names. What has come to be unnamed is marked with the time.
    """
    now = clock.now()
    still = Media.id.in_(named)
    session.execute(_quietly(update(Media).where(Media.unnamed_at.is_not(None), still).values(unnamed_at=None)))
    session.execute(_quietly(update(Media).where(Media.unnamed_at.is_(None), ~still).values(unnamed_at=now)))
    gone = session.execute(
        delete(Media)
        .where(Media.unnamed_at <= now - GRACE, ~still)
        .returning(Media.id, Media.group_id, Media.digest)
        .execution_options(synchronize_session=False)
    ).all()
    for row in gone:
        emit(session, MediaRemoved(actor_id=None, media_id=row.id, group_id=row.group_id))
    return [row.digest for row in gone]


def _quietly(change: T) -> T:
    return change.execution_options(synchronize_session=False)
