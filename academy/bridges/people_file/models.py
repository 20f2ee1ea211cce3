"""People files that wait for their sender to confirm them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class PeopleFile(Table):
    """A file as one admin sent it, kept from its preview until it is confirmed, an hour at most."""

    __tablename__ = "people_files"

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
