"""Erasing what somebody wrote: messages become tombstones in their place, and every log stays without a gap."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.people.models import Person
from forums.posts.models import Mention, Post, PostEdit, PostReaction
from forums.spaces.models import Space

NAME = "Somebody who left"
THREAD = "A thread of somebody who left"
AT_ONCE = 500


def erase_posts(session: Session, person_id: UUID) -> None:
    """Take the words of every message away, their reactions back, and their name out of what others wrote to them.

    Each changed message makes an event in its room's log, so that open pages and those who catch up agree.
    """
    name = session.scalars(select(Person.name).where(Person.id == person_id)).one()
    _rename_mentions(session, person_id, name)
    written = (Post.author_id == person_id, Post.removed_at.is_(None))
    mine = session.execute(select(Post.id, Post.space_id).where(*written).order_by(Post.id)).all()
    ids = select(Post.id).where(*written)
    for rows in (PostEdit, PostReaction, Mention):
        session.execute(delete(rows).where(rows.post_id.in_(ids)).execution_options(synchronize_session=False))
    tombstone = {"body_md": "", "body_html": "", "removed_at": clock.now(), "removed_by": person_id}
    session.execute(update(Post).where(*written).values(tombstone).execution_options(synchronize_session=False))
    _recount(session, sorted({row.space_id for row in mine}))
    log.append_all(session, _by_room(mine), kind="remove", actor_id=person_id)
    session.execute(update(Space).where(Space.author_id == person_id).values(title=THREAD))
    reacted = session.execute(
        select(Post.id, Post.space_id)
        .join(PostReaction, PostReaction.post_id == Post.id)
        .where(PostReaction.person_id == person_id)
        .distinct()
        .order_by(Post.id)
    ).all()
    session.execute(delete(PostReaction).where(PostReaction.person_id == person_id))
    log.append_all(session, _by_room(reacted), kind="react", actor_id=person_id)


def _by_room(rows: Iterable[Any]) -> dict[UUID, list[UUID]]:
    """Sort (message, room) by room, whose log is to tell of the messages in this order."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for post_id, space_id in rows:
        found[space_id].append(post_id)
    return found


def _recount(session: Session, space_ids: Sequence[UUID]) -> None:
    """Count the replies of threads anew; an answer without its words answers nothing.

    Messages are numbered without a gap and none loses its row, so that it is enough to count those without words.
    """
    wordless = select(Post.no).where(Post.space_id == Space.id, Post.removed_at.is_not(None)).correlate(Space)
    lost = wordless.where(Post.no > 1).with_only_columns(func.count()).scalar_subquery()
    counted = update(Space).values(
        replies=case((Space.head_no > 1, Space.head_no - 1 - lost), else_=0),
        solved_no=case((Space.solved_no.in_(wordless), None), else_=Space.solved_no),
    )
    for start in range(0, len(space_ids), AT_ONCE):
        some = Space.id.in_(space_ids[start : start + AT_ONCE])
        session.execute(counted.where(some).execution_options(synchronize_session=False))


def _rename_mentions(session: Session, person_id: UUID, name: str) -> None:
    """Name somebody in the words of others as somebody who left, wherever those words refer to them."""
    plain, marked = _called(name), _called(html.escape(name, quote=False))
    named = session.execute(
        select(Post.id, Post.space_id, Post.body_md, Post.body_html)
        .join(Mention, Mention.post_id == Post.id)
        .where(Mention.person_id == person_id, Post.author_id.is_distinct_from(person_id))
        .order_by(Post.id)
    ).all()
    for row in named:
        new = {"body_md": plain.sub(f"@{NAME}", row.body_md), "body_html": marked.sub(f"@{NAME}", row.body_html)}
        session.execute(update(Post).where(Post.id == row.id).values(new))
        for edit in session.scalars(select(PostEdit).where(PostEdit.post_id == row.id)):
            edit.body_md = plain.sub(f"@{NAME}", edit.body_md)
    log.append_all(session, _by_room([(row.id, row.space_id) for row in named]), kind="edit", actor_id=None)
    session.execute(delete(Mention).where(Mention.person_id == person_id))


def _called(name: str) -> re.Pattern[str]:
    return re.compile(rf"@{re.escape(name)}(?!\w)")


def erase_reading(_session: Session, _person_id: UUID) -> None:
    """Keep how far they had read: numbers. Leaving their groups has ended their reading."""
