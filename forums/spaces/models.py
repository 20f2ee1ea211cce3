"""Spaces and who follows them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class Space(Table):
    """A readable sequence of posts; its id is its log's id. `kind` is room, thread or pair."""

    __tablename__ = "spaces"

    id: Mapped[UUID] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(160))
    head_no: Mapped[int] = mapped_column(default=0)


class Follow(Table):
    """One person's reading of a space: the span they may read and how far they have read.

    `cursor_rev` rises with every explicit setting, so that a late message of another tab changes nothing.
    """

    __tablename__ = "follows"

    space_id: Mapped[UUID] = mapped_column(ForeignKey("spaces.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    from_seq: Mapped[int] = mapped_column(default=0)
    until_seq: Mapped[int | None]
    read_no: Mapped[int] = mapped_column(default=0)
    cursor_rev: Mapped[int] = mapped_column(default=0)
