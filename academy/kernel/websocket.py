"""The WebSocket side of Socket.IO: connections that carry whole frames only, under every server that we run.

It serves gevent's pywsgi, eventlet's wsgi, werkzeug's threaded server and gunicorn's workers: gevent, gthread and
ours for eventlet. A frame is never cut in the middle of the stream, a slow reader delays nobody, what waits for it
is bounded, and nothing is compressed. TLS ends at the proxy. `websocket_engine` plugs it
into engineio, which has checked the Origin before.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from academy.kernel.websocket_frames import (
    GOING_AWAY,
    INVALID_DATA,
    NORMAL,
    PONG,
    Close,
    FrameReader,
    Message,
    Ping,
    ProtocolError,
    encode,
    encode_close,
)
from academy.kernel.websocket_handshake import (
    Environ,
    StartResponse,
    acceptance,
    leave,
    read_ahead,
    refusal_of,
    refuse,
    wire_of,
)
from academy.kernel.websocket_writer import FrameWriter, raw_of

RECEIVE_SIZE = 64 * 1024
CLOSE_WAIT = 1.0  # seconds a peer has to answer a close, or to read what was sent before it
LINGER_READS = 32
TURNS = 16  # frames and readings after which one busy connection lets the others go on
TURN = 0.005  # seconds of work after which it does, however few they were
MOMENT = 0.001
"""Seconds for which it then stands back. Not 0: gevent turns fifty such tasks before it looks at any other socket."""
PACKET_TYPES = "0123456"  # Engine.IO protocol 4, over WebSocket

_open: set[WebSocket] = set()
_open_lock = threading.Lock()


def close_all(code: int = GOING_AWAY, wait: float = CLOSE_WAIT) -> None:
    """Close every connection of this process, cutting those that have not answered after `wait` seconds."""
    for connection in open_connections():
        connection.say_close(code)
    deadline = time.monotonic() + wait
    while open_connections() and time.monotonic() < deadline:
        time.sleep(0.02)
    for connection in open_connections():
        connection.cut()


def open_connections() -> list[WebSocket]:
    """Return the connections that are open in this process."""
    with _open_lock:
        return list(_open)


class Mode(Protocol):
    """How the server's mode does things at the same time: `engineio.Server` has these."""

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> Any:
        """Start a task."""

    def sleep(self, seconds: float = 0) -> None:
        """Let the others go on."""


class WireSession(Protocol):
    """What is spoken over a connection."""

    def serve(self, connection: WebSocket) -> None:
        """Serve it to its end: `wait` for messages, and write; a `ValueError` closes it as unreadable."""

    def abandon(self) -> None:
        """End without ever having been served, or after a failure."""


