"""Verbs on media."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.media.events import MediaKept
from academy.media.models import Media
from academy.media.queries import Recording, ids_by_digest


def keep(session: Session, *, group_id: UUID, recording: Recording, actor_id: UUID | None) -> UUID:
    """Let an academy have a file that is in the instance folder already; returns its id, the same one each time.

    The caller has checked the right to.
    """
    held = ids_by_digest(session, group_id, [recording.digest]).get(recording.digest)
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
