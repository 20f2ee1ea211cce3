"""Facts about people files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class FileKept(Event):
    """Somebody sent a people file to look at what it would do; it is forgotten at `expires_at`."""

    file_id: UUID
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class PeopleBroughtIn(Event):
    """A people file was applied: so many people are new, so many changed. What changed stands in events of its own."""

    recorded: ClassVar[tuple[str, ...] | None] = ("added", "changed", "digest")
    added: int
    changed: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class PeopleTakenOut(Event):
    """Somebody wrote everybody's data to a file."""

    recorded: ClassVar[tuple[str, ...] | None] = ("people",)
    people: int
