"""Cohorts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class Cohort(Table):
    """A dated run of a track version by a group. Its id is its group's id; the delivery holds the dates.

    `agreements` are the short lines that the cohort has agreed on; `state` is open or closed.
    """

    __tablename__ = "cohorts"

    id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"), unique=True)
    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"), unique=True)
    seats: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20))
    agreements: Mapped[list[Any]]
    created_at: Mapped[datetime]
