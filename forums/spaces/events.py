"""Facts about spaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class SpaceOpened(Event):
    """A group got a place to talk."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "group_id", "kind")
    space_id: UUID
    group_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class SpaceSlowed(Event):
    """From now on a member writes once in so many `seconds` in a space; 0 as often as they like."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "seconds")
    space_id: UUID
    seconds: int


@dataclass(frozen=True, kw_only=True)
class SpaceRead(Event):
    """Somebody's reading position moved to `no`. Kept out of the ledger: it happens with every glance."""

    space_id: UUID
    person_id: UUID
    no: int
