"""Facts about what mentors offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class MentoringOffered(Event):
    """Somebody said for how many people at a time they are a mentor in an academy; 0 pauses."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "group_id", "capacity")
    person_id: UUID
    group_id: UUID
    capacity: int
