"""Consequences of posts: who is told, and what their inbox says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.events import within
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.notices.actions import notify, read_about
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from forums.posts import queries
from forums.posts.events import PostEdited, PostRemoved, PostSent
from forums.spaces.events import SpaceRead
from forums.spaces.queries import following

MENTION, REPLY = queries.NOTICES


def tell_named(session: Session, event: PostSent | PostEdited) -> None:
    """Put a mention into the inbox of everybody named."""
    for person_id in event.mentioned:
        notify(session, person_id=person_id, kind=MENTION, ref=event.post_id, actor_id=event.actor_id)


def tell_answered(session: Session, event: PostSent) -> None:
    """Tell somebody that they got a reply, once: who is named in it hears of that."""
    answered = event.answered_id
    if answered is None or answered in event.mentioned or not following(session, event.space_id, [answered]):
        return
    notify(session, person_id=answered, kind=REPLY, ref=event.post_id, actor_id=event.actor_id)


def take_back(session: Session, event: PostRemoved) -> None:
    """Let nobody's inbox count a message that is gone."""
    for person_id in event.told:
        read_about(session, person_id=person_id, refs=[event.post_id])


def read_along(session: Session, event: SpaceRead) -> None:
    """Count a mention as read when its room has been read that far."""
    posts = queries.unread_notices(session, person_id=event.person_id, space_id=event.space_id, no=event.no)
    if posts:
        read_about(session, person_id=event.person_id, refs=posts)


def _url(post: queries.Noticed) -> str:
    return f"/spaces/{encode(post.space_id)}?at={post.no}#p-{encode(post.post_id)}"


def tell_mentions(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Word the mentions of an inbox."""
    posts = queries.noticed(session, viewer, [notice.ref for notice in notices])
    return {
        n.id: Told(_("%(name)s mentioned you in %(room)s", name=p.author, room=p.title), p.excerpt, _url(p), "at")
        for n in notices
        if (p := posts.get(n.ref))
    }


def tell_replies(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Word the replies of an inbox."""
    posts = queries.noticed(session, viewer, [notice.ref for notice in notices])
    return {
        n.id: Told(_("%(name)s replied to you in %(room)s", name=p.author, room=p.title), p.excerpt, _url(p), "reply")
        for n in notices
        if (p := posts.get(n.ref))
    }


REACTIONS = [
    within(PostSent, tell_named),
    within(PostEdited, tell_named),
    within(PostSent, tell_answered),
    within(PostRemoved, take_back),
    within(SpaceRead, read_along),
]

NOTICE_KINDS = [NoticeKind(MENTION, tell_mentions), NoticeKind(REPLY, tell_replies)]
