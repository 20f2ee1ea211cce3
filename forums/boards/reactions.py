"""Consequences on boards: whose answer solved a thread is told, once."""

from __future__ import annotations

from sqlalchemy.orm import Session

from academy.kernel.events import within
from academy.notices.actions import notify
from forums.boards.events import ThreadSolved
from forums.posts.queries.noticed import NOTICES

SOLVED = NOTICES[-1]


def tell_solver(session: Session, event: ThreadSolved) -> None:
    """Tell somebody that what they wrote has helped."""
    if event.author_id is not None:
        notify(session, person_id=event.author_id, kind=SOLVED, ref=event.post_id, actor_id=event.actor_id)


REACTIONS = [within(ThreadSolved, tell_solver)]
