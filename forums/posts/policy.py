"""Who may post, change and remove; how many sends are too many."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from academy.kernel.access import Closed, RateLimited, Refused, SlowMode
from academy.kernel.limits import Limits
from academy.kernel.viewer import Viewer
from forums.spaces.queries.views import SpaceView

AT_ALL = "300 per 10 second"
"""Sends of everybody to one space. Nobody reads thirty messages a second; a hall of a thousand writes fewer."""

RATE = "40 per 10 second"
"""Sends of one person to one space. A lively writer stays below 30; a flood does not."""


def spend(limits: Limits, viewer: Viewer, space_id: UUID) -> None:
    """Count one send of a person, and look whether the space has room for it; raises `RateLimited`."""
    detail = "That was a lot in a few seconds. What you wrote is kept; it can be sent in a moment."
    limits.hit(RATE, "send", str(viewer.person_id), str(space_id), detail=detail)
    detail = "Very many write here just now. What you wrote is kept; it can be sent in a moment."
    limits.check(AT_ALL, "sends", str(space_id), detail=detail)


def count(limits: Limits, space_id: UUID) -> None:
    """Count for a space what was stored there: who may not write there can't use up what others may."""
    with suppress(RateLimited):
        limits.hit(AT_ALL, "sends", str(space_id))


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


def require_turn(space: SpaceView, last: datetime | None, now: datetime) -> None:
    """Refuse who wrote a moment ago where slow mode is on; who looks after the space may always write."""
    if not space.slow or space.may_moderate or last is None:
        return
    wait = min(space.slow, math.ceil(space.slow - (now - last).total_seconds()))
    if wait > 0:
        detail = (
            f"Slow mode is on here: everybody writes one message in {span_words(space.slow)}. "
            f"What you wrote is kept; it can be sent in {span_words(wait)}."
        )
        raise SlowMode(detail, retry_after=wait)


def span_words(seconds: int) -> str:
    """Write a span: seconds up to a minute and a half, then minutes begun."""
    minutes = math.ceil(seconds / 60)
    if seconds == 60 or seconds > 90:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return "a second" if seconds == 1 else f"{seconds} seconds"


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
