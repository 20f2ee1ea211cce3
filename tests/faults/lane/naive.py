"""Live messages as tutorials write them: the server passes on what comes, the client shows what it hears."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

import socketio
from socketio.exceptions import SocketIOError
from werkzeug.serving import WSGIRequestHandler, make_server


class _Silent(WSGIRequestHandler):
    def log(self, *_args: object) -> None:
        """Say nothing."""


@dataclass
class Relay:
    """A server that stores what comes and emits it to everybody; python-socketio does the rest."""

    port: int
    stored: list[str]


@contextmanager
def relay() -> Iterator[Relay]:
    """Serve for a while."""
    server = socketio.Server(async_mode="threading", transports=["websocket"])
    stored: list[str] = []

    @server.on("post")
    def _post(_sid: str, words: str) -> None:
        stored.append(words)
        server.emit("post", words)

    listener = make_server("127.0.0.1", 0, socketio.WSGIApp(server), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield Relay(listener.port, stored)
    finally:
        listener.shutdown()
        thread.join(5)


@dataclass
class Listener:
    """A client that emits, listens and reconnects by itself, as python-socketio does it."""

    name: str
    url: str
    said: list[str] = field(default_factory=list)
    screen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = socketio.Client(reconnection_delay=1, reconnection_delay_max=4, handle_sigint=False)
        self.client.on("post", self.screen.append)

    def __enter__(self) -> Self:
        self.client.connect(self.url, transports=["websocket"], wait_timeout=5, retry=True)
        return self

    def __exit__(self, *_error: object) -> None:
        threading.Thread(target=self.client.shutdown, daemon=True).start()  # it may wait for a reconnection

    def say(self, words: str) -> None:
        """Emit something, if there is a connection."""
        self.said.append(words)
        try:
            self.client.emit("post", words)
        except SocketIOError:
            pass  # there is none just now: that is what happens to words there
