"""Facts about posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PostSent(Event):
    """Somebody posted.

    `mentioned` are the people named, `answered_id` the author of the post replied to, `starter_id` who began the
    thread, where it is one.
    """

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "post_id", "no")
    space_id: UUID
    post_id: UUID
    no: int
    mentioned: tuple[UUID, ...] = ()
    answered_id: UUID | None = None
    starter_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class PostEdited(Event):
    """Somebody changed their post. `mentioned` are the people named now who were not named before."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "post_id")
    space_id: UUID
    post_id: UUID
    mentioned: tuple[UUID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PostRemoved(Event):
    """A post lost its words. `told` are the people whose inbox had pointed to it."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "post_id")
    space_id: UUID
    post_id: UUID
    told: tuple[UUID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PostReacted(Event):
    """Somebody set a reaction, or took it back."""

    recorded: ClassVar[tuple[str, ...] | None] = ("space_id", "post_id")
    space_id: UUID
    post_id: UUID
