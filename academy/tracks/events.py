"""Facts about tracks and what people do in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class TrackPublished(Event):
    """A version of a track is there to be given to cohorts of the academy (`group_id`) that it belongs to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "track_version_id")
    group_id: UUID
    track_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class TrackDelivered(Event):
    """A group was given a version of a track."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "track_version_id")
    group_id: UUID
    track_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class TrackUpgraded(Event):
    """A group was moved to another version of its track. `moved` pairs old and new activities of one key."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "track_version_id")
    group_id: UUID
    track_version_id: UUID
    moved: tuple[tuple[UUID, UUID], ...]


@dataclass(frozen=True, kw_only=True)
class ActivityCompleted(Event):
    """Somebody completed an activity."""

    recorded: ClassVar[tuple[str, ...] | None] = ("activity_id",)
    activity_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReflectionKept(Event):
    """Somebody wrote a reflection for themselves; what it says is nowhere but there."""

    recorded: ClassVar[tuple[str, ...] | None] = ("activity_id",)
    activity_id: UUID
