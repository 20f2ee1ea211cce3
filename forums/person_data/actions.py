"""Erasing what somebody wrote: messages become tombstones in their place, and every log stays without a gap."""

from __future__ import annotations

import html
import re
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
    mine = session.execute(
        select(Post.id, Post.space_id).where(Post.author_id == person_id, Post.removed_at.is_(None)).order_by(Post.id)
    ).all()
    ids = [row.id for row in mine]
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for rows in (PostEdit, PostReaction, Mention):
            session.execute(delete(rows).where(rows.post_id.in_(some)))
        session.execute(
            update(Post)
            .where(Post.id.in_(some))
            .values(body_md="", body_html="", removed_at=clock.now(), removed_by=person_id)
        )
    for space_id in {row.space_id for row in mine}:
        _recount(session, space_id)
    for row in mine:
        log.append(session, row.space_id, kind="remove", ref=row.id, actor_id=person_id)
    session.execute(update(Space).where(Space.author_id == person_id).values(title=THREAD))
    reacted = session.execute(
        select(Post.id, Post.space_id)
        .join(PostReaction, PostReaction.post_id == Post.id)
        .where(PostReaction.person_id == person_id)
        .distinct()
        .order_by(Post.id)
    ).all()
    session.execute(delete(PostReaction).where(PostReaction.person_id == person_id))
    for row in reacted:
        log.append(session, row.space_id, kind="react", ref=row.id, actor_id=person_id)


def _recount(session: Session, space_id: UUID) -> None:
    """Count a thread's replies anew; an answer without its words answers nothing."""
    wordless = select(Post.no).where(Post.space_id == space_id, Post.removed_at.is_not(None))
    replies = (
        select(func.count())
        .select_from(Post)
        .where(Post.space_id == space_id, Post.no > 1, Post.removed_at.is_(None))
        .scalar_subquery()
    )
    solved = case((Space.solved_no.in_(wordless), None), else_=Space.solved_no)
    counted = update(Space).where(Space.id == space_id).values(replies=replies, solved_no=solved)
    session.execute(counted.execution_options(synchronize_session=False))


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
        log.append(session, row.space_id, kind="edit", ref=row.id, actor_id=None)
    session.execute(delete(Mention).where(Mention.person_id == person_id))


def _called(name: str) -> re.Pattern[str]:
    return re.compile(rf"@{re.escape(name)}(?!\w)")


def erase_reading(_session: Session, _person_id: UUID) -> None:
    """Keep how far they had read: numbers. Leaving their groups has ended their reading."""
