"""Facts about people who work together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PairOpened(Event):
    """A mentorship or a buddy pair began; `person_ids` are all who are in it."""

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "kind", "group_id", "match_id")
    pair_id: UUID
    kind: str
    group_id: UUID
    match_id: UUID | None
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class PartnerLeft(Event):
    """Somebody left the academy and with it a pair; `person_ids` stay. `ended`: too few are left to go on."""

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "left_id", "ended")
    pair_id: UUID
    left_id: UUID
    person_ids: tuple[UUID, ...]
    ended: bool
