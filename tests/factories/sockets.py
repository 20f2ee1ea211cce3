"""Sockets without a wire: what Engine.IO hands on comes from the test, and what goes out is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from academy.kernel.app import Kernel
from academy.kernel.authentication import Credential
from academy.kernel.connections import Connection, held
from academy.kernel.realtime import Socket
from academy.people import actions
from academy.people.engine import new_token, token_hash
from tests.factories import people


@dataclass
class Line:
    """One connection of Engine.IO; `said` is what its client was sent."""

    kernel: Kernel
    sid: str = field(default_factory=lambda: uuid4().hex)
    said: list[str] = field(default_factory=list)
    closing: bool = False
    closed: bool = False
    joins: int = 0

    def __post_init__(self) -> None:
        self.queue = None  # no session of ours
        self.server = self.kernel.realtime.socketio.server.eio
        self.server.sockets[self.sid] = self

    def send(self, packet: Any) -> None:
        """Keep what goes out."""
        self.said.append(packet.data)

    def close(self, wait: bool = True, abort: bool = False, reason: str = "") -> None:
        """End, as an Engine.IO socket does."""
        del wait, abort
        if not self.closed:
            self.closing = True
            self.server.handlers["disconnect"](self.sid, reason)
            self.closed = True

    def hear(self, packet: str) -> None:
        """Let the client say something."""
        self.server.handlers["message"](self.sid, packet)

    @property
    def refusal(self) -> Any:
        """What the last refusal of the connection said; None where there was none."""
        refusals = [json.loads(packet[1:])["data"] for packet in self.said if packet.startswith("4")]
        return refusals[-1] if refusals else None

    @property
    def joined(self) -> bool:
        """Whether the client was let in, and not refused since."""
        return any(packet.startswith("0{") for packet in self.said) and self.refusal is None and not self.closed


def signed_in(kernel: Kernel, person_id: UUID) -> str:
    """Sign somebody in on one more device, and return the token."""
    token = new_token()
    kernel.commit(lambda s: actions.sign_in(s, person_id=person_id, token_hash=token_hash(token), agent="test"))
    return token


def dial(kernel: Kernel, token: str) -> Line:
    """Open a connection with the cookie of a sign-in, which has not joined yet."""
    app, line = kernel.realtime._app, Line(kernel)
    signer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # that of cookies
    cookie = f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': token})}"
    environ = app.test_request_context("/socket.io/", headers={"Cookie": cookie}).request.environ
    line.server.handlers["connect"](line.sid, {**environ, "flask.app": app})
    return line


def join(kernel: Kernel, token: str) -> Line:
    """Connect as a page does."""
    line = dial(kernel, token)
    line.hear("0")
    return line


def socket(kernel: Kernel, person_id: UUID) -> Socket:
    """Return the socket of somebody who has connected and has no space open."""
    line, viewer = Line(kernel), people.viewer(kernel, person_id)
    sid = kernel.realtime.socketio.server.manager.connect(line.sid, "/")
    connection = Connection(sid, Credential(uuid4().hex), person_id, viewer.sign_in_id)
    connection.held = held(viewer.roles)
    kernel.realtime.connections.add(connection)
    return Socket(kernel.realtime, connection)
