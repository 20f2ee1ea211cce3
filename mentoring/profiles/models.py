"""What a mentor offers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class MentorProfile(Table):
    """Somebody who mentors in an academy, for at most `capacity` people at a time; 0 pauses."""

    __tablename__ = "mentor_profiles"
    __table_args__ = (CheckConstraint("capacity >= 0", name="capacity"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True, index=True)
    capacity: Mapped[int]
    offers: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime]
