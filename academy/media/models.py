"""Media: a file that an academy keeps for its tracks. The bytes are in the instance folder, named by their hash."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Media(Table):
    """A file of an academy. It never changes: other content is another row. Who brought it is in the ledger.

    `unnamed_at` is when it was first found that no activity and no draft names it; it is kept for a while after.
    """

    __tablename__ = "media"
    __table_args__ = (UniqueConstraint("group_id", "digest"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"))
    digest: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    unnamed_at: Mapped[datetime | None]
