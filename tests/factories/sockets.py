"""Open sockets without a wire: what the kernel knows of one, and nobody at its other end."""

from __future__ import annotations

from uuid import UUID, uuid4

from academy.kernel.app import Kernel
from academy.kernel.authentication import Credential
from academy.kernel.connections import Connection, held
from academy.kernel.realtime import Socket
from tests.factories import people


def socket(kernel: Kernel, person_id: UUID) -> Socket:
    """Let somebody in, as they are once a page has connected; they have no log open."""
    viewer = people.viewer(kernel, person_id)
    sid = kernel.realtime.socketio.server.manager.connect(uuid4().hex, "/")
    connection = Connection(sid, Credential(uuid4().hex), person_id, viewer.sign_in_id)
    connection.held = held(viewer.roles)
    kernel.realtime.connections.add(connection)
    return Socket(kernel.realtime, connection)
