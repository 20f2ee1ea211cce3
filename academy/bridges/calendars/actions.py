"""Verbs on calendar feeds."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from academy.bridges.calendars.events import FeedMade, FeedRevoked
from academy.bridges.calendars.models import CalendarFeed
from academy.kernel import clock
from academy.kernel.events import emit
from academy.people.engine import token_hash


def make_feed(session: Session, *, person_id: UUID, token: str) -> None:
    """Give somebody's calendar a secret address, in place of the one before. The caller shows it once."""
    session.merge(CalendarFeed(person_id=person_id, token_hash=token_hash(token), made_at=clock.now()))
    session.flush()
    emit(session, FeedMade(actor_id=person_id, person_id=person_id))


def revoke_feed(session: Session, *, person_id: UUID, actor_id: UUID | None = None) -> None:
    """Let the address lead nowhere any more; doing it twice is doing it once."""
    gone = session.scalar(
        delete(CalendarFeed).where(CalendarFeed.person_id == person_id).returning(CalendarFeed.person_id)
    )
    if gone is not None:
        emit(session, FeedRevoked(actor_id=actor_id or person_id, person_id=person_id))
