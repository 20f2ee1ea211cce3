"""Serves with werkzeug: a thread for each connection."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from academy.kernel.server import REQUEST_TIMEOUT

if TYPE_CHECKING:
    import socket

    from flask import Flask

LAST_REQUESTS = 1.0  # seconds that requests in hand get to end


class Handler(WSGIRequestHandler):
    """Logs no access, lets no connection stand still for ever and reads nothing behind a WebSocket."""

    timeout = REQUEST_TIMEOUT

    def log_request(self, *_: object) -> None:
        """Say nothing."""

    def connection_dropped(self, *_: object) -> None:
        """End a connection that was lost or was a WebSocket."""
        self.close_connection = True


class Server(ThreadedWSGIServer):
    """Knows how many requests are in hand."""

    in_hand = 0
    _counting = threading.Lock()

    def process_request_thread(self, *connection: Any) -> None:
        """Serve one connection."""
        with self._counting:
            self.in_hand += 1
        try:
            super().process_request_thread(*connection)
        finally:
            with self._counting:
                self.in_hand -= 1


def serve(listener: socket.socket, app: Flask, ready: Callable[[], None], stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; call `ready` once it serves and `stop` once it accepts no more."""
    host, port = listener.getsockname()[:2]
    server = Server(host, port, app, Handler, fd=listener.fileno())
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        ready()
        server.serve_forever(poll_interval=60)
    except KeyboardInterrupt:
        server.server_close()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    listener.close()
    stop()
    deadline = time.monotonic() + LAST_REQUESTS
    while server.in_hand and time.monotonic() < deadline:
        time.sleep(0.02)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
