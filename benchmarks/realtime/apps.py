"""The two apps of ours that are measured, for `python -m academy.kernel.serve --app`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from flask import Flask
from sqlalchemy.orm import Session

import wsgi
from academy.kernel import clock, offload
from academy.kernel.app import Kernel, build
from academy.kernel.authentication import ViewerSlot
from academy.kernel.config import Settings
from academy.kernel.delivery import Sender
from academy.kernel.feature import Feature
from academy.kernel.ids import encode, new_id
from academy.kernel.realtime import Socket, SocketHandler, space_id_of
from academy.kernel.viewer import Viewer
from forums.posts import engine, policy
from forums.posts.queries.posts import nameable
from forums.posts.schemas import SendIn
from forums.spaces.queries.views import space_for
from forums.spaces.schemas import OpenIn

EPOCH = "0123456789ab"
_numbers = count(1)
_waiting: deque[tuple[dict[str, Any], Sender]] = deque()
_sending = threading.Lock()


def bare() -> Flask:
    """Serve live delivery alone, as the peer does: whoever comes is somebody, nothing is stored.

    It is the kernel's own sockets: the connection's viewer, limits, schema and log line of each event are there.
    """
    feature = Feature(
        name="bare",
        folder=Path(__file__).parent,
        slots=[ViewerSlot(_anybody, _each)],
        sockets=[
            SocketHandler("space:open", "bench", OpenIn, _open),
            SocketHandler("post:send", "bench", SendIn, _broadcast),
            SocketHandler("bench:alone", "bench", SendIn, _alone),
        ],
        install=lambda app, _kernel: app.config.update(SESSION_COOKIE_NAME="academy"),
    )
    return build(Settings.from_environment(), [feature])


def product() -> Flask:
    """Serve the whole academy, and one event more: `bench:unstored`. One room may take more than people would read."""
    policy.AT_ALL = "1000000 per 10 second"
    unstored = SocketHandler("bench:unstored", "forums:post", SendIn, _unstored)
    feature = Feature(name="bench", folder=Path(__file__).parent, sockets=[unstored])
    return build(Settings.from_environment(), [*wsgi.FEATURES, feature])


def _anybody(_session: Session, token: str) -> Viewer:
    return Viewer(person_id=uuid5(NAMESPACE_URL, token), sign_in_id=uuid5(NAMESPACE_URL, token), name="Ada Lovelace")


def _each(session: Session, tokens: Sequence[str]) -> Mapping[str, Viewer]:
    return {token: _anybody(session, token) for token in tokens}


def _open(_kernel: Kernel, _viewer: Viewer, data: dict[str, Any], socket: Socket) -> Mapping[str, Any]:
    for space in data["spaces"]:
        socket.join(space_id_of({"space": space}))
    return {"spaces": {space: {"epoch": EPOCH, "head": 0, "events": [], "more": False} for space in data["spaces"]}}


def _broadcast(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Send a message on the way of all messages: what waits goes out at once."""
    space_id = space_id_of(data)
    event = _event(viewer, space_id, f"<p>{data['body']}</p>\n")
    _send(kernel, space_id, event, (None, None))
    return _ack(event, data["nonce"])


def _alone(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Send a message by itself, as what passes is sent."""
    space_id = space_id_of(data)
    event = _event(viewer, space_id, f"<p>{data['body']}</p>\n")
    kernel.realtime.signal(space_id, "space:event", event)
    return _ack(event, data["nonce"])


def _send(kernel: Kernel, space_id: UUID, event: dict[str, Any], sender: Sender) -> None:
    """Send what waits at once, as what was committed is sent."""
    _waiting.append((event, sender))
    with _sending:
        burst = [_waiting.popleft() for _ in range(len(_waiting))]
        if burst:
            events, senders = zip(*burst, strict=True)
            kernel.realtime.delivery.send(space_id, events, senders)


def _unstored(kernel: Kernel, viewer: Viewer, data: dict[str, Any], _socket: Socket) -> Mapping[str, Any]:
    """Do what `post:send` does for a message, but store it: nothing is written, and nothing read back.

    The sign-in has been looked up, as before every event; so are the names and the right to post here. The words are
    rendered, and the sender gets their own copy.
    """
    space_id = space_id_of(data)
    policy.spend(kernel.limits, viewer, space_id)
    policy.count(kernel.limits, space_id)
    with kernel.reading() as session:
        names = nameable(session, viewer, space_id, data["body"])
        policy.require_post(space_for(session, viewer, space_id))
    draft = offload.run_on(data["body"], engine.compose, names)
    event = _event(viewer, space_id, draft.body_html)
    _send(kernel, space_id, event, (encode(viewer.person_id), data["nonce"]))
    return _ack(event, data["nonce"])


def _event(viewer: Viewer, space_id: UUID, html: str) -> dict[str, Any]:
    number, at = next(_numbers), clock.now().isoformat()
    author = {"id": encode(viewer.person_id), "name": viewer.name, "initials": viewer.initials, "hue": viewer.hue}
    return {
        "space": encode(space_id),
        "epoch": EPOCH,
        "seq": number,
        "kind": "post",
        "at": at,
        "actor": encode(viewer.person_id),
        "payload": {
            "id": encode(new_id()),
            "no": number,
            "author": {**author, "role": ""},
            "html": html,
            "reply_to": None,
            "at": at,
            "edited": False,
            "removed": False,
            "by_author": False,
            "reactions": [],
        },
    }


def _ack(event: dict[str, Any], nonce: str) -> Mapping[str, Any]:
    post = event["payload"]
    return {"nonce": nonce, "id": post["id"], "seq": event["seq"], "no": post["no"], "duplicate": False}
