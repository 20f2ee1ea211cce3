"""What forums store about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from forums.posts.models import Mention, Post, PostEdit, PostReaction
from forums.spaces.models import Follow, Space


def posts(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody wrote, where, and what it said before; and their reactions."""
    written = (
        select(Space.title.label("room"), Post.body_md.label("text"), Post.at, Post.edited_at, Post.removed_at)
        .join(Space, Space.id == Post.space_id)
        .where(Post.author_id == person_id)
        .order_by(Post.at)
    )
    before = (
        select(PostEdit.body_md.label("text"), PostEdit.at)
        .join(Post, Post.id == PostEdit.post_id)
        .where(Post.author_id == person_id)
        .order_by(PostEdit.at)
    )
    threads = select(Space.title, Space.last_at).where(Space.author_id == person_id).order_by(Space.title)
    reactions = select(PostReaction.emoji, PostReaction.at).where(PostReaction.person_id == person_id)
    return {
        "threads": _rows(session, threads),
        "messages": _rows(session, written),
        "before_edits": _rows(session, before),
        "reactions": _rows(session, reactions.order_by(PostReaction.at)),
    }


def reading(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return how far somebody has read which room."""
    mine = select(Space.title.label("room"), Follow.read_no).join(Space, Space.id == Follow.space_id)
    return _rows(session, mine.where(Follow.person_id == person_id).order_by(Space.title))


def _rows(session: Session, statement: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.execute(statement)]  # noqa: SLF001 - SQLAlchemy's public name


def count_posts(person_id: UUID) -> ColumnElement[Any]:
    """Count messages, reactions and where somebody is named, as SQL."""
    return (
        select(func.count()).select_from(Post).where(Post.author_id == person_id).scalar_subquery()
        + select(func.count()).select_from(PostReaction).where(PostReaction.person_id == person_id).scalar_subquery()
        + select(func.count()).select_from(Mention).where(Mention.person_id == person_id).scalar_subquery()
    )


def count_reading(person_id: UUID) -> ColumnElement[Any]:
    """Count the rooms that somebody reads or read."""
    return select(func.count()).select_from(Follow).where(Follow.person_id == person_id).scalar_subquery()
