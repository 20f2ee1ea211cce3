"""A lead's weights, and the pairs that are locked or excluded."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Choice(StrEnum):
    """What was decided about two people: together in any case, or never."""

    LOCKED = "locked"
    EXCLUDED = "excluded"


class MatchingSettings(Table):
    """How pairs of one kind are weighed in a group: `weights` are parts of 100 by the name of a component."""

    __tablename__ = "matching_settings"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    weights: Mapped[dict[str, Any]]
    floor: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    changed_at: Mapped[datetime]


class PairChoice(Table):
    """What was decided about two people in a group, for pairs of one kind.

    Of a mentor's pair `one_id` is the learner; two buddies stand in the order of their ids.
    """

    __tablename__ = "pair_choices"
    __table_args__ = (UniqueConstraint("group_id", "kind", "one_id", "other_id"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    kind: Mapped[str] = mapped_column(String(20))
    one_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    choice: Mapped[str] = mapped_column(String(20))
    by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
