"""The secret addresses under which people's calendars are subscribed to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class CalendarFeed(Table):
    """One person's feed. Of the secret in its address only a hash is kept; without a row there is no feed."""

    __tablename__ = "calendar_feeds"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
