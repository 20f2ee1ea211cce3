"""Many Socket.IO connections of one process, on one epoll: Engine.IO 4 over WebSocket, and nothing else.

A client that measures must cost less than the server it measures. So this one knows only what a server of
docs/realtime.md sends: whole, unmasked text frames, a ping now and then, a close.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
WHOLE = 0x80
MASKED = 0x80
SHORT, MIDDLE = 126, 127
RECEIVE = 256 * 1024
AT_ONCE = 32  # handshakes in flight
PATIENCE = 120.0  # seconds until all are connected
STAMP = 35  # SO_TIMESTAMPNS of Linux, which Python has no name for
INSTANT = struct.Struct("@qq")  # seconds since 1970, and nanoseconds

OnAck = Callable[[Any], None]


@dataclass(slots=True, eq=False)
class Member:
    """One connection. `place` is for whoever counts what it has heard."""

    number: int
    socket: socket.socket
    rest: bytes = b""
    unsent: bytes = b""
    upgraded: bool = False
    place: int = 0
    asked: int = 0
    acks: dict[int, OnAck] = field(default_factory=dict)


def masked(payload: bytes, kind: int = TEXT) -> bytes:
    """Write one client frame."""
    size, mask = len(payload), os.urandom(4)
    if size < SHORT:
        head = bytes((WHOLE | kind, MASKED | size))
    else:
        head = bytes((WHOLE | kind, MASKED | SHORT)) + size.to_bytes(2)
    key = int.from_bytes((mask * (size // 4 + 1))[:size])
    return head + mask + (int.from_bytes(payload) ^ key).to_bytes(size)


def frame_at(data: bytes, at: int) -> tuple[int, int, int] | None:
    """Find the frame that begins at a place: what kind it is, where its payload begins and ends; None if not whole."""
    if len(data) < at + 2:
        return None
    first, size, begin = data[at], data[at + 1], at + 2
    if first & 0x70 or not first & WHOLE or size & MASKED:
        raise ValueError(f"no frame of a server begins with {data[at : at + 8]!r}")
    if size >= SHORT:
        begin += 2 if size == SHORT else 8
        if len(data) < begin:
            return None
        size = int.from_bytes(data[at + 2 : begin])
    return (first & 0x0F, begin, begin + size) if len(data) >= begin + size else None


class Crowd:
    """Connections to one server. What is heard goes to `heard`, which whoever counts overrides."""

    def __init__(self, port: int) -> None:
        """Connect nobody yet."""
        self._port = port
        self._poll = select.epoll()
        self._by_file: dict[int, Member] = {}
        self._numbers = iter(range(1 << 30))
        self.came = 0.0
        """When what is taken now reached this machine's end of the connection, in seconds since 1970.

        0 where the kernel does not say: it begins to keep such times once it is asked to, and some come before.
        """
        self.lost: list[str] = []
        """Why connections ended that we did not end."""

    # connections

    def dial(self, cookie: str, welcome: Callable[[Member], None]) -> Member:
        """Open one connection; `welcome` is called once Socket.IO has let it in."""
        wire = socket.create_connection(("127.0.0.1", self._port))
        wire.setblocking(False)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, STAMP, 1)
        member = Member(next(self._numbers), wire)
        member.acks[-1] = lambda _: welcome(member)
        self._by_file[wire.fileno()] = member
        self._poll.register(wire.fileno(), select.EPOLLIN)
        lines = [
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Cookie: academy={cookie}",
        ]
        self.write(member, "".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        return member

    def hang_up(self, member: Member) -> None:
        """End a connection without a word, as a lost network does."""
        if self._by_file.pop(member.socket.fileno(), None) is not None:
            self._poll.unregister(member.socket.fileno())
            member.socket.close()

    def close(self) -> None:
        """End all connections."""
        for member in list(self._by_file.values()):
            self.hang_up(member)
        self._poll.close()

    def poll(self, seconds: float) -> None:
        """Wait at most so long for something to come, and take what came."""
        for file, what in self._poll.poll(max(0.0, seconds), 1024):
            member = self._by_file.get(file)
            if member is None:
                continue
            if what & select.EPOLLOUT:
                self._flush(member)
                if not member.unsent and member.socket.fileno() >= 0:
                    self._poll.modify(file, select.EPOLLIN)
            if what & ~select.EPOLLOUT and member.socket.fileno() >= 0:
                self._receive(member)

    def until(self, found: Callable[[], bool], seconds: float) -> bool:
        """Poll until something is so; says whether it became so in time."""
        deadline = time.perf_counter() + seconds
        while not found():
            if time.perf_counter() > deadline:
                return False
            self.poll(0.05)
        return True

    # what goes out

    def emit(self, member: Member, event: str, data: Any, on_ack: OnAck | None = None) -> None:
        """Send an event, and let its answer be heard."""
        number = ""
        if on_ack is not None:
            member.asked += 1
            member.acks[member.asked] = on_ack
            number = str(member.asked)
        self.write(member, masked(f"42{number}{json.dumps([event, data])}".encode()))

    def write(self, member: Member, data: bytes) -> None:
        """Send bytes, now or as soon as they are taken."""
        waited = bool(member.unsent)
        member.unsent += data
        if not waited:
            self._flush(member)
            if member.unsent and member.socket.fileno() >= 0:
                self._poll.modify(member.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _flush(self, member: Member) -> None:
        try:
            member.unsent = member.unsent[member.socket.send(member.unsent) :]
        except BlockingIOError:
            return
        except OSError as error:
            self.drop(member, str(error))

    # what comes in

    def _receive(self, member: Member) -> None:
        try:
            data, told, _, _ = member.socket.recvmsg(RECEIVE, socket.CMSG_SPACE(INSTANT.size))
        except BlockingIOError:
            return
        except OSError as error:
            self.drop(member, str(error))
            return
        # By the kernel's clock: how busy this client is with what others got must not count as the server's time.
        seconds, more = INSTANT.unpack(told[0][2]) if told else (0, 0)
        self.came = seconds + more / 1e9
        if not data:
            self.drop(member, "the server hung up")
        elif member.upgraded:
            self.take(member, data)
        else:
            self._handshake(member, data)

    def _handshake(self, member: Member, data: bytes) -> None:
        head, found, rest = (member.rest + data).partition(b"\r\n\r\n")
        if not found:
            member.rest = head
        elif not head.startswith(b"HTTP/1.1 101 "):
            self.drop(member, head[:80].decode())
        else:
            member.rest, member.upgraded = b"", True
            self.take(member, rest)

    def take(self, member: Member, data: bytes) -> None:
        """Take bytes of one connection, frame by frame."""
        data = member.rest + data
        at = 0
        while (stop := self.frame(member, data, at)) is not None:
            at = stop
        member.rest = data[at:]

    def frame(self, member: Member, data: bytes, at: int) -> int | None:
        """Take the frame that begins there; returns where the next one begins, None where it is not whole yet."""
        found = frame_at(data, at)
        if found is None or member.socket.fileno() < 0:
            return None
        kind, begin, stop = found
        payload = data[begin:stop]
        if kind == TEXT:
            self._packet(member, payload, data[at:stop])
        elif kind == PING:
            self.write(member, masked(payload, PONG))
        elif kind == CLOSE:
            self.drop(member, f"closed: {payload!r}")
        return stop

    def _packet(self, member: Member, payload: bytes, frame: bytes) -> None:
        if payload.startswith(b"42"):
            self.heard(member, payload[2:], frame)
        elif payload.startswith(b"43"):
            start = payload.index(b"[")
            member.acks.pop(int(payload[2:start]))(json.loads(payload[start:])[0])
        elif payload.startswith(b"2"):
            self.write(member, masked(b"3" + payload[1:]))
        elif payload.startswith(b"0"):
            self.write(member, masked(b"40"))
        elif payload.startswith(b"40"):
            member.acks.pop(-1)(None)
        else:
            self.drop(member, payload[:200].decode())

    def heard(self, member: Member, event: bytes, frame: bytes) -> None:
        """Take an event: `event` is its JSON array, `frame` the whole frame that it came in."""

    def drop(self, member: Member, why: str) -> None:
        """A connection ended that we did not end."""
        self.lost.append(why)
        self.hang_up(member)


def connect(crowd: Crowd, cookies: list[str], space: str, *, open_space: int | None = None) -> list[Member]:
    """Connect somebody per cookie, of whom the first `open_space` (all by default) open the space; wait for all."""
    members: list[Member] = []
    ready: list[Member] = []

    def enter(member: Member) -> None:
        crowd.emit(member, "space:open", {"spaces": {space: 0}}, lambda answer: _opened(ready, member, answer))

    deadline = time.perf_counter() + PATIENCE
    while len(ready) < len(cookies):
        while len(members) < len(cookies) and len(members) - len(ready) < AT_ONCE:
            opens = open_space is None or len(members) < open_space
            members.append(crowd.dial(cookies[len(members)], enter if opens else ready.append))
        crowd.poll(0.05)
        if crowd.lost or time.perf_counter() > deadline:
            raise SystemExit(f"{len(ready)} of {len(cookies)} connected; {crowd.lost[:3]}")
    return members


def _opened(ready: list[Member], member: Member, answer: Any) -> None:
    if not answer["ok"]:
        raise SystemExit(f"the room does not open: {answer}")
    ready.append(member)