class WebSocket:
    """One connection: a WSGI application for the one request that opens it, then `wait`, `writer` and `close`.

    It is read in the request's own greenlet or thread. Anybody may write.
    """

    __slots__ = (
        "_closing",
        "_frames",
        "_mode",
        "_raw",
        "_read_out",
        "_session",
        "_since",
        "_spent",
        "_turns",
        "_wire",
        "writer",
    )

    _wire: socket.socket
    _raw: socket.socket
    writer: FrameWriter

    def __init__(self, session: WireSession, mode: Mode, max_size: int) -> None:
        """Prepare a connection for a session; a message may have `max_size` bytes."""
        self._session = session
        self._mode = mode
        self._frames = FrameReader(max_size)
        self._closing = False
        self._read_out = False
        self._turns = 0
        self._spent = 0.0  # seconds of work since it last stood back
        self._since = time.monotonic()  # when the work went on

    def serve(
        self, environ: Environ, start_response: StartResponse, lock: AbstractContextManager[Any]
    ) -> Iterable[bytes]:
        """Do the handshake and serve the connection to its end; `lock` is its writer's."""
        wire, refusal = wire_of(environ), refusal_of(environ)
        if isinstance(wire, ssl.SSLSocket):
            refusal = refusal or "TLS must end at the proxy."
        if refusal:
            self._session.abandon()
            return refuse(start_response, refusal)
        self._wire, self._raw = wire, raw_of(wire)
        self.writer = FrameWriter(wire, self._mode.start_background_task, lock)
        with _open_lock:
            _open.add(self)
        try:
            self._serve(environ)
        finally:
            with _open_lock:
                _open.discard(self)
            self._frames = FrameReader(0)  # engineio's socket, and this with it, is kept until its next ping is due
        return leave(environ)

    def allow(self, max_size: int) -> None:
        """From now on a message may have `max_size` bytes."""
        self._frames.max_size = max_size

    def wait(self) -> str | bytes | None:
        """Return the next message, None at the end."""
        message = self._next()
        self._read_out = message is None
        return message

    def close(self) -> None:
        """Close without waiting; a peer that does not answer in time is cut."""
        if self.say_close(NORMAL) and not self._read_out:
            self._mode.start_background_task(self._cut_later)

    def say_close(self, code: int, reason: str = "") -> bool:
        """Send the close frame, once, and ignore whatever data still comes; say whether it was sent."""
        self._closing = True
        try:
            self.writer.write(encode_close(code, reason), last=True)
        except ConnectionError:
            return False  # said before, or nobody is there to hear it
        return True

    def cut(self) -> None:
        """End the connection without another word."""
        self.writer.cut()

    def _next(self) -> str | bytes | None:
        try:
            while True:
                self._take_turns()
                received = self._frames.read()
                if received is None:
                    data = self._wire.recv(RECEIVE_SIZE)
                    self._since = time.monotonic()  # to wait is no work
                    if not data:
                        return None
                    self._frames.feed(data)
                elif isinstance(received, Message):
                    if not self._closing:
                        return _packet(received.data)
                elif isinstance(received, Ping):
                    self.writer.write(encode(PONG, received.payload))
                elif isinstance(received, Close):
                    self.say_close(received.code)
                    return None
        except ProtocolError as error:
            self.say_close(error.code, str(error))
        except OSError:
            pass  # lost, or cut
        return None

    def _cut_later(self) -> None:
        self._mode.sleep(CLOSE_WAIT)
        self.writer.cut()

    def _serve(self, environ: Environ) -> None:
        served = False
        try:
            self._wire.settimeout(None)
            if self._wire.family != socket.AF_UNIX:
                self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.writer.write(acceptance(environ["HTTP_SEC_WEBSOCKET_KEY"]))
            self._frames.feed(read_ahead(environ, self._wire))
            self._session.serve(self)
            served = True
        except OSError:
            pass  # gone before it was there
        except (ValueError, RecursionError):
            self.say_close(INVALID_DATA, "the packet can't be read")
        finally:
            if not served:
                self._session.abandon()
            self._finish()

    def _take_turns(self) -> None:
        # A green thread that finds data waiting goes on reading: one flood would hold up everybody.
        now = time.monotonic()
        self._spent += now - self._since
        self._since = now
        self._turns += 1
        if self._spent >= TURN:
            if self._frames.pending or self._more_came():
                self._stand_back(MOMENT)
            self._spent = 0.0
        elif self._turns >= TURNS:
            self._stand_back(0)

    def _more_came(self) -> bool:
        # Who asks one thing after the other is waited for next, which lets the others go on by itself.
        try:
            self._raw.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        return True

    def _stand_back(self, seconds: float) -> None:
        self._turns = 0
        self._mode.sleep(seconds)
        self._since = time.monotonic()

    def _finish(self) -> None:
        if self.writer.drain(CLOSE_WAIT):
            # To close with unread data in the buffer would reset the connection, and the peer might
            # never see the close frame.
            self.writer.half_close()
            self._discard()
        self.writer.cut()
        self.writer.drain(CLOSE_WAIT)

    def _discard(self) -> None:
        deadline = time.monotonic() + CLOSE_WAIT
        try:
            for _ in range(LINGER_READS):
                self._wire.settimeout(max(deadline - time.monotonic(), 0.001))
                if not self._wire.recv(RECEIVE_SIZE):
                    return
        except OSError:
            return


def _packet(data: str | bytes) -> str | bytes:
    if isinstance(data, str) and (not data or data[0] not in PACKET_TYPES):
        raise ProtocolError(INVALID_DATA, "no such packet")
    return data
