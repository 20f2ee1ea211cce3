"""Raw wires: a WebSocket client that can misbehave, and servers in processes of their own.

Frames are made by websocket-client's ABNF and taken apart here, so that nothing is compared with itself.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from websocket import ABNF

ROOT = Path(__file__).parents[3]
PATH = "/socket.io/?EIO=4&transport=websocket"
SERVE = (
    "-m",
    "academy.kernel.serve",
    "--port",
    "0",
    "--app",
    "tests.academy.kernel.room_server:create_app_with_kernel",
)
GUNICORN = ("-m", "gunicorn", "tests.academy.kernel.room_server:app")
COMMANDS = {
    "gevent": ("gevent", SERVE),
    "eventlet": ("eventlet", SERVE),
    "threading": ("threading", SERVE),
    "gunicorn gevent": ("gevent", GUNICORN),
    "gunicorn eventlet": ("eventlet", GUNICORN),
    "gunicorn gthread": ("threading", GUNICORN),
}


def frame(payload: bytes | str, opcode: int = ABNF.OPCODE_TEXT, *, final: bool = True) -> bytes:
    """Return a client's frame."""
    data = payload.encode() if isinstance(payload, str) else payload
    return bytes(ABNF(int(final), 0, 0, 0, opcode, 1, data).format())


def frames_of(data: bytes) -> list[tuple[int, bytes]]:
    """Take a server's byte stream of whole frames apart: opcodes and payloads."""
    found = []
    while data:
        size, start = data[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], "big")
        assert data[0] & 0x70 == 0
        assert len(data) >= start + size, "half a frame"
        found.append((data[0] & 0x0F, data[start : start + size]))
        data = data[start + size :]
    return found


class Client:
    """One connection that has shaken hands, or was refused: then `status` is not 101."""

    def __init__(
        self, port: int, *, behind: bytes = b"", receive_buffer: int | None = None, **headers: str | None
    ) -> None:
        """Connect and read the answer; `behind` goes out in the same breath as the request."""
        self.wire = socket.socket()
        if receive_buffer:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.wire.settimeout(10)
        self.wire.connect(("127.0.0.1", port))
        fields: dict[str, str | None] = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "keep-alive, Upgrade",
            "Sec_WebSocket_Version": "13",
            "Sec_WebSocket_Key": base64.b64encode(os.urandom(16)).decode(),
            **headers,
        }
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
        self.wire.sendall("\r\n".join([f"GET {PATH} HTTP/1.1", *lines, "", ""]).encode() + behind)
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        self.head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        self.status = int(self.head.split()[1])

    def __enter__(self) -> Self:
        """Use it for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.wire.close()

    def _more(self) -> None:
        data = self.wire.recv(1 << 20)
        if not data:
            raise EOFError(self._buffer)
        self._buffer += data

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def receive(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame; raises `EOFError` with what is left at the end."""
        first, second = self._take(2)
        assert first & 0x70 == 0, "an extension that nobody asked for"
        assert first & 0x80, "the server does not fragment"
        assert second & 0x80 == 0, "a server does not mask"
        size = second
        if second == 126:
            size = int.from_bytes(self._take(2), "big")
        elif second == 127:
            size = int.from_bytes(self._take(8), "big")
        return first & 0x0F, self._take(size)

    def text(self) -> str:
        """Return the next text message that is no Engine.IO ping."""
        while True:
            opcode, payload = self.receive()
            assert opcode == ABNF.OPCODE_TEXT, (opcode, payload)
            if payload != b"2":
                return payload.decode()

    def send(self, text: str) -> None:
        """Send one text message."""
        self.wire.sendall(frame(text))

    def enter(self) -> Self:
        """Connect to the namespace."""
        assert self.status == 101, self.head
        assert self.text().startswith("0{")
        self.send("40")
        assert self.text().startswith("40{")
        return self

    def ask(self, event: str, data: Any) -> Any:
        """Send an event and return its ack."""
        self.send("420" + json.dumps([event, data]))
        answer = self.text()
        assert answer.startswith("430"), answer
        return json.loads(answer[3:])[0]

    def ending(self) -> tuple[int | None, bytes]:
        """Read to the end; return the close code, if there was one, and what came behind it."""
        code = None
        try:
            while True:
                opcode, payload = self.receive()
                if opcode == ABNF.OPCODE_CLOSE:
                    code = int.from_bytes(payload[:2], "big")
                    rest = self._buffer
                    while data := self.wire.recv(1 << 16):
                        rest += data
                    return code, rest
        except (EOFError, ConnectionError):
            return code, b""


def free_port() -> int:
    """Return a port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server in a process of its own."""

    def __init__(self, name: str, *more: str, **environment: str) -> None:
        """Start it; `ready()` waits until it answers."""
        mode, command = COMMANDS[name]
        self.gunicorn = command is GUNICORN
        self.port = free_port() if self.gunicorn else 0
        env = {**os.environ, "PYTHONPATH": str(ROOT), "ACADEMY_ASYNC": mode, **environment}
        env |= {"PORT": str(self.port)} if self.gunicorn else {}
        self.process = subprocess.Popen(
            [sys.executable, *command, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=ROOT,
            text=True,
        )
        self.lines: list[str] = []

    def ready(self) -> Server:
        """Wait until it listens."""
        assert self.process.stdout is not None
        if not self.gunicorn:
            for line in self.process.stdout:
                self.lines.append(line)
                if line.startswith("Listening on http://127.0.0.1:"):
                    self.port = int(line.rsplit(":", 1)[1])
                    return self
            raise AssertionError(self.lines)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.get("/") == "hello":
                    return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.end())

    def get(self, path: str) -> str:
        """Return a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            body: str = answer.read().decode()
            return body

    def connections(self) -> dict[str, int]:
        """Return how many connections the driver and engineio know of."""
        found: dict[str, int] = json.loads(self.get("/open"))
        return found

    def settles(self) -> bool:
        """Wait until no connection is left; say whether that came."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self.connections() == {"driver": 0, "engine": 0}:
                return True
            time.sleep(0.05)
        return False

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float, str]:
        """Stop it; return exit code, seconds and what it still said."""
        started = time.monotonic()
        self.process.send_signal(number)
        try:
            said, _ = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            said, _ = self.process.communicate()
        return self.process.returncode, time.monotonic() - started, said
