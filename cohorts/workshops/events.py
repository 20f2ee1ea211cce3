"""Facts about workshops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class WorkshopScheduled(Event):
    """A workshop was set for a time."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "group_id", "starts_at")
    workshop_id: UUID
    group_id: UUID
    sequence: int
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class WorkshopMoved(Event):
    """A workshop's time or place changed. `retimed` says that everybody was asked again."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "group_id", "sequence", "starts_at", "retimed")
    workshop_id: UUID
    group_id: UUID
    sequence: int
    starts_at: datetime
    retimed: bool


@dataclass(frozen=True, kw_only=True)
class WorkshopEdited(Event):
    """A workshop was changed, but not its time or place. `fields` names what, never what to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "group_id", "fields")
    workshop_id: UUID
    group_id: UUID
    sequence: int
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WorkshopCancelled(Event):
    """A workshop will not happen."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "group_id", "sequence")
    workshop_id: UUID
    group_id: UUID
    sequence: int


@dataclass(frozen=True, kw_only=True)
class RsvpAnswered(Event):
    """Somebody said whether they come."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "person_id", "state")
    workshop_id: UUID
    person_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True)
class PersonInvited(Event):
    """Somebody was invited to a workshop that had been set before they came."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "person_id")
    workshop_id: UUID
    person_id: UUID
    sequence: int


@dataclass(frozen=True, kw_only=True)
class PersonUninvited(Event):
    """Somebody left before a workshop that they had been invited to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "person_id")
    workshop_id: UUID
    person_id: UUID
    sequence: int


@dataclass(frozen=True, kw_only=True)
class WorkshopDrewNear(Event):
    """A workshop begins within the hour."""

    recorded: ClassVar[tuple[str, ...] | None] = ("workshop_id", "sequence")
    workshop_id: UUID
    sequence: int
