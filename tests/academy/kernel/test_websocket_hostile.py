"""A hundred thousand frames that are wrong, huge, cut into pieces or plain noise, over real wires."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.academy.kernel.room_server import MAX_MESSAGE
from tests.academy.kernel.wires import Client, Server, frames_of

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL = 0x80
Chance = random.Random
MOST_MORE_MEMORY = 64 * 1024  # KiB


def masked(first: int, payload: bytes, chance: Chance, size: int | None = None) -> bytes:
    """Return a frame as a client masks it; `size` is what it says of its length."""
    size = len(payload) if size is None else size
    key = chance.randbytes(4)
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    hidden = (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(len(payload))
    if size <= 125:
        return struct.pack("!BB", first, 0x80 | size) + key + hidden
    if size < 1 << 16:
        return struct.pack("!BBH", first, 0xFE, size) + key + hidden
    return struct.pack("!BBQ", first, 0xFF, size) + key + hidden


def fragments(payload: bytes, chance: Chance) -> list[bytes]:
    """Return a message in pieces, some of them empty, with pings in between."""
    cuts = sorted(chance.choices(range(len(payload) + 1), k=chance.randint(1, 5)))
    parts = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    frames = [masked(CONT if number else TEXT, part, chance) for number, part in enumerate(parts[:-1])]
    if chance.random() < 0.5:
        frames.insert(chance.randint(1, len(frames)), masked(FINAL | PING, b"still there?", chance))
    return [*frames, masked(FINAL | CONT, parts[-1], chance)]


def noise(chance: Chance) -> str:
    """Return characters of all kinds."""
    return "".join(chr(chance.choice([*range(32, 127), 0, 10, 0xE9, 0x2028, 0x1F600])) for _ in range(12))


def value(chance: Chance, depth: int = 3) -> object:
    """Return anything that JSON can say."""
    if depth and chance.random() < 0.3:
        return [value(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    if depth and chance.random() < 0.3:
        return {noise(chance): value(chance, depth - 1) for _ in range(chance.randint(0, 3))}
    return chance.choice([None, True, 0, -1, 10**30, 1.5e300, "", noise(chance), "_placeholder", "\ud800"])


def bearable(chance: Chance) -> list[bytes]:
    """Return frames that a connection outlives."""
    named = chance.choice(["echo", "join", "say", "disconnect", "connect", "*", noise(chance)])
    packet = chance.choice(
        [
            "2", "3", "5", "6", "2probe", "40", "40/elsewhere,", "41/elsewhere,", '40{"token":1}', "430[1]", "43[]",
            "4", "4x", "44", "49", "42[", "40{", "451-", "42[[[", '4"2[]"', "4null", f"42{10**101}[]",
            "42", "42[]", "42{}", "42[[]]", '42["echo"]', '451-["echo",{"_placeholder":true,"num":0}]', "46",
            "4" + json.dumps([value(chance)]), "42" + json.dumps([value(chance)]),
            f"42{chance.randint(0, 10**9)}" + json.dumps([named, value(chance)]),
            f"42/elsewhere,{json.dumps([named])}",
        ]
    )  # fmt: skip
    payload = packet.encode(errors="replace")
    kind = chance.random()
    if kind < 0.45:
        return [masked(FINAL | TEXT, payload, chance)]
    if kind < 0.65:
        return fragments(payload, chance)
    if kind < 0.75:
        return [masked(FINAL | BINARY, chance.randbytes(chance.randint(0, 300)), chance)]
    if kind < 0.755:
        huge = b'42["echo","' + b"x" * (MAX_MESSAGE - 13) + b'"]'
        return [masked(FINAL | chance.choice([TEXT, BINARY]), huge, chance)]
    return [masked(FINAL | chance.choice([PING, PONG]), chance.randbytes(chance.randint(0, 125)), chance)]


FATAL: list[Callable[[Chance], bytes]] = [
    lambda chance: chance.randbytes(chance.randint(2, 200)),
    lambda chance: bytes([chance.randint(0, 255), chance.randint(0, 127)]) + chance.randbytes(130),
    lambda chance: masked(FINAL | chance.choice([0x10, 0x20, 0x40]) | TEXT, b"4", chance),
    lambda chance: masked(FINAL | chance.choice([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), b"", chance),
    lambda chance: masked(chance.choice([PING, PONG, CLOSE]), b"", chance),
    lambda chance: masked(FINAL | PING, chance.randbytes(chance.randint(126, 400)), chance),
    lambda chance: masked(FINAL | CONT, b"nothing to go on with", chance),
    lambda chance: masked(TEXT, b"4", chance) + masked(FINAL | TEXT, b"4", chance),
    lambda chance: masked(FINAL | TEXT, b"4", chance, size=chance.choice([MAX_MESSAGE + 1, 1 << 40, (1 << 64) - 1])),
    lambda chance: masked(FINAL | TEXT, b"4" + bytes([chance.randint(0x80, 0xFF)]), chance),
    lambda chance: masked(FINAL | TEXT, b"4" + b"[" * chance.choice([1, 2000, 90_000]), chance),
    lambda chance: masked(FINAL | TEXT, chance.choice([b"", b"x", b"7", b"\xd9\xa3"]), chance),
    lambda chance: masked(FINAL | CLOSE, chance.randbytes(chance.randint(1, 125)), chance),
    lambda chance: masked(FINAL | TEXT, b"4" * 1000, chance)[: chance.randint(1, 900)],
    lambda chance: masked(FINAL | TEXT, b"1", chance),
    lambda _: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
]


def hurt(port: int, chance: Chance, store: list[list[bytes]]) -> int:
    """Send frames over one connection, the last of them fatal, and see it end; returns how many were sent."""
    frames = [frame for message in chance.choices(store, k=80) for frame in message]
    frames += [masked(FINAL | TEXT, b'429999["echo","alive"]', chance), chance.choice(FATAL)(chance)]
    with Client(port).enter() as client:
        with contextlib.suppress(ConnectionError):
            client.wire.sendall(b"".join(frames))
            if chance.random() < 0.1:
                client.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return len(frames)
            client.wire.shutdown(socket.SHUT_WR)
            heard = client._buffer
            while data := client.wire.recv(1 << 16):
                heard += data
            assert any(payload == b'439999["alive"]' for _, payload in frames_of(heard)), "all but the last is borne"
    return len(frames)


def memory_of(process: int) -> int:
    """Return the resident KiB of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


@pytest.mark.parametrize(("mode", "frames"), [("gevent", 60_000), ("threading", 25_000), ("eventlet", 20_000)])
def test_no_frames_crash_the_server_fill_its_log_or_its_memory(mode: str, frames: int) -> None:
    chance = random.Random(f"{mode} 20261122")
    store = [bearable(chance) for _ in range(4_000)]
    server = Server(mode, ROOM_ADMITS="echo join").ready()
    try:
        with Client(server.port).enter() as bystander:
            sent = sum(hurt(server.port, chance, store) for _ in range(50))
            before = memory_of(server.process.pid)
            while sent < frames:
                sent += hurt(server.port, chance, store)
            assert sent >= frames
            assert memory_of(server.process.pid) - before < MOST_MORE_MEMORY
            assert bystander.ask("echo", "unhurt") == "unhurt"
        assert server.settles()
        code, _, said = server.end()
    finally:
        server.end(signal.SIGKILL)
    assert code == 0
    assert "Traceback" not in said, said[:2000]
    assert len(said) < 2000, said[:2000]
