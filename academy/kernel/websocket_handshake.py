"""How a request becomes a WebSocket: what is refused, what is answered, and where each server keeps the socket."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
KEY_SIZE = 16
PLACES = ("werkzeug.socket", "gunicorn.socket", "academy.socket")  # where servers keep the connection's socket

Environ = MutableMapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def guarded(handle_request: Application) -> Application:
    """Refuse an upgrade without `Connection: Upgrade`, as some proxies pass on: engineio would fail at it."""

    def handle(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        tokens = environ.get("HTTP_CONNECTION", "").lower().split(",")
        if "HTTP_UPGRADE" in environ and "upgrade" not in map(str.strip, tokens):
            return refuse(start_response, "The request must have Connection: Upgrade.")
        return handle_request(environ, start_response)

    return handle


def refusal_of(environ: Environ) -> str | None:
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


def refuse(start_response: StartResponse, refusal: str) -> list[bytes]:
    """Answer a request that can't become a WebSocket."""
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


def acceptance(key: str) -> bytes:
    """Return the answer to a request with this `Sec-WebSocket-Key`."""
    digest = hashlib.sha1((key.strip() + GUID).encode(), usedforsecurity=False).digest()
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def wire_of(environ: Environ) -> socket.socket:
    """Return the connection's socket from where each server keeps it; `RuntimeError` for other servers."""
    wire = next((environ[place] for place in PLACES if place in environ), None)
    if wire is None:  # pywsgi: the request's input reads from it
        wire = getattr(getattr(environ["wsgi.input"], "raw", None), "_sock", None)
    if wire is None:
        message = "this server does not give its sockets away: use academy serve or gunicorn"
        raise RuntimeError(message)
    found: socket.socket = wire
    return found


def read_ahead(environ: Environ, wire: socket.socket) -> bytes:
    """Return what a hasty client sent right behind its request and the server has read already.

    pywsgi's buffer of 8 KiB, which would be kept for as long as the connection, is given back.
    """
    source = environ["wsgi.input"]
    source = getattr(source, "rfile", source)  # eventlet keeps it below the request's body
    if isinstance(source, io.BufferedReader):
        wire.settimeout(0)
        try:
            return source.peek()
        finally:
            wire.settimeout(None)
            if not any(place in environ for place in PLACES):
                source.close()
    # gunicorn keeps it below the request's body.
    unreader = getattr(getattr(source, "reader", None), "unreader", None)
    return unreader.take_buffered() if unreader is not None else b""


def leave(environ: Environ) -> list[bytes]:
    """Make the server neither answer nor read another request from what was a WebSocket."""
    if "werkzeug.socket" in environ:
        raise ConnectionError
    if "gunicorn.socket" in environ:
        raise StopIteration
    if "academy.leave" in environ:
        environ["academy.leave"]()
    else:
        environ["wsgi.input"].close()
    return []
