"""Questions about posts: a page of a room, one post, and how log events load."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    Uuid,
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

from academy.kernel import log
from academy.kernel.access import Missing
from academy.kernel.db import ask, keep
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer, hue, initials
from academy.notices.models import Notice
from academy.people.models import Person
from academy.people.queries import Face
from forums.posts.engine import REACTIONS, Draft, compose, excerpt
from forums.posts.models import Mention, Post, PostReaction
from forums.spaces.models import Follow, Space
from forums.spaces.policy import leading_role, visible_spaces
from forums.spaces.queries.views import SpaceView, nameable_in, space_for

PAGE = 50
EXCERPT_HTML = 900  # characters of a quoted post's HTML that are read for its first words
NOTICES = ("mention", "reply", "answer", "solved")
STATES = ("pin", "lock", "solve")
"""Events of a thread that show how it stands now; their reference is the thread itself."""


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


_SHOWN = _shown(leading_role(Post.author_id, Space.group_id))


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
    led = select(writer.c.author_id, role).group_by(writer.c.author_id, writer.c.group_id).subquery()
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


def shown(session: Session, post_id: UUID) -> Shown:
    """Return a post as everybody sees it. The caller has found it with `post_for`."""
    return _read(session.execute(_SHOWN.where(Post.id == post_id)).one())


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


# The log


def reactions_json(reactions: Mapping[str, Sequence[UUID]]) -> list[dict[str, Any]]:
    """Write reactions as they go over the wire."""
    return [{"emoji": e, "count": len(who), "who": [encode(i) for i in who]} for e, who in reactions.items()]


def post_json(post: Shown) -> dict[str, Any]:
    """Write a post as it goes over the wire: the same for every viewer, and without words once it is removed."""
    author, quoted = post.author, post.reply_to
    return {
        "id": encode(post.id),
        "no": post.no,
        "author": {
            "id": encode(author.id),
            "name": author.name,
            "initials": author.initials,
            "hue": author.hue,
            "role": author.role,
        }
        if author
        else None,
        "html": post.html,
        "reply_to": {
            "id": encode(quoted.id),
            "no": quoted.no,
            "author": quoted.author,
            "excerpt": quoted.excerpt,
            "removed": quoted.removed,
        }
        if quoted
        else None,
        "at": post.at.isoformat(),
        "edited": post.edited,
        "removed": post.removed,
        "by_author": post.by_author,
        "reactions": reactions_json(post.reactions),
    }


def load(session: Session, rows: Sequence[log.Row]) -> list[Mapping[str, Any]]:
    """Return the payloads of a space's events, all from the rows as they are now. At most three statements.

    So an event of a post that was removed since carries a tombstone, and one of a post that was edited its
    newest words; whoever applies the events in order ends with what there is.
    """
    space_id = rows[0].log_id
    refs = {row.ref for row in rows if row.kind not in {"member", *STATES}}
    people = {row.ref for row in rows if row.kind == "member"}
    posts = {p.id: p for p in map(_read, session.execute(_SHOWN.where(Post.id.in_(refs))))} if refs else {}
    members = _members(session, space_id, people) if people else {}
    states = _states(session, space_id) if any(row.kind in STATES for row in rows) else {}
    found = {**members, **states}
    return [found[r.ref] if r.ref in found else _payload(r.kind, posts[r.ref]) for r in rows]


def _states(session: Session, space_id: UUID) -> dict[UUID, Mapping[str, Any]]:
    row = session.execute(select(Space.pinned, Space.locked_at, Space.solved_no).where(Space.id == space_id)).one()
    return {space_id: {"pinned": row.pinned, "locked": row.locked_at is not None, "solved": row.solved_no}}


def _payload(kind: str, post: Shown) -> Mapping[str, Any]:
    if kind == "react":
        return {"post": encode(post.id), "no": post.no, "reactions": reactions_json(post.reactions)}
    return post_json(post)


def _members(session: Session, space_id: UUID, people: set[UUID]) -> dict[UUID, Mapping[str, Any]]:
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Follow.person_id.label("member"))
        .outerjoin(
            Follow,
            and_(Follow.person_id == Person.id, Follow.space_id == space_id, Follow.until_seq.is_(None)),
        )
        .where(Person.id.in_(people))
    )
    found: dict[UUID, Mapping[str, Any]] = {}
    for r in rows:
        face = Face(r.id, r.name, r.pronouns, r.zone)
        person = {"id": encode(face.id), "name": face.name, "initials": face.initials, "hue": face.hue}
        found[r.id] = {"person": person, "member": r.member is not None}
    return found
