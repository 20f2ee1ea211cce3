"""What forums store about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from academy.privacy.queries import count_of, rows_of
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
        "threads": rows_of(session, threads),
        "messages": rows_of(session, written),
        "before_edits": rows_of(session, before),
        "reactions": rows_of(session, reactions.order_by(PostReaction.at)),
    }


def reading(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return how far somebody has read which room."""
    mine = select(Space.title.label("room"), Follow.read_no).join(Space, Space.id == Follow.space_id)
    return rows_of(session, mine.where(Follow.person_id == person_id).order_by(Space.title))


def count_posts(person_id: UUID) -> ColumnElement[Any]:
    """Count messages, reactions and where somebody is named, as SQL."""
    return (
        count_of(Post, Post.author_id == person_id)
        + count_of(PostReaction, PostReaction.person_id == person_id)
        + count_of(Mention, Mention.person_id == person_id)
    )


def count_reading(person_id: UUID) -> ColumnElement[Any]:
    """Count the rooms that somebody reads or read."""
    return count_of(Follow, Follow.person_id == person_id)
