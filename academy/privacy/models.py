"""Who saw what about whom, files that people take along, and erasures that were asked for."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Disclosure(Table):
    """Somebody was shown personal data of somebody else: one row for each day, pair of people and kind (`what`)."""

    __tablename__ = "disclosures"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    viewer_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    what: Mapped[str] = mapped_column(String(40), primary_key=True)


class DataFile(Table):
    """Everything that is stored about one person, put together for them once; `body` is None until it is ready."""

    __tablename__ = "data_files"

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class Erasure(Table):
    """Somebody's data will be erased at `due_at`; the row goes when that is taken back, and stays once it is done."""

    __tablename__ = "erasures"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
