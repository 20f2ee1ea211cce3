"""Questions about posts: a page of a room, and one post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Missing
from academy.kernel.db import ask, keep
from academy.kernel.expressions import each_of
from academy.kernel.viewer import Viewer, hue, initials
from academy.people.models import Person
from forums.posts.engine import REACTIONS, Draft, compose, excerpt
from forums.posts.models import Post, PostReaction
from forums.spaces.models import Space
from forums.spaces.policy import leading_role
from forums.spaces.queries.views import SpaceView, nameable_in, space_for

PAGE = 50
EXCERPT_HTML = 900  # characters of a quoted post's HTML that are read for its first words


class Author(NamedTuple):
    """Whose post it is: what is shown beside the words. `role` is lead, facilitator, mentor or empty."""

    id: UUID
    name: str
    role: str

    @property
    def initials(self) -> str:
        """Return the letters of the avatar."""
        return initials(self.name)

    @property
    def hue(self) -> int:
        """Return the hue of the avatar."""
        return hue(self.id)


class Quoted(NamedTuple):
    """The post that a post replies to: its first words, empty once it is removed."""

    id: UUID
    no: int
    author: str
    excerpt: str
    removed: bool


class Shown(NamedTuple):
    """A post as everybody in the space sees it. `reactions` maps each emoji to who set it, oldest first."""

    id: UUID
    no: int
    author: Author | None
    html: str
    reply_to: Quoted | None
    at: datetime
    edited: bool
    removed: bool
    by_author: bool
    reactions: Mapping[str, tuple[UUID, ...]]


@dataclass(frozen=True)
class Source:
    """A post for whoever may change it: `body_md` as typed, and the space as the viewer sees it."""

    id: UUID
    no: int
    author_id: UUID | None
    author: str
    body_md: str
    body_html: str
    removed: bool
    space: SpaceView


def _shown(role: Any) -> Select[*tuple[Any, ...]]:
    """Select posts with all that is shown of them, as `_read` takes it, in one statement for any number of posts."""
    quoted, quoted_author = aliased(Post), aliased(Person)
    reactions = (
        select(func.aggregate_strings(PostReaction.emoji + literal("=") + cast(PostReaction.person_id, String), ","))
        .where(PostReaction.post_id == Post.id)
        .correlate(Post)
        .scalar_subquery()
    )
    return (
        select(
            Post.id,
            Post.no,
            Post.author_id,
            Person.name.label("author"),
            role.label("role"),
            Post.body_html,
            Post.at,
            Post.edited_at,
            Post.removed_at,
            Post.removed_by,
            type_coerce(reactions, String).label("reactions"),
            quoted.id.label("quoted_id"),
            quoted.no.label("quoted_no"),
            func.substr(quoted.body_html, 1, EXCERPT_HTML).label("quoted_html"),
            quoted.removed_at.label("quoted_removed"),
            quoted_author.name.label("quoted_author"),
        )
        .join(Space, Space.id == Post.space_id)
        .outerjoin(Person, Person.id == Post.author_id)
        .outerjoin(quoted, quoted.id == Post.reply_to)
        .outerjoin(quoted_author, quoted_author.id == quoted.author_id)
    )


_SHOWN = keep(_shown(leading_role(Post.author_id, Space.group_id)).where(Post.id.in_(each_of("posts"))))


def _read(row: Row[Any]) -> Shown:
    # Taken apart at once: to look for each by its name takes longer than all the rest.
    post_id, no, author_id, author, role, html, at, edited, removed, removed_by, reactions, *quote = tuple[Any, ...](
        row
    )
    quoted = None
    if quote[0] is not None:
        quoted_id, quoted_no, quoted_html, gone, quoted_author = quote
        words = "" if gone else excerpt(quoted_html)
        quoted = Quoted(quoted_id, quoted_no, quoted_author or "", words, gone is not None)
    return Shown(
        id=post_id,
        no=no,
        author=Author(author_id, author, role or "") if author_id else None,
        html=html,
        reply_to=quoted,
        at=at,
        edited=edited is not None and removed is None,
        removed=removed is not None,
        by_author=removed_by is not None and removed_by == author_id,
        reactions=_reactions(reactions) if reactions else {},
    )


def _reactions(text: str) -> dict[str, tuple[UUID, ...]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for pair in text.split(","):
        emoji, _, person = pair.partition("=")
        found[emoji].append(UUID(person))
    return {emoji: tuple(sorted(found[emoji])) for emoji in REACTIONS if emoji in found}


_WITHIN = and_(Post.no > bindparam("above"), Post.no <= bindparam("upto"))


def _span(*chosen: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select posts of one space in their order; what somebody leads there is asked once for all their posts."""
    chosen = (Post.space_id == bindparam("space"), or_(*chosen))
    writers = select(Post.author_id, Space.group_id).join(Space, Space.id == Post.space_id).where(*chosen).distinct()
    writer = writers.subquery()
    role = leading_role(writer.c.author_id, writer.c.group_id).label("role")
    led = select(writer.c.author_id, role).group_by(writer.c.author_id, writer.c.group_id).cte("led")
    # PostgreSQL takes a page for one post, and would find all roles anew for each of its posts.
    led = led.prefix_with("MATERIALIZED", dialect="postgresql")
    return _shown(led.c.role).outerjoin(led, led.c.author_id == Post.author_id).where(*chosen).order_by(Post.no)


