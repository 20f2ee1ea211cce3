"""The append-only ledger: who did what, in ids, never in text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock, telemetry
from academy.kernel.db import Table, ask, keep, key
from academy.kernel.events import Event
from academy.kernel.ids import new_id


class Entry(Table):
    """One thing that happened. Triggers in the database refuse to change or remove it."""

    __tablename__ = "ledger"
    __table_args__ = (Index(None, "kind", "at"), Index(None, "kind", "id"), Index(None, "actor_id", "id"))

    id: Mapped[key]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    request_id: Mapped[str | None] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]


class Subject(Table):
    """A person or group that an entry is about, so that entries are found by them. It only grows too.

    Neither column is a foreign key: a subject may be a person or a group, and no entry is ever removed.
    """

    __tablename__ = "ledger_subjects"

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)


_RECORD = keep(insert(Table.metadata.tables["ledger"]))
_FIND = keep(insert(Table.metadata.tables["ledger_subjects"]))
_NAMES = re.compile(r"(?:^|_)(?:person|learner|manager|group|cohort|academy)_ids?$")
"""Fields whose ids are people or groups, by their names."""


def record(session: Session, events: Sequence[Event]) -> None:
    """Write the fields that events declare; called for every event of a unit of work. Two statements for all."""
    rows, subjects = [], []
    for event in events:
        facts = {name: _plain(getattr(event, name)) for name in event.recorded or ()}
        row = {
            "id": new_id(),
            "at": clock.now(),
            "kind": type(event).__name__,
            "actor_id": event.actor_id,
            "request_id": telemetry.request_id(),
            "facts": facts,
        }
        rows.append(row)
        subjects += [{"subject_id": found, "entry_id": row["id"]} for found in subjects_of(facts)]
    ask(session, _RECORD, rows)
    if subjects:
        ask(session, _FIND, subjects)


def subjects_of(facts: Mapping[str, Any]) -> list[UUID]:
    """Return the people and groups that the facts of an entry name, each once."""
    named = [value for name, value in facts.items() if value and _NAMES.search(name)]
    return sorted({UUID(one) for value in named for one in ([value] if isinstance(value, str) else value)})


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
