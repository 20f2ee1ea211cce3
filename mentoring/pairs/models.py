"""People who work together: mentorships and buddy pairs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class PairKind(StrEnum):
    """Why people work together: one learns from the other, or both learn beside each other."""

    MENTORSHIP = "mentorship"
    BUDDY = "buddy"


class Pair(Table):
    """A mentorship or a buddy pair (trios too). Who is in it is its group's membership.

    It hangs under the academy and outlives the cohort that it began in (`cohort_group_id`). It rests since `paused_at`
    while fewer than two of the people in it have an open account.
    """

    __tablename__ = "pairs"

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), unique=True)
    cohort_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("groups.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    match_id: Mapped[UUID | None] = mapped_column(ForeignKey("matches.id"), unique=True)
    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"))
    started_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Parting(Table):
    """That somebody ended a pair, or left a trio, and why if they said so: for admins, in sum, and for nobody else.

    Once something of it is `erased` the row stays, emptied: reasons are told by runs of months, which would be told
    anew without it.
    """

    __tablename__ = "partings"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[key]
    pair_id: Mapped[UUID] = mapped_column(ForeignKey("pairs.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    erased: Mapped[bool] = mapped_column(default=False)
