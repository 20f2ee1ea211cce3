"""Serves with gevent: a green thread for each connection."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from academy.kernel.server import REQUEST_TIMEOUT

if TYPE_CHECKING:
    import socket

    from flask import Flask

LAST_REQUESTS = 1.0  # seconds that requests in hand get to end


class Handler(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """Lets no connection stand still for ever; a WebSocket lifts this for itself."""

    def __init__(self, sock: Any, *rest: Any) -> None:
        """Begin with one connection."""
        sock.settimeout(REQUEST_TIMEOUT)
        super().__init__(sock, *rest)


def serve(listener: socket.socket, app: Flask, ready: Callable[[], None], stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; call `ready` once it serves and `stop` once it accepts no more."""
    server = WSGIServer(listener, app, log=None, spawn=Pool(), handler_class=Handler)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, stopping.set)
    server.start()
    ready()
    stopping.wait()
    server.close()
    stop()
    server.stop(LAST_REQUESTS)
