"""Posts over sockets. See docs/realtime.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel import log, offload
from academy.kernel.access import Refused
from academy.kernel.ids import decode, encode
from academy.kernel.realtime import Socket, SocketHandler, space_id_of
from academy.kernel.viewer import Viewer
from forums.posts import actions, engine, policy
from forums.posts.queries import posts as queries
from forums.posts.schemas import EditIn, ReactIn, RemoveIn, SendIn

if TYPE_CHECKING:
    from academy.kernel.app import Kernel
    from academy.kernel.log import Send


def send(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Store a message once, however often it is sent."""
    space_id = space_id_of(data)
    if data["anonymous"]:
        detail = "This room has no anonymous messages. What you wrote is kept and was not sent."
        raise Refused(detail)
    policy.spend(kernel.limits, viewer, space_id)
    body, reply_to = data["body"], data["reply_to"]
    draft = _composed(kernel, viewer, space_id, body)
    key = _key(kernel, viewer, data, "post", space_id, draft.body_md, reply_to)
    posted = kernel.commit(
        lambda session: actions.post(
            session,
            viewer=viewer,
            space_id=space_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
            reply_to=reply_to,
            send=key,
        )
    )
    return {
        "nonce": data["nonce"],
        "id": encode(posted.id),
        "seq": posted.seq,
        "no": posted.no,
        "duplicate": posted.duplicate,
    }


def edit(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Change one's own message."""
    post_id, space_id = _post(kernel, viewer, data)
    policy.spend(kernel.limits, viewer, space_id)
    draft = _composed(kernel, viewer, space_id, data["body"])
    key = _key(kernel, viewer, data, "edit", post_id, draft.body_md)
    changed = kernel.commit(
        lambda session: actions.edit(
            session,
            viewer=viewer,
            post_id=post_id,
            body_md=draft.body_md,
            body_html=draft.body_html,
            mentions=draft.mentions,
            send=key,
        )
    )
    return {"nonce": data["nonce"], "seq": changed.seq, "duplicate": changed.duplicate}


def remove(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Remove a message."""
    post_id, space_id = _post(kernel, viewer, data)
    policy.spend(kernel.limits, viewer, space_id)
    key = _key(kernel, viewer, data, "remove", post_id)
    changed = kernel.commit(lambda session: actions.remove(session, viewer=viewer, post_id=post_id, send=key))
    return {"nonce": data["nonce"], "seq": changed.seq, "duplicate": changed.duplicate}


def react(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Set a reaction, or take it back."""
    post_id, space_id = _post(kernel, viewer, data)
    policy.spend(kernel.limits, viewer, space_id)
    key = _key(kernel, viewer, data, "react", post_id, data["emoji"], data["on"])
    changed = kernel.commit(
        lambda session: actions.react(
            session, viewer=viewer, post_id=post_id, emoji=data["emoji"], on=data["on"], send=key
        )
    )
    return {"nonce": data["nonce"], "seq": changed.seq, "duplicate": changed.duplicate}


def _composed(kernel: Kernel, viewer: Viewer, space_id: UUID, body: str) -> engine.Draft:
    """Render a message and find who is named in it; the database is asked only where somebody may be."""
    names: Sequence[tuple[UUID, str]] = ()
    if "@" in body:
        with kernel.reading() as session:
            names = queries.nameable(session, viewer, space_id, body)
    return offload.run_on(body, engine.compose, names)


def _post(kernel: Kernel, viewer: Viewer, data: Mapping[str, Any]) -> tuple[UUID, UUID]:
    post_id = decode(data["post"])
    with kernel.reading() as session:
        return post_id, queries.post_for(session, viewer, post_id).space.id


def _key(kernel: Kernel, viewer: Viewer, data: Mapping[str, Any], *body: object) -> Send:
    return log.send_of(kernel.settings.secrets, viewer.person_id, data["nonce"], *body)


HANDLERS = [
    SocketHandler("post:send", "forums:post", SendIn, send),
    SocketHandler("post:edit", "forums:post", EditIn, edit),
    SocketHandler("post:remove", "forums:post", RemoveIn, remove),
    SocketHandler("post:react", "forums:post", ReactIn, react),
]
