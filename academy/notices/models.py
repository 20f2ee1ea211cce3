"""The inbox of notices."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Notice(Table):
    """One thing that one person should know. It holds references; its words are made when it is read.

    `ref` is the row it is about, whose table `kind` tells; `actor_id` is who caused it.
    """

    __tablename__ = "notices"
    __table_args__ = (Index(None, "person_id", "read_at"),)

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(40))
    ref: Mapped[UUID]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