_SPAN = keep(_span(_WITHIN))
_SPAN_ALSO = keep(_span(_WITHIN, Post.id == bindparam("also")))


def posts_in(
    session: Session,
    space: SpaceView,
    *,
    before: int | None = None,
    around: int | None = None,
    also: UUID | None = None,
    limit: int = PAGE,
) -> tuple[list[Shown], Shown | None]:
    """Return a page of a space's posts, oldest first, and the post `also` of the same space, if it is there.

    The newest `limit` posts, or those before the number `before`, or those up to some after the number
    `around`. The space is one that `space_for` returned. One statement; numbers have no gaps, so a page is
    a range of them.
    """
    last = space.head_no if before is None else min(before - 1, space.head_no)
    if around is not None:
        last = min(space.head_no, max(around + limit // 2, limit))
    open_end = before is None and around is None  # and what has come since the space was read
    above, upto = last - limit, 2**31 - 1 if open_end else last
    asked = {"space": space.id, "above": above, "upto": upto}
    rows = ask(session, *((_SPAN, asked) if also is None else (_SPAN_ALSO, {**asked, "also": also}))).all()
    shown = [_read(row) for row in rows]
    inside = [p for p in shown if above < p.no <= upto]
    return inside, next((p for p in shown if p.id == also), None)


def shown_of(session: Session, post_ids: Collection[UUID]) -> list[Shown]:
    """Return posts as everybody sees them, in no order. The caller has checked the right to; none asks nothing."""
    rows = ask(session, _SHOWN, {"posts": list(post_ids)}) if post_ids else ()
    return [_read(row) for row in rows]


def shown(session: Session, post_id: UUID) -> Shown:
    """Return a post as everybody sees it. The caller has found it with `post_for`."""
    return shown_of(session, [post_id])[0]


def post_for(session: Session, viewer: Viewer, post_id: UUID, *, lock: bool = False) -> Source:
    """Find a post in a space that the viewer may read; raises `Missing`. With `lock`, as `space_for`."""
    space_id = session.scalar(select(Post.space_id).where(Post.id == post_id))
    if space_id is None:
        raise Missing
    space = space_for(session, viewer, space_id, lock=lock)
    row = session.execute(
        select(Post.no, Post.author_id, Person.name, Post.body_md, Post.body_html, Post.removed_at)
        .outerjoin(Person, Person.id == Post.author_id)
        .where(Post.id == post_id)
    ).one()
    removed = row.removed_at is not None
    return Source(post_id, row.no, row.author_id, row.name or "", row.body_md, row.body_html, removed, space)


def nameable(session: Session, viewer: Viewer, space_id: UUID, body: str) -> list[tuple[UUID, str]]:
    """Return (person, display name) of whom a post in this space may name; raises `Missing`.

    Asks, and so looks whether the viewer may read the space, only if the body has an @: who writes is checked later.
    """
    return nameable_in(session, space_for(session, viewer, space_id), body) if "@" in body else []


def draft_for(session: Session, viewer: Viewer, space_id: UUID, body: str) -> Draft:
    """Compose a post here and now, as demo data does; entry points compose off the hub."""
    return compose(body, nameable(session, viewer, space_id, body))
