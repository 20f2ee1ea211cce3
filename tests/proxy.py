"""A wire between client and server that can fail: it cuts, refuses, swallows and goes dead."""

from __future__ import annotations

import random
import selectors
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close at once and without farewell


class Proxy:
    """Listens on a port of its own and passes bytes on to a server, as long as it is told to.

    `lives` draws how many seconds each connection lasts; None lets it last. `refusing` turns new connections away.
    `swallowing` takes what the server answers and throws it away: what was sent arrives, and nobody learns of it.
    `without_sockets` cuts whoever asks for a WebSocket, as some networks do; plain requests pass.
    """

    def __init__(self, port: int, *, lives: random.Random | None = None) -> None:
        self._server_port = port
        self._lives = lives
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: set[socket.socket] = set()
        self._frozen: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = False
        self.refusing = False
        self.swallowing = False
        self.without_sockets = False
        self.cuts = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._ended = True
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def cut(self) -> None:
        """Cut every connection there is, as a lost network does."""
        with self._lock:
            wires, self._open = self._open, set()
        for wire in wires:
            _cut(wire)

    def freeze(self) -> None:
        """Pass nothing on any more of the connections that there are, and tell nobody; new ones pass."""
        with self._lock:
            self._frozen |= self._open

    def _accept(self) -> None:
        self._listener.settimeout(0.2)
        while not self._ended:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self.refusing:
                _cut(client)
                continue
            thread = threading.Thread(target=self._pass_on, args=[client], daemon=True)
            thread.start()
            self._threads.append(thread)

    def _pass_on(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port), 5)
        except OSError:
            _cut(client)
            return
        ends = time.monotonic() + 0.3 + self._lives.expovariate(1 / 3) if self._lives else None
        with self._lock:
            self._open |= {client, server}
        with selectors.DefaultSelector() as waiting:
            for wire, other in ((client, server), (server, client)):
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                waiting.register(wire, selectors.EVENT_READ, other)
            try:
                while ends is None or time.monotonic() < ends:
                    for key, _ in waiting.select(0.05):
                        if client in self._frozen:
                            time.sleep(0.05)
                            continue
                        chunk = key.fileobj.recv(65536)
                        if not chunk:
                            return
                        if self.without_sockets and key.fileobj is client and b"\nUpgrade: websocket" in chunk:
                            return
                        if not (self.swallowing and key.fileobj is server):
                            key.data.sendall(chunk)
                    if client.fileno() < 0:
                        return
                self.cuts += 1
            except (OSError, ValueError):
                pass  # cut from outside, or the other side has gone
            finally:
                for wire in (client, server):
                    _cut(wire)
                with self._lock:
                    self._open -= {client, server}
                    self._frozen -= {client, server}


def _cut(wire: socket.socket) -> None:
    try:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    except OSError:
        return  # it is closed already
    wire.close()
