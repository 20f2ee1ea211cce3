"""Verbs on posts. Each is idempotent under its `send`: the same send again answers what it answered first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, delete, insert, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Closed, Invalid, Missing, Refused
from academy.kernel.db import Instant, Table, ask, keep
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.log import Log, Row, Send
from academy.kernel.viewer import Viewer
from academy.web.markup import RENDERER
from forums.posts import policy
from forums.posts.engine import MOST, REACTIONS
from forums.posts.events import PostEdited, PostReacted, PostRemoved, PostSent
from forums.posts.models import Mention, Post, PostEdit, PostReaction
from forums.posts.queries import noticed
from forums.posts.queries import posts as queries
from forums.spaces.actions import follow, read_on
from forums.spaces.queries.views import space_for

# Built once, on the tables: a message is stored without its statements being put together anew.
_spaces, _posts = (Table.metadata.tables[name] for name in ("spaces", "posts"))
# What a list of threads shows of a space is counted with the number itself.
_NUMBER = keep(
    update(_spaces)
    .where(_spaces.c.id == bindparam("space"))
    .values(
        head_no=_spaces.c.head_no + 1,
        replies=_spaces.c.replies + case((_spaces.c.head_no > 0, 1), else_=0),
        last_at=bindparam("at", type_=Instant),
        last_by=bindparam("by", type_=Uuid),
    )
    .returning(_spaces.c.head_no)
)
_STORE = keep(insert(_posts))
_LAST = keep(
    select(_posts.c.at)
    .where(_posts.c.author_id == bindparam("by"), _posts.c.space_id == bindparam("space"))
    .order_by(_posts.c.no.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Posted:
    """A post that is stored. `duplicate` says that this very send had stored it before."""

    id: UUID
    seq: int
    no: int
    duplicate: bool


@dataclass(frozen=True)
class Changed:
    """A change that is stored: its number in the space's log."""

    seq: int
    duplicate: bool


def post(
    session: Session,
    *,
    viewer: Viewer,
    space_id: UUID,
    body_md: str,
    body_html: str,
    reply_to: UUID | None = None,
    mentions: Sequence[UUID] = (),
    seen: int = 0,
    send: Send | None = None,
) -> Posted:
    """Store a message and number it. The caller has rendered it (`engine.compose`).

    Up to number `seen` the space counts as read: what the writer had before their eyes.

    The space's row is locked first: whoever sends the same thing at the same time waits here and then finds
    what the other stored. Raises `Missing`, `Refused`, `Invalid`, `SlowMode`, and `Conflict` for a nonce that came
    before with other words.
    """
    space = space_for(session, viewer, space_id, lock=True)
    policy.require_post(space)
    if space.follows:
        read_on(session, viewer=viewer, space=space, no=seen)
    before = log.sent_before(session, send)
    if before is not None:
        no = session.scalars(select(Post.no).where(Post.id == before.ref)).one()
        return Posted(before.ref, before.seq, no, duplicate=True)
    _check(body_md, body_html)
    answered = _answered(session, space_id, reply_to)
    at = clock.now()
    if space.slow and not space.may_moderate:
        last = ask(session, _LAST, {"space": space_id, "by": viewer.person_id}).scalar_one_or_none()
        policy.require_turn(space, last, at)
    no = ask(session, _NUMBER, {"space": space_id, "at": at, "by": viewer.person_id}).scalar_one()
    post_id = new_id()
    ask(
        session,
        _STORE,
        {
            "id": post_id,
            "space_id": space_id,
            "no": no,
            "author_id": viewer.person_id,
            "body_md": body_md,
            "body_html": body_html,
            "renderer": RENDERER,
            "reply_to": reply_to,
            "at": at,
        },
    )
    named = tuple(dict.fromkeys(p for p in mentions if p != viewer.person_id))
    if named:
        session.execute(insert(Mention), [{"post_id": post_id, "person_id": person_id} for person_id in named])
    if not space.follows:
        follow(session, space_id=space_id, person_id=viewer.person_id, read_no=no)
    row = log.append(session, space_id, kind="post", ref=post_id, actor_id=viewer.person_id, send=send)
    emit(
        session,
        PostSent(
            actor_id=viewer.person_id,
            space_id=space_id,
            post_id=post_id,
            no=no,
            mentioned=named,
            answered_id=answered,
            starter_id=space.author_id,
        ),
    )
    return Posted(post_id, row.seq, no, duplicate=False)


def _check(body_md: str, body_html: str) -> None:
    if not body_md.strip() or not body_html.strip():
        detail = "There is nothing in this message yet. Write something, then send it."
        raise Invalid(detail, errors={"body": [detail]})
    if len(body_md) > MOST:
        detail = f"A message has at most {MOST} characters. What you wrote is kept."
        raise Invalid(detail, errors={"body": [detail]})


def _answered(session: Session, space_id: UUID, reply_to: UUID | None) -> UUID | None:
    """Return whose post is replied to; a reply to what is not in this space is refused."""
    if reply_to is None:
        return None
    row = session.execute(select(Post.author_id).where(Post.id == reply_to, Post.space_id == space_id)).one_or_none()
    if row is None:
        detail = "The message that this replies to is not here. What you wrote is kept; send it without the reply."
        raise Invalid(detail, errors={"reply_to": [detail]})
    answered: UUID | None = row.author_id
    return answered


