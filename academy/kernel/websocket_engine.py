"""The seam to engineio and socketio: the one module that touches what they keep to themselves.

The versions are pinned, and tests/academy/kernel/test_websocket_seam.py says what changed when an update moves
something. engineio's own handler has a writing task and a pinging task for every socket; a session here has
neither: what is put into its queue goes out at once, and one wheel pings them all.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any

from engineio import packet
from engineio.exceptions import SocketIsClosedError, UnknownPacketError
from engineio.socket import Socket as EngineSocket
from socketio.packet import CONNECT, DISCONNECT, EVENT

from academy.kernel.websocket import WebSocket
from academy.kernel.websocket_frames import INVALID_DATA, encode_message
from academy.kernel.websocket_handshake import Application, guarded
from academy.kernel.websocket_pings import PingWheel, Wheel

JOINING = frozenset("01")  # Socket.IO protocol 5: joining and leaving
BINARY_PACKETS = frozenset("56")  # Socket.IO protocol 5: an event or an ack with attachments
PING = packet.Packet(packet.PING)
NO_LOCK = contextlib.nullcontext()
JOIN_WITHIN = 20.0
"""Seconds after which a connection is closed whose client has not joined: it could answer pings for ever."""
JOIN_MAX = 4 * 1024
"""Bytes of a message of who has not joined: what they send is nobody's, and joining takes a few hundred."""
LEAVE_WITHIN = 3.0
"""Seconds that a client has to hang up once it was refused, or has said that it leaves."""
JOINS = 20
"""How often one connection may try to join: a page that is refused dials anew, or tries again a few times."""
OPTIONS: dict[str, Any] = {
    "transports": ["websocket"],
    "async_handlers": False,  # what one client sends is handled in order
    "ping_interval": 25,
    "ping_timeout": 20,
    "serve_client": False,
    "logger": False,
    "engineio_logger": False,
}
"""How a `SocketIO` is created for our connections."""


def install(server: Any) -> None:
    """Make a `socketio.Server` use our connections; to be called once it was created.

    Raises `RuntimeError` when python-engineio has changed the place where a driver goes.
    """
    engine = server.eio
    if "websocket" not in getattr(engine, "_async", {}):
        message = "python-engineio has changed: its WebSocket driver is not where it was"
        raise RuntimeError(message)

    def joined(engine_sid: str) -> bool:
        return _joined(server, engine_sid)

    def driver(handler: Any, _: Any) -> Application:
        session = EngineSession(handler.__self__, joined)
        connection = WebSocket(session, engine, min(JOIN_MAX, engine.max_http_buffer_size))
        return lambda environ, start_response: connection.serve(environ, start_response, lock_for(server))

    engine._async = {**engine._async, "websocket": driver}  # noqa: SLF001 - the seam, pinned by a test
    engine.handle_request = guarded(engine.handle_request)
    engine.start_background_task = _pinging_by_one_wheel(engine)
    if engine.transports == ["websocket"]:
        engine.start_service_task = False  # it would look at every socket in turn for those that the wheel finds


def lock_for(server: Any) -> AbstractContextManager[Any]:
    """Return a lock for what never waits while it is held: green threads, which change places only there, need none."""
    return threading.RLock() if server.eio.async_mode == "threading" else NO_LOCK


def admit_only(server: Any, events: Collection[str]) -> None:
    """Let clients of a `socketio.Server` call these events and nothing else; to be called once it was created.

    python-socketio runs the handler of whatever name a client sends: an event called `disconnect` would have a
    client forgotten that is still connected, out of reach of every later log-out and removal. Binary attachments
    are part of no event of ours, and it would keep them without bound until the last one has come. Of what can't
    be read it would write a page of the log each time.
    """

    def handle_message(engine_sid: str, data: object) -> None:
        if not isinstance(data, str) or data[:1] in BINARY_PACKETS:
            return
        try:
            sent = server.packet_class(encoded_packet=data)
        except (ValueError, RecursionError):
            return
        if sent.packet_type == CONNECT:
            server._handle_connect(engine_sid, sent.namespace, sent.data)  # noqa: SLF001 - pinned by a test
        elif sent.packet_type == DISCONNECT:
            reason = server.reason.CLIENT_DISCONNECT
            server._handle_disconnect(engine_sid, sent.namespace, reason)  # noqa: SLF001 - as above
        elif sent.packet_type == EVENT and _names(sent.data, events):
            server._handle_event(engine_sid, sent.namespace, sent.id, sent.data)  # noqa: SLF001 - as above

    server.eio.on("message", handle_message)


def expect_to_join(server: Any) -> None:
    """Close connections of a `socketio.Server` that are nobody's; to be called once `admit_only` was.

    Engine.IO keeps whoever answers its pings, though they never joined, were refused or have left.
    """
    engine = server.eio
    wheel = _wheel_of(engine)
    opened, told = engine.handlers["connect"], engine.handlers["message"]
    leaving: set[str] = set()  # however often one says so

    def joined(engine_sid: str) -> bool:
        return _joined(server, engine_sid)

    def close(engine_sid: str) -> None:
        leaving.discard(engine_sid)
        engine_socket = engine.sockets.get(engine_sid)
        if engine_socket is not None and not joined(engine_sid):
            # In a task of its own: what a server sends may have to wait, in the stock driver.
            engine.start_background_task(engine_socket.close, wait=False, reason=engine.reason.SERVER_DISCONNECT)

    def handle_connect(engine_sid: str, environ: dict[str, Any]) -> Any:
        wheel.after(JOIN_WITHIN, close, engine_sid)
        return opened(engine_sid, environ)

    def handle_message(engine_sid: str, data: object) -> None:
        if isinstance(data, str) and data.startswith("0") and _joins_too_often(engine.sockets.get(engine_sid)):
            return
        try:
            told(engine_sid, data)
        finally:
            if isinstance(data, str) and data[:1] in JOINING and not joined(engine_sid) and engine_sid not in leaving:
                leaving.add(engine_sid)
                wheel.after(LEAVE_WITHIN, close, engine_sid)

    engine.on("connect", handle_connect)
    engine.on("message", handle_message)


