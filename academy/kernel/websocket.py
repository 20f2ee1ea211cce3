"""The WebSocket side of Socket.IO: a driver for python-engineio that sends whole frames only.

It takes the place of the drivers that come with engineio, by way of `install`, and serves gevent's
pywsgi, gunicorn's gevent and gthread workers and werkzeug's threaded server. A frame is never cut in
the middle of the stream, a slow reader delays nobody, what waits for it is bounded, and nothing is
compressed. TLS ends at the proxy. The Origin is checked by engineio before a driver is asked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, MutableMapping
from typing import Any

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
    encode_message,
)
from academy.kernel.websocket_writer import FrameWriter

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
KEY_SIZE = 16
RECEIVE_SIZE = 64 * 1024
CLOSE_WAIT = 1.0  # seconds a peer has to answer a close, or to read what was sent before it
LINGER_READS = 32
TURNS = 16  # events after which one busy connection lets the others go on
PACKET_TYPES = "0123456"  # Engine.IO protocol 4, over WebSocket
BINARY_PACKETS = frozenset("56")  # Socket.IO protocol 5: an event or an ack with attachments

Environ = MutableMapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_open: set[WebSocket] = set()
_open_lock = threading.Lock()


def install(server: Any) -> None:
    """Make a `socketio.Server` use this driver; to be called once it was created.

    Raises `RuntimeError` when python-engineio has changed the place where a driver goes.
    """
    engine = server.eio
    if "websocket" not in getattr(engine, "_async", {}):
        message = "python-engineio has changed: its WebSocket driver is not where it was"
        raise RuntimeError(message)
    engine._async = {**engine._async, "websocket": WebSocket}  # noqa: SLF001 - the seam, pinned by a test
    engine.handle_request = _guarded(engine.handle_request)


def admit_only(server: Any, events: Collection[str]) -> None:
    """Let clients of a `socketio.Server` call these events and nothing else; to be called once it was created.

    python-socketio runs the handler of whatever name a client sends: an event called `disconnect` would have a
    client forgotten that is still connected, out of reach of every later log-out and removal. Binary attachments
    are part of no event of ours, and it would keep them without bound until the last one has come.
    """
    dispatch, receive = server._handle_event, server._handle_eio_message  # noqa: SLF001 - pinned by a test

    def handle_event(engine_sid: str, namespace: str | None, ack: int | None, data: Any) -> None:
        if isinstance(data, list) and data and isinstance(data[0], str) and data[0] in events:
            dispatch(engine_sid, namespace, ack, data)

    def handle_message(engine_sid: str, data: str | bytes) -> None:
        if isinstance(data, str) and data[:1] not in BINARY_PACKETS:
            receive(engine_sid, data)

    server._handle_event = handle_event  # noqa: SLF001 - as above
    server.eio.on("message", handle_message)


def hang_up(server: Any, sid: str, namespace: str = "/") -> None:
    """Disconnect one client of a `socketio.Server`, and the connection under it; waits for nothing.

    The server's own `disconnect` leaves the connection itself to the client's goodwill.
    """
    engine_sid = server.manager.eio_sid_from_sid(sid, namespace)
    server.disconnect(sid, namespace=namespace)
    session = server.eio.sockets.get(engine_sid)
    if session is not None:
        session.close(wait=False)


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


class WebSocket:
    """One connection, as engineio wants it: called with the request, then `send`, `wait` and `close`.

    engineio reads in the request's own greenlet or thread and writes in another. It sets a timeout on a
    driver's `_sock` or `socket`: this one has neither.
    """

    __slots__ = (
        "_app",
        "_closing",
        "_frames",
        "_out",
        "_reader_done",
        "_server",
        "_session",
        "_turns",
        "_wire",
    )

    _wire: socket.socket
    _out: FrameWriter

    def __init__(self, app: Callable[[WebSocket], Any], server: Any) -> None:
        """Prepare a connection; `app` is the bound method of an engineio socket that serves it."""
        self._app = app
        self._session: Any = app.__self__  # type: ignore[attr-defined]  # the engineio socket
        self._server = server
        self._frames = FrameReader(server.max_http_buffer_size)
        self._reader_done = server.create_event()
        self._closing = False
        self._turns = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Do the handshake and serve the connection to its end."""
        wire, refusal = _wire_of(environ), _refusal(environ)
        if isinstance(wire, ssl.SSLSocket):
            refusal = refusal or "TLS must end at the proxy."
        if refusal:
            self._abandon()
            return _refuse(start_response, refusal)
        self._wire = wire
        self._out = FrameWriter(wire, self._server.start_background_task)
        with _open_lock:
            _open.add(self)
        try:
            self._serve(environ)
        finally:
            with _open_lock:
                _open.discard(self)
        # engineio would do this next, but some servers are left by an exception.
        self._server.sockets.pop(self._session.sid, None)
        return _leave(environ)

    def send(self, message: str | bytes) -> None:
        """Send one message without waiting; raises `ConnectionError` when that is not possible any more."""
        self._out.write(encode_message(message))

    def wait(self) -> str | bytes | None:
        """Return the next message, None at the end."""
        message = self._next()
        if message is None:
            self._reader_done.set()
        return message

    def close(self) -> None:
        """Close; a peer that does not answer in time is cut."""
        self.say_close(NORMAL)
        if not self._reader_done.wait(CLOSE_WAIT):
            self._out.cut()

    def say_close(self, code: int, reason: str = "") -> None:
        """Send the close frame, once; whatever data still comes is ignored from now on."""
        self._closing = True
        try:
            self._out.write(encode_close(code, reason), last=True)
        except ConnectionError:
            return  # said before, or nobody is there to hear it

    def cut(self) -> None:
        """End the connection without another word."""
        self._out.cut()

    def _serve(self, environ: Environ) -> None:
        served = False
        try:
            self._wire.settimeout(None)
            if self._wire.family != socket.AF_UNIX:
                self._wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._out.write(_acceptance(environ["HTTP_SEC_WEBSOCKET_KEY"]))
            self._frames.feed(_read_ahead(environ, self._wire))
            self._app(self)
            served = True
        except OSError:
            pass  # gone before it was there
        except (ValueError, RecursionError):
            # engineio decodes a packet outside its own try.
            self.say_close(INVALID_DATA, "the packet can't be read")
        finally:
            if not served:
                self._abandon()
            self._finish()

    def _next(self) -> str | bytes | None:
        try:
            while True:
                self._take_turns()
                received = self._frames.read()
                if received is None:
                    data = self._wire.recv(RECEIVE_SIZE)
                    if not data:
                        return None
                    self._frames.feed(data)
                elif isinstance(received, Message):
                    if not self._closing:
                        return _packet(received.data)
                elif isinstance(received, Ping):
                    self._out.write(encode(PONG, received.payload))
                elif isinstance(received, Close):
                    self.say_close(received.code)
                    return None
        except ProtocolError as error:
            self.say_close(error.code, str(error))
        except OSError:
            pass  # lost, or cut
        return None

    def _take_turns(self) -> None:
        # A green thread that finds data waiting goes on reading: one flood would hold up everybody.
        self._turns += 1
        if self._turns >= TURNS:
            self._turns = 0
            self._server.sleep(0)

    def _abandon(self) -> None:
        """Close the engineio socket for which this connection was meant, and its writer with it."""
        self._session.queue.put(None)
        self._session.close(wait=False, abort=True, reason=self._server.reason.TRANSPORT_ERROR)

    def _finish(self) -> None:
        self._reader_done.set()
        if self._out.drain(CLOSE_WAIT):
            # To close with unread data in the buffer would reset the connection, and the peer might
            # never see the close frame.
            self._out.half_close()
            self._discard()
        self._out.cut()
        self._out.drain(CLOSE_WAIT)

    def _discard(self) -> None:
        deadline = time.monotonic() + CLOSE_WAIT
        try:
            for _ in range(LINGER_READS):
                self._wire.settimeout(max(deadline - time.monotonic(), 0.001))
                if not self._wire.recv(RECEIVE_SIZE):
                    return
        except OSError:
            return