def edit(
    session: Session,
    *,
    viewer: Viewer,
    post_id: UUID,
    body_md: str,
    body_html: str,
    mentions: Sequence[UUID] = (),
    send: Send | None = None,
) -> Changed:
    """Change the words of one's own post; what it said before is kept until it is removed."""
    found = queries.post_for(session, viewer, post_id, lock=True)
    before = log.sent_before(session, send)
    if before is not None:
        return Changed(before.seq, duplicate=True)
    policy.require_edit(viewer, found.author_id, found.space)
    if found.removed:
        detail = "This message was removed, so it can't be changed. What you wrote is kept here: copy it."
        raise Closed(detail)
    _check(body_md, body_html)
    if (body_md, body_html) == (found.body_md, found.body_html):
        return Changed(_head(session, found.space.id), duplicate=True)
    now = clock.now()
    session.execute(insert(PostEdit).values(id=new_id(), post_id=post_id, body_md=found.body_md, at=now))
    session.execute(
        update(Post)
        .where(Post.id == post_id)
        .values(body_md=body_md, body_html=body_html, renderer=RENDERER, edited_at=now)
    )
    had = set(session.scalars(select(Mention.person_id).where(Mention.post_id == post_id)))
    named = tuple(dict.fromkeys(p for p in mentions if p != viewer.person_id))
    session.execute(delete(Mention).where(Mention.post_id == post_id, Mention.person_id.not_in(named)))
    new = tuple(p for p in named if p not in had)
    if new:
        session.execute(insert(Mention), [{"post_id": post_id, "person_id": person_id} for person_id in new])
    row = log.append(session, found.space.id, kind="edit", ref=post_id, actor_id=viewer.person_id, send=send)
    emit(
        session,
        PostEdited(actor_id=viewer.person_id, space_id=found.space.id, post_id=post_id, mentioned=new),
    )
    return Changed(row.seq, duplicate=False)


def remove(session: Session, *, viewer: Viewer, post_id: UUID, send: Send | None = None) -> Changed:
    """Take a post's words away for good, its earlier versions, names and reactions with them. Its place stays."""
    found = queries.post_for(session, viewer, post_id, lock=True)
    before = log.sent_before(session, send)
    if before is not None:
        return Changed(before.seq, duplicate=True)
    if not policy.may_remove(viewer, found.author_id, found.space):
        detail = "Only who wrote a message, or who looks after this room, can remove it. Nothing was changed."
        raise Refused(detail)
    if found.removed:
        return Changed(_head(session, found.space.id), duplicate=True)
    told = noticed.told_about(session, post_id)
    for rows in (PostEdit, PostReaction, Mention):
        session.execute(delete(rows).where(rows.post_id == post_id))
    session.execute(
        update(Post)
        .where(Post.id == post_id)
        .values(body_md="", body_html="", removed_at=clock.now(), removed_by=viewer.person_id)
    )
    session.execute(
        update(_spaces)
        .where(_spaces.c.id == found.space.id)
        .values(
            replies=_spaces.c.replies - int(found.no > 1),
            solved_no=case((_spaces.c.solved_no == found.no, None), else_=_spaces.c.solved_no),
        )
    )
    row = log.append(session, found.space.id, kind="remove", ref=post_id, actor_id=viewer.person_id, send=send)
    emit(session, PostRemoved(actor_id=viewer.person_id, space_id=found.space.id, post_id=post_id, told=told))
    return Changed(row.seq, duplicate=False)


def react(
    session: Session,
    *,
    viewer: Viewer,
    post_id: UUID,
    emoji: str,
    on: bool | None = None,
    send: Send | None = None,
) -> Changed:
    """Set a reaction or take it back: as `on` says, else the other way round than it is now."""
    found = queries.post_for(session, viewer, post_id, lock=True)
    policy.require_post(found.space)
    before = log.sent_before(session, send)
    if before is not None:
        return Changed(before.seq, duplicate=True)
    if emoji not in REACTIONS:
        detail = "This is not one of the reactions that can be given here."
        raise Invalid(detail, errors={"emoji": [detail]})
    if found.removed:
        detail = "This message was removed; there is nothing to react to any more."
        raise Closed(detail)
    mine = (
        PostReaction.post_id == post_id,
        PostReaction.person_id == viewer.person_id,
        PostReaction.emoji == emoji,
    )
    held = session.scalar(select(PostReaction.emoji).where(*mine)) is not None
    wanted = not held if on is None else on
    if wanted == held:
        return Changed(_head(session, found.space.id), duplicate=True)
    if wanted:
        session.execute(
            insert(PostReaction).values(post_id=post_id, person_id=viewer.person_id, emoji=emoji, at=clock.now())
        )
    else:
        session.execute(delete(PostReaction).where(*mine))
    row: Row = log.append(session, found.space.id, kind="react", ref=post_id, actor_id=viewer.person_id, send=send)
    emit(session, PostReacted(actor_id=viewer.person_id, space_id=found.space.id, post_id=post_id))
    return Changed(row.seq, duplicate=False)


def _head(session: Session, log_id: UUID) -> int:
    """Return the log's head: where somebody stands who wanted what is so already."""
    found = session.scalar(select(Log.head_seq).where(Log.id == log_id))
    if found is None:
        raise Missing
    return found
