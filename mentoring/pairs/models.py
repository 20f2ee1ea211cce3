"""People who work together: mentorships and buddy pairs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class PairKind(StrEnum):
    """Why people work together: one learns from the other, or both learn beside each other."""

    MENTORSHIP = "mentorship"
    BUDDY = "buddy"


class Pair(Table):
    """A mentorship or a buddy pair (trios too). Who is in it is its group's membership.

    It hangs under the academy and outlives the cohort that it began in (`cohort_group_id`).
    """

    __tablename__ = "pairs"

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), unique=True)
    cohort_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("groups.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    match_id: Mapped[UUID | None] = mapped_column(ForeignKey("matches.id"), unique=True)
    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
