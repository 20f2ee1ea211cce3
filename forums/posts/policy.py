"""Who may post, change and remove; how many sends are too many."""

from __future__ import annotations

from uuid import UUID

from academy.kernel.access import Closed, Refused
from academy.kernel.limits import Limits
from academy.kernel.viewer import Viewer
from forums.spaces.queries.views import SpaceView

RATE = "40 per 10 second"
"""Sends of one person to one space. A lively writer stays below 30; a flood does not."""


def spend(limits: Limits, viewer: Viewer, space_id: UUID) -> None:
    """Count one send; raises `RateLimited`."""
    detail = "That was a lot in a few seconds. What you wrote is kept; it can be sent in a moment."
    limits.hit(RATE, "send", str(viewer.person_id), str(space_id), detail=detail)


def require_post(space: SpaceView) -> None:
    """Refuse a reader who may not post, and anybody in a thread that is locked."""
    if space.board_closed:
        detail = "This board is closed: its threads can be read, and nothing is added. What you wrote is kept; copy it."
        raise Closed(detail)
    if space.locked and not space.is_thread:
        detail = "This room is read-only now: it can be read, and nothing is added. What you wrote is kept; copy it."
        raise Closed(detail)
    if space.locked:
        detail = "This thread is locked: it can be read, and nothing is added. What you wrote is kept; copy it."
        raise Closed(detail)
    if not space.may_post:
        detail = "You can read here but not post. What you wrote is kept; your program lead can help."
        raise Refused(detail)


def may_solve(viewer: Viewer, thread: SpaceView) -> bool:
    """Say whether the viewer may mark what answers a thread: who began it, and who looks after the board."""
    return thread.is_thread and (thread.may_moderate or thread.author_id == viewer.person_id)


def may_edit(viewer: Viewer, author_id: UUID | None, space: SpaceView) -> bool:
    """Say whether the viewer may change the words of a post: their own, while they may post."""
    return space.may_post and author_id is not None and author_id == viewer.person_id


def require_edit(viewer: Viewer, author_id: UUID | None, space: SpaceView) -> None:
    """Refuse to change another's words, and one's own where nothing is changed any more; each says which it is."""
    if author_id is None or author_id != viewer.person_id:
        detail = "Only who wrote a message can change it. Nothing was changed."
        raise Refused(detail)
    require_post(space)


def may_remove(viewer: Viewer, author_id: UUID | None, space: SpaceView) -> bool:
    """Say whether the viewer may remove a post: their own, or anybody's where they moderate."""
    return space.may_moderate or (author_id is not None and author_id == viewer.person_id)
