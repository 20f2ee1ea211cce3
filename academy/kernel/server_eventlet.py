"""Serves with eventlet: a green thread for each connection."""

from __future__ import annotations

import contextlib
import signal
import socket
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import eventlet
from eventlet import wsgi

from academy.kernel.server import REQUEST_TIMEOUT

if TYPE_CHECKING:
    from flask import Flask

CONNECTIONS = 100_000  # eventlet accepts no more once its pool is full: the limit of open files comes first
LAST_REQUESTS = 1.0  # seconds that requests in hand get to end


class Handler(wsgi.HttpProtocol):  # type: ignore[misc]  # eventlet has no types
    """Says what eventlet leaves out of a request, and nothing on stderr."""

    def get_environ(self) -> dict[str, Any]:
        """Return the request, with what the WebSocket driver needs of this server."""
        environ: dict[str, Any] = super().get_environ()
        environ["SERVER_PROTOCOL"] = self.request_version  # HTTP/1.0 otherwise, whatever was spoken
        environ["wsgi.input_terminated"] = True  # a body in chunks ends where it ends
        environ["academy.socket"] = self.connection
        environ["academy.leave"] = _leave
        return environ

    def handle(self) -> None:
        """Serve one connection; whoever is gone is gone without a word in the log."""
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing of requests that can't be read."""


def _told(app: Flask) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Say on stderr what the app raises: eventlet tells it to the log of requests only, which there is none of."""

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except Exception:
            traceback.print_exc()
            raise

    return application


def _leave() -> None:
    wsgi.WSGI_LOCAL.already_handled = True


def serve(listener: socket.socket, app: Flask, ready: Callable[[], None], stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; call `ready` once it serves and `stop` once it accepts no more."""
    pool = eventlet.GreenPool(CONNECTIONS)
    with _asked_to_stop() as asked:
        accepting = eventlet.spawn(
            wsgi.server,
            listener,
            _told(app),
            custom_pool=pool,
            protocol=Handler,
            socket_timeout=REQUEST_TIMEOUT,
            log_output=False,
            debug=False,
            capitalize_response_headers=False,  # Sec-WebSocket-Version, not Sec-Websocket-Version
        )
        ready()
        asked.recv(1)
        accepting.kill()  # idle connections end at once, those with a request in hand after it
        listener.close()
        stop()
        with eventlet.Timeout(LAST_REQUESTS, False):
            pool.waitall()


@contextlib.contextmanager
def _asked_to_stop() -> Any:
    """Give a socket on which a byte arrives with SIGTERM or SIGINT: a signal alone does not wake eventlet's hub."""
    asked, wake = socket.socketpair()
    with asked, wake:
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _heard)
        try:
            yield asked
        finally:
            signal.set_wakeup_fd(-1)


def _heard(*_: object) -> None:
    """Do nothing: the byte says it."""
