"""The append-only ledger: who did what, in ids, never in text."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock, telemetry
from academy.kernel.db import Table, key
from academy.kernel.events import Event
from academy.kernel.ids import new_id


class Entry(Table):
    """One thing that happened. Triggers in the database refuse to change or remove it."""

    __tablename__ = "ledger"
    __table_args__ = (Index(None, "kind", "at"),)

    id: Mapped[key]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    request_id: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]


_RECORD = insert(Table.metadata.tables["ledger"])


def record(session: Session, event: Event) -> None:
    """Write the fields that an event declares; called for every event of a unit of work."""
    facts = {name: _plain(getattr(event, name)) for name in event.recorded or ()}
    session.execute(
        _RECORD,
        {
            "id": new_id(),
            "at": clock.now(),
            "kind": type(event).__name__,
            "actor_id": event.actor_id,
            "request_id": telemetry.request_id(),
            "facts": facts,
        },
    )


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
