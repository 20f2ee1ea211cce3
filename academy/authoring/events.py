"""Facts about drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class DraftOpened(Event):
    """Somebody began to write a track, or the next version of one."""

    recorded: ClassVar[tuple[str, ...] | None] = ("draft_id", "group_id")
    draft_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class DraftChanged(Event):
    """A draft or a part of it was changed. `part_id` is what was changed, `what` how."""

    recorded: ClassVar[tuple[str, ...] | None] = ("draft_id", "part_id", "what")
    draft_id: UUID
    part_id: UUID
    what: str


@dataclass(frozen=True, kw_only=True)
class DraftClosed(Event):
    """A draft is gone: published as a version, or thrown away (then `track_version_id` is None)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("draft_id", "group_id", "track_version_id")
    draft_id: UUID
    group_id: UUID
    track_version_id: UUID | None
