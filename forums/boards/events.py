"""Facts about boards and their threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class BoardOpened(Event):
    """A group got a board."""

    recorded: ClassVar[tuple[str, ...] | None] = ("board_id", "group_id")
    board_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class BoardChanged(Event):
    """A board was renamed, closed or opened again. `what` says which, never what to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("board_id", "what")
    board_id: UUID
    what: str


@dataclass(frozen=True, kw_only=True)
class ThreadStarted(Event):
    """Somebody began a thread on a board."""

    recorded: ClassVar[tuple[str, ...] | None] = ("board_id", "space_id")
    board_id: UUID
    space_id: UUID


@dataclass(frozen=True, kw_only=True)
class ThreadMarked(Event):
    """A thread was pinned, locked or solved, or that was taken back (`on`)."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "what", "on")
    space_id: UUID
    what: str
    on: bool


@dataclass(frozen=True, kw_only=True)
class ThreadSolved(Event):
    """A post was marked as what solved its thread. `author_id` wrote it."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "post_id")
    space_id: UUID
    post_id: UUID
    author_id: UUID | None