def _guarded(handle_request: Application) -> Application:
    """Refuse an upgrade without `Connection: Upgrade`, as some proxies pass on: engineio would fail at it."""

    def handle(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
        if "HTTP_UPGRADE" in environ and "upgrade" not in map(str.strip, tokens):
            return _refuse(start_response, "The request must have Connection: Upgrade.")
        return handle_request(environ, start_response)

    return handle


def _packet(data: str | bytes) -> str | bytes:
    if isinstance(data, str) and (not data or data[0] not in PACKET_TYPES):
        raise ProtocolError(INVALID_DATA, "no such packet")
    return data


def _refusal(environ: Environ) -> str | None:
    """Say why a handshake can't be accepted (RFC 6455, 4.2.1); engineio has read Upgrade and Connection."""
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION", "").strip() != "13":
        return "Sec-WebSocket-Version must be 13."
    if environ.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/0.9"} or not environ.get("HTTP_HOST"):
        return "A WebSocket needs HTTP/1.1 and a Host."
    if environ.get("CONTENT_LENGTH") not in {None, "", "0"} or environ.get("HTTP_TRANSFER_ENCODING"):
        return "A WebSocket request has no body."
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", "").strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    return None if len(key) == KEY_SIZE else "Sec-WebSocket-Key must be 16 bytes in base64."


def _refuse(start_response: StartResponse, refusal: str) -> list[bytes]:
    status = "426 Upgrade Required" if "Version" in refusal else "400 Bad Request"
    body = refusal.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Sec-WebSocket-Version", "13"),
        ("Connection", "close"),
    ]
    start_response(status, headers)
    return [body]


def _acceptance(key: str) -> bytes:
    digest = hashlib.sha1((key.strip() + GUID).encode(), usedforsecurity=False).digest()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _wire_of(environ: Environ) -> socket.socket:
    """Return the connection's socket from where each server keeps it; `RuntimeError` for other servers."""
    wire = environ.get("werkzeug.socket") or environ.get("gunicorn.socket")
    if wire is None:  # pywsgi: the request's input reads from it
        wire = getattr(getattr(environ["wsgi.input"], "raw", None), "_sock", None)
    if wire is None:
        message = "this server does not give its sockets away: use academy serve or gunicorn"
        raise RuntimeError(message)
    found: socket.socket = wire
    return found


def _read_ahead(environ: Environ, wire: socket.socket) -> bytes:
    """Return what a hasty client sent right behind its request and the server has read already."""
    source = environ["wsgi.input"]
    if isinstance(source, io.BufferedReader):
        wire.settimeout(0)
        try:
            return source.peek()
        finally:
            wire.settimeout(None)
    # gunicorn keeps it below the request's body.
    unreader = getattr(getattr(source, "reader", None), "unreader", None)
    return unreader.take_buffered() if unreader is not None else b""


def _leave(environ: Environ) -> list[bytes]:
    """Make the server neither answer nor read another request from what was a WebSocket."""
    if "werkzeug.socket" in environ:
        raise ConnectionError
    if "gunicorn.socket" in environ:
        raise StopIteration
    environ["wsgi.input"].close()
    return []
