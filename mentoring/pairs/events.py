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
class PairPaused(Event):
    """A pair rests, as fewer than two of it have an open account; `person_ids` are who is still here."""

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "kind")
    pair_id: UUID
    kind: str
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class PairResumed(Event):
    """A pair that rested goes on; `person_ids` are all who are in it and here."""

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "kind")
    pair_id: UUID
    kind: str
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class PartnerLeft(Event):
    """Somebody left the academy and with it a pair; `person_ids` stay. `ended`: too few are left to go on."""

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "left_id", "ended")
    pair_id: UUID
    left_id: UUID
    person_ids: tuple[UUID, ...]
    ended: bool


@dataclass(frozen=True, kw_only=True)
class PairParted(Event):
    """A pair ended, or one of three left and the others go on (`ended` is False).

    `left` are those who go their own way for good, `person_ids` those who are told. Who did it and why is not part of
    the fact: leads read it, and one of two is not the one who ended it.
    """

    recorded: ClassVar[tuple[str, ...] | None] = ("pair_id", "kind", "cohort_group_id", "ended")
    pair_id: UUID
    kind: str
    cohort_group_id: UUID | None
    match_id: UUID | None
    ended: bool
    left: tuple[UUID, ...]
    person_ids: tuple[UUID, ...]
