"""Facts about media."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class FileCame(Event):
    """A file is in the instance folder, and nothing keeps it yet. Whoever keeps it says so by `MediaKept`."""

    digest: str


@dataclass(frozen=True, kw_only=True)
class MediaKept(Event):
    """Somebody brought an academy a file that it did not have."""

    recorded: ClassVar[tuple[str, ...] | None] = ("media_id", "group_id")
    media_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class MediaRemoved(Event):
    """A file that no activity named any more was removed from an academy."""

    recorded: ClassVar[tuple[str, ...] | None] = ("media_id", "group_id")
    media_id: UUID
    group_id: UUID
