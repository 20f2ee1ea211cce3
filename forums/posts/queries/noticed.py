"""Questions about notices of posts: which wait, and what an inbox says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.people.models import Person
from forums.posts.engine import excerpt
from forums.posts.models import Mention, Post
from forums.posts.queries.posts import EXCERPT_HTML
from forums.spaces.models import Space
from forums.spaces.policy import visible_spaces

NOTICES = ("mention", "reply", "answer", "solved")


def waiting(session: Session, *, person_id: UUID, space_id: UUID, kind: str) -> bool:
    """Say whether somebody's inbox has an unread notice of this kind about a space already."""
    found = session.scalar(
        select(Notice.id)
        .join(Post, Post.id == Notice.ref)
        .where(Notice.person_id == person_id, Notice.read_at.is_(None), Notice.kind == kind, Post.space_id == space_id)
        .limit(1)
    )
    return found is not None


def unread_notices(session: Session, *, person_id: UUID, space_id: UUID, no: int) -> list[UUID]:
    """Return the posts up to a number that wait in somebody's inbox as a mention or a reply."""
    found = session.scalars(
        select(Notice.ref)
        .join(Post, Post.id == Notice.ref)
        .where(
            Notice.person_id == person_id,
            Notice.read_at.is_(None),
            Notice.kind.in_(NOTICES),
            Post.space_id == space_id,
            Post.no <= no,
        )
    )
    return list(found)


@dataclass(frozen=True)
class Noticed:
    """A post as the inbox tells of it: who wrote it, in which space, its first words."""

    post_id: UUID
    space_id: UUID
    no: int
    title: str
    author: str
    excerpt: str


def noticed(session: Session, viewer: Viewer, post_ids: Sequence[UUID]) -> dict[UUID, Noticed]:
    """Return those of the posts that are still there and the viewer's to read."""
    rows = session.execute(
        select(
            Post.id,
            Post.space_id,
            Post.no,
            Space.title,
            Person.name,
            func.substr(Post.body_html, 1, EXCERPT_HTML).label("html"),
        )
        .join(Space, Space.id == Post.space_id)
        .outerjoin(Person, Person.id == Post.author_id)
        .where(Post.id.in_(post_ids), Post.removed_at.is_(None), visible_spaces(viewer))
    )
    return {r.id: Noticed(r.id, r.space_id, r.no, r.title, r.name or "", excerpt(r.html)) for r in rows}


def told_about(session: Session, post_id: UUID) -> tuple[UUID, ...]:
    """Return everybody whose inbox may point to a post: whom it names and whom it answers."""
    quoted = aliased(Post)
    named = select(type_coerce(Mention.person_id, Uuid)).where(Mention.post_id == post_id)
    answered = select(quoted.author_id).join(Post, Post.reply_to == quoted.id).where(Post.id == post_id)
    return tuple(sorted({p for p in session.scalars(named.union(answered)) if p is not None}))
