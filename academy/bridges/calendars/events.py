"""Facts about calendar feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class FeedMade(Event):
    """Somebody's calendar got a secret address; an earlier one leads nowhere now."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class FeedRevoked(Event):
    """The secret address of somebody's calendar leads nowhere any more."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID
