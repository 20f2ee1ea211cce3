"""Facts about people's skills and goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class SkillSet(Event):
    """Somebody's skill was stated from one side (`source`), or taken back (level 0)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "skill_id", "level", "source")
    person_id: UUID
    skill_id: UUID
    level: int
    source: str


@dataclass(frozen=True, kw_only=True)
class GoalSet(Event):
    """Somebody's goal was stated, or taken back (level 0)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "skill_id", "level")
    person_id: UUID
    skill_id: UUID
    level: int
