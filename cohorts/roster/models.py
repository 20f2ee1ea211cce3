"""Cohorts, their history and who waits for a seat."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class CohortState(StrEnum):
    """Open: people are enrolled, meet and are matched. Closed: they read and talk on as alumni."""

    OPEN = "open"
    CLOSED = "closed"


class Cohort(Table):
    """A dated run of a track version by a group. Its id is its group's id; the delivery holds the dates.

    `agreements` are the short lines that the cohort has agreed on.
    """

    __tablename__ = "cohorts"

    id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"), unique=True)
    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"), unique=True)
    seats: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    agreements: Mapped[list[Any]]
    created_at: Mapped[datetime]


class CohortStep(Table):
    """One step in the life of a cohort, kept for good; who did it is in the ledger."""

    __tablename__ = "cohort_history"

    id: Mapped[key]
    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[str] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))


class Waiting(Table):
    """Somebody who waits for a seat; the lowest `place` of a cohort is next."""

    __tablename__ = "waitlist"
    __table_args__ = (UniqueConstraint("cohort_id", "person_id"), Index(None, "cohort_id", "place"))

    id: Mapped[key]
    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    place: Mapped[int]
    at: Mapped[datetime]
