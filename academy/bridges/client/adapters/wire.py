"""One connection: Socket.IO 5 over a WebSocket, as text frames.

python-socketio's own client hands every message to a thread of its own, so that their order is lost before anybody
sees it; here one thread reads, and what it reads is told in order.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import websocket
from socketio import packet
from websocket import WebSocketException

OPEN, CLOSE, PING, PONG, MESSAGE = "01234"


class Away(Exception):
    """The academy can't be reached, or the connection has ended; it is to be left alone for at least `wait` seconds."""

    def __init__(self, why: str = "", wait: float = 0.0) -> None:
        """Keep why."""
        super().__init__(why)
        self.wait = wait


class Unwelcome(Exception):
    """The academy does not want this connection: `code` as docs/realtime.md lists them, and what it says beside it."""

    def __init__(self, code: str, told: Mapping[str, Any]) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code
        self.told = told


class Wire:
    """An open connection.

    `hear(name, payload)` gets what comes, in order, and at the end `gone`, from a thread of its own.
    """

    def __init__(
        self, url: str, *, headers: Mapping[str, str], hear: Callable[[str, Any], None], token: str = ""
    ) -> None:
        """Connect, by a cookie among the headers or by a personal API token; raises `Away` and `Unwelcome`."""
        self._hear = hear
        self._ids = count(1)
        self._answers: dict[int, Callable[[Any], None]] = {}
        parts = urlsplit(url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path.rstrip('/')}/socket.io/"
        address = urlunsplit((scheme, parts.netloc, path, "EIO=4&transport=websocket", ""))
        try:
            # Text is decoded anyway, and what is none is refused then: to look at each byte before takes far longer.
            self._socket = websocket.create_connection(
                address, timeout=10, header=dict(headers), skip_utf8_validation=True
            )
        except (OSError, WebSocketException) as error:
            raise Away(str(error)) from error
        try:
            told = json.loads(self._expect(OPEN))
            self._socket.send(MESSAGE + packet.Packet(packet.CONNECT, {"token": token} if token else None).encode())
            answer = packet.Packet(encoded_packet=self._expect(MESSAGE))
            while answer.packet_type not in {packet.CONNECT, packet.CONNECT_ERROR}:
                self._take(answer)  # a server may have news before it has said welcome
                answer = packet.Packet(encoded_packet=self._expect(MESSAGE))
            if answer.packet_type == packet.CONNECT_ERROR:
                data = answer.data if isinstance(answer.data, dict) else {}
                more = data.get("data")
                raise Unwelcome(str(data.get("message", "")), more if isinstance(more, dict) else {})
            # A server that says nothing for longer than this is not there any more.
            self._socket.settimeout((told["pingInterval"] + told["pingTimeout"]) / 1000)
        except (OSError, WebSocketException, ValueError, KeyError) as error:
            self._socket.shutdown()
            raise Away(str(error)) from error
        except BaseException:
            self._socket.shutdown()
            raise
        threading.Thread(target=self._read, name="academy-wire", daemon=True).start()

    def ask(self, event: str, payload: Any, answered: Callable[[Any], None]) -> None:
        """Send an event; `answered` gets its ack, unless the connection ends first. Raises `Away`."""
        number = next(self._ids)
        self._answers[number] = answered
        try:
            self._socket.send(MESSAGE + packet.Packet(packet.EVENT, [event, payload], id=number).encode())
        except (OSError, WebSocketException) as error:
            raise Away(str(error)) from error

    def close(self) -> None:
        """Hang up."""
        self._socket.abort()

    def _expect(self, kind: str) -> str:
        while True:
            frame = self._socket.recv()
            if isinstance(frame, str) and frame.startswith(kind):
                return frame[1:]
            if not isinstance(frame, str) or frame[:1] in {"", CLOSE}:
                raise Away

    def _read(self) -> None:
        try:
            while True:
                frame = self._socket.recv()
                if not isinstance(frame, str) or frame[:1] in {"", CLOSE}:
                    break
                if frame[0] == PING:
                    self._socket.send(PONG + frame[1:])
                elif frame[0] == MESSAGE and not self._take(packet.Packet(encoded_packet=frame[1:])):
                    break
        except (OSError, WebSocketException, ValueError):
            pass  # lost, cut, or no language that we speak
        finally:
            self._socket.shutdown()
            self._hear("gone", None)

    def _take(self, found: packet.Packet) -> bool:
        if found.packet_type == packet.EVENT:
            self._hear(str(found.data[0]), found.data[1] if len(found.data) > 1 else None)
        elif found.packet_type == packet.ACK:
            answered = self._answers.pop(found.id, None)
            if answered is not None:
                answered(found.data[0] if found.data else None)
        return bool(found.packet_type != packet.DISCONNECT)
