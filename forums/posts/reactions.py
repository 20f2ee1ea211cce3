"""Consequences of posts: who is told, and what their inbox says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.kernel.app import Kernel
from academy.kernel.events import after, within
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.notices.actions import notify, read_about
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from forums.posts import policy
from forums.posts.events import PostEdited, PostReacted, PostRemoved, PostSent
from forums.posts.queries import noticed
from forums.spaces.events import SpaceRead
from forums.spaces.queries.views import following

MENTION, REPLY, ANSWER, SOLVED = noticed.NOTICES


def count(kernel: Kernel, event: PostSent | PostEdited | PostRemoved | PostReacted) -> None:
    """Count what was stored in a space, so that no flood of many people fills it."""
    policy.count(kernel.limits, event.space_id)


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


def tell_starter(session: Session, event: PostSent) -> None:
    """Tell whoever began a thread that it was answered, while they follow it: once until they have looked."""
    starter = event.starter_id
    if starter is None or starter == event.actor_id or starter in {event.answered_id, *event.mentioned}:
        return
    if not following(session, event.space_id, [starter]):
        return
    if not noticed.waiting(session, person_id=starter, space_id=event.space_id, kind=ANSWER):
        notify(session, person_id=starter, kind=ANSWER, ref=event.post_id, actor_id=event.actor_id)


def take_back(session: Session, event: PostRemoved) -> None:
    """Let nobody's inbox count a message that is gone."""
    for person_id in event.told:
        read_about(session, person_id=person_id, refs=[event.post_id])


def read_along(session: Session, event: SpaceRead) -> None:
    """Count a mention as read when its room has been read that far."""
    posts = noticed.unread_notices(session, person_id=event.person_id, space_id=event.space_id, no=event.no)
    if posts:
        read_about(session, person_id=event.person_id, refs=posts)


def _url(post: noticed.Noticed) -> str:
    return f"/spaces/{encode(post.space_id)}?at={post.no}#p-{encode(post.post_id)}"


def _title(kind: str, post: noticed.Noticed) -> str:
    if kind == MENTION:
        return _("%(name)s mentioned you in %(room)s", name=post.author, room=post.title)
    if kind == REPLY:
        return _("%(name)s replied to you in %(room)s", name=post.author, room=post.title)
    if kind == ANSWER:
        return _("%(name)s answered in “%(title)s”", name=post.author, title=post.title)
    return _("Your answer solved “%(title)s”", title=post.title)


ICONS = {MENTION: "at", REPLY: "reply", ANSWER: "reply", SOLVED: "done"}


def tell(session: Session, viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    """Word what an inbox says of posts. One statement for all kinds."""
    posts = noticed.noticed(session, viewer, [notice.ref for notice in notices])
    return {
        n.id: Told(_title(n.kind, p), p.excerpt, _url(p), ICONS[n.kind]) for n in notices if (p := posts.get(n.ref))
    }


REACTIONS = [
    after(PostSent, count),
    after(PostEdited, count),
    after(PostRemoved, count),
    after(PostReacted, count),
    within(PostSent, tell_named),
    within(PostEdited, tell_named),
    within(PostSent, tell_answered),
    within(PostSent, tell_starter),
    within(PostRemoved, take_back),
    within(SpaceRead, read_along),
]

NOTICE_KINDS = [NoticeKind(kind, tell) for kind in noticed.NOTICES]