def _joins_too_often(engine_socket: Any) -> bool:
    """Count a try to join, and close a connection that has had its tries."""
    if engine_socket is None:
        return False
    engine_socket.joins = getattr(engine_socket, "joins", 0) + 1
    if engine_socket.joins <= JOINS:
        return False
    engine_socket.close(wait=False, reason=engine_socket.server.reason.SERVER_DISCONNECT)
    return True


def _joined(server: Any, engine_sid: str) -> bool:
    return server.manager.sid_from_eio_sid(engine_sid, "/") is not None


def _wheel_of(engine: Any) -> Wheel:
    """Return the one wheel of an engineio server."""
    wheel: Wheel = engine.__dict__.setdefault("wheel", Wheel(engine))
    return wheel


def _names(data: object, events: Collection[str]) -> bool:
    return isinstance(data, list) and bool(data) and isinstance(data[0], str) and data[0] in events


def is_open(server: Any, sid: str, namespace: str = "/") -> bool:
    """Say whether there is a connection under one client of a `socketio.Server` that is not being closed."""
    session = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, namespace))
    return session is not None and not (session.closing or session.closed)


def hang_up(server: Any, sid: str, namespace: str = "/") -> None:
    """Disconnect one client of a `socketio.Server`, and the connection under it; waits for nothing.

    The server's own `disconnect` leaves the connection itself to the client's goodwill.
    """
    engine_sid = server.manager.eio_sid_from_sid(sid, namespace)
    server.disconnect(sid, namespace=namespace)
    session = server.eio.sockets.get(engine_sid)
    if session is not None:
        session.close(wait=False)


class EngineSession:
    """An engineio socket over a connection of ours: instead of its queue, and of its two loops around it."""

    __slots__ = ("_connection", "_joined", "_socket", "writer")

    def __init__(self, engine_socket: EngineSocket, joined: Callable[[str], bool]) -> None:
        """Prepare to serve an engineio socket, which has its first packets in a queue by now.

        Once `joined(its id)`, messages may be as long as the engine takes them.
        """
        self._socket = engine_socket
        self._joined = joined

    def serve(self, connection: WebSocket) -> None:
        """Serve the socket to the connection's end."""
        engine_socket, self._connection, self.writer = self._socket, connection, connection.writer
        engine_socket.connected = engine_socket.upgraded = True
        try:
            self._take_over()
            stranger = True
            while (data := connection.wait()) is not None:
                received = packet.Packet(encoded_packet=data)
                with contextlib.suppress(UnknownPacketError):
                    engine_socket.receive(received)
                if stranger and self._joined(engine_socket.sid):
                    stranger = False
                    connection.allow(engine_socket.server.max_http_buffer_size)
        except SocketIsClosedError:
            pass
        except (ValueError, RecursionError):
            connection.say_close(INVALID_DATA, "the packet can't be read")
        finally:
            self._end(engine_socket.server.reason.TRANSPORT_CLOSE)

    def _take_over(self) -> None:
        """Stand in the queue's place, then send what is in it: nothing may come in behind."""
        queue, self._socket.queue = self._socket.queue, self
        with contextlib.suppress(self._socket.server.get_queue_empty_exception()):
            while True:
                self.put(queue.get(block=False))

    def abandon(self) -> None:
        """Close a socket whose connection never came to be."""
        self._end(self._socket.server.reason.TRANSPORT_ERROR)

    def put(self, waiting: packet.Packet | None) -> None:
        """Send a packet without waiting; None closes. Of a lost connection its reader hears."""
        if waiting is None:
            self._connection.close()
            return
        with contextlib.suppress(ConnectionError):
            self.writer.write(encode_message(waiting.encode()))

    def task_done(self) -> None:
        """Do nothing: whoever puts need not be told when it is out."""

    join = task_done

    def _end(self, reason: str) -> None:
        self._socket.close(wait=False, abort=True, reason=reason)
        # engineio would do this next, but some servers are left by an exception.
        self._socket.server.sockets.pop(self._socket.sid, None)


def _pinging_by_one_wheel(engine: Any) -> Callable[..., Any]:
    """Return what starts the tasks of an engineio server, all but those that would ping one socket each."""
    start = engine.start_background_task

    def check(engine_socket: EngineSocket, pinged: float) -> None:
        if engine_socket.last_ping == pinged and not (engine_socket.closing or engine_socket.closed):
            # In a task of its own: handlers of the disconnect may take their time.
            start(engine_socket.close, wait=False, reason=engine.reason.PING_TIMEOUT)

    waits = {"interval": engine.ping_interval, "timeout": engine.ping_timeout}
    wheel = PingWheel(_wheel_of(engine), **waits, ping=_ping, check=check)

    def start_background_task(target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if getattr(target, "__func__", None) is EngineSocket._send_ping:  # noqa: SLF001 - pinned by a test
            return wheel.add(target.__self__)  # type: ignore[attr-defined]  # a bound method
        return start(target, *args, **kwargs)

    return start_background_task


def _ping(engine_socket: EngineSocket) -> float | None:
    """Ping a socket as engineio does; returns when, None where nobody is there."""
    if engine_socket.closing or engine_socket.closed:
        return None
    engine_socket.last_ping = now = time.time()
    with contextlib.suppress(SocketIsClosedError):
        engine_socket.send(PING)
    return now
