"""Live workshops and who comes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class WorkshopState(StrEnum):
    """What is stored; whether it is full, open or over follows from rows and the clock."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class RsvpState(StrEnum):
    """What somebody answered; invited means not yet."""

    INVITED = "invited"
    GOING = "going"
    MAYBE = "maybe"
    DECLINED = "declined"


class Workshop(Table):
    """One live workshop of a cohort. The wall time and zone are what the lead wrote; `starts_at` follows.

    `uid` is fixed for life, `sequence` rises with every change of time or place (RFC 5545).
    """

    __tablename__ = "workshops"
    __table_args__ = (
        Index(None, "group_id", "starts_at"),
        CheckConstraint("minutes BETWEEN 5 AND 600", name="minutes"),
        CheckConstraint("capacity IS NULL OR capacity > 0", name="capacity"),
    )

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    agenda_md: Mapped[str] = mapped_column(Text, default="")
    agenda_html: Mapped[str] = mapped_column(Text, default="")
    wall_start: Mapped[str] = mapped_column(String(16))
    zone: Mapped[str] = mapped_column(String(60))
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    venue_url: Mapped[str] = mapped_column(String(500), default="")
    capacity: Mapped[int | None]
    facilitator_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    going: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Rsvp(Table):
    """One person's answer. `asked_sequence` is the workshop's sequence that they were last asked about."""

    __tablename__ = "rsvps"

    workshop_id: Mapped[UUID] = mapped_column(ForeignKey("workshops.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(20))
    asked_sequence: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None]
