"""Facts about what leads decide of matching. Whom it is about is kept, and told to nobody who may not propose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event

_PAIR = ("group_id", "kind", "one_id", "other_id")


@dataclass(frozen=True, kw_only=True)
class MatchingWeighed(Event):
    """A lead said how much each component counts, and whether the worst-off person comes first."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "kind", "weights", "floor")
    group_id: UUID
    kind: str
    weights: dict[str, int]
    floor: bool


@dataclass(frozen=True, kw_only=True)
class PairEvent(Event):
    """Something that was decided about two people of a group."""

    recorded: ClassVar[tuple[str, ...] | None] = _PAIR
    group_id: UUID
    kind: str
    one_id: UUID
    other_id: UUID


@dataclass(frozen=True, kw_only=True)
class PairLocked(PairEvent):
    """Two people are to be together in every proposal from now on."""


@dataclass(frozen=True, kw_only=True)
class PairUnlocked(PairEvent):
    """Two people are proposed to each other only if nothing is better."""


@dataclass(frozen=True, kw_only=True)
class PairExcluded(PairEvent):
    """Two people are not proposed to each other any more."""


@dataclass(frozen=True, kw_only=True)
class PairAllowed(PairEvent):
    """Two people may be proposed to each other again."""
