"""People files that wait for their sender to confirm them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key

PEOPLE, FRAMEWORK = "people", "framework"


class PeopleFile(Table):
    """A file as one admin sent it, kept from its preview until it is confirmed, an hour at most.

    `purpose` is what it is about: people, or a framework of skills.
    """

    __tablename__ = "people_files"

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20), default=PEOPLE)
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
    expires_at: Mapped[datetime]
