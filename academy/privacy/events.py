"""Facts about personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class DataAsked(Event):
    """Somebody asked for a file of everything that is stored about them."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID
    file_id: UUID


@dataclass(frozen=True, kw_only=True)
class DataTaken(Event):
    """Somebody downloaded that file."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class ErasureAsked(Event):
    """Somebody's data is to be erased at `due_at`, as they or an admin asked."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "due_at")
    person_id: UUID
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class ErasureTakenBack(Event):
    """It stays."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """What was stored about somebody is gone; their id stays, as that of somebody who left."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID
