"""Facts about what people aim at, what academies need and what they offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class TargetSet(Event):
    """Somebody aims at an occupation, or at none any more."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "occupation_id")
    person_id: UUID
    occupation_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class NeedSet(Event):
    """An academy needs a skill at a level, or no more (level 0)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "skill_id", "level", "people")
    group_id: UUID
    skill_id: UUID
    level: int
    people: int


@dataclass(frozen=True, kw_only=True)
class OpportunityOpened(Event):
    """An opportunity stands on the board of an academy."""

    recorded: ClassVar[tuple[str, ...] | None] = ("opportunity_id", "group_id")
    opportunity_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class OpportunityChanged(Event):
    """An opportunity was written anew, closed or opened again (`what`)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("opportunity_id", "group_id", "what")
    opportunity_id: UUID
    group_id: UUID
    what: str
