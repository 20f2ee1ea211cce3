"""The outgoing side: whole frames in order, nobody waits, nothing grows without bound."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from academy.kernel.websocket_writer import BACKLOG_MAX, FrameWriter

started: list[threading.Thread] = []


def spawn(function: Any) -> threading.Thread:
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    started.append(thread)
    return thread


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection whose buffers hold next to nothing."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.settimeout(5)
    started.clear()
    with ours, theirs:
        yield ours, theirs
        ours.shutdown(socket.SHUT_RDWR)
        for thread in started:
            thread.join(5)
            assert not thread.is_alive()


def read(wire: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := wire.recv(1 << 16)):
        found += data
    return found


def test_what_the_kernel_does_not_take_follows_whole_and_in_order(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    chance = random.Random(7)
    sent = b""
    for number in range(300):
        frame = bytes([number % 256]) * chance.choice([1, 10, 3000, 20_000])
        writer.write(frame)
        sent += frame
        if number % 40 == 39:
            assert read(theirs, len(sent)) == sent
            assert writer.drain(5)
            sent = b""
    assert read(theirs, len(sent)) == sent


def test_frames_of_several_threads_never_mix(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    size, each = 777, 40

    def write(letter: bytes) -> None:
        for _ in range(each):
            writer.write(letter * size)

    threads = [spawn(lambda letter=letter: write(letter)) for letter in (b"a", b"b", b"c", b"d")]
    got = read(theirs, size * each * len(threads))
    chunks = [got[i : i + size] for i in range(0, len(got), size)]
    assert len(chunks) == each * 4
    assert all(len(set(chunk)) == 1 for chunk in chunks)


def test_a_write_to_a_reader_that_reads_nothing_does_not_wait(pair: Any) -> None:
    ours, _ = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    for _ in range(10):
        writer.write(b"x" * 100_000)
    assert not writer.drain(0.05)


def test_a_reader_is_cut_exactly_when_more_waits_than_may(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock(), limit=10_000)
    writer.write(b"1" * 500_000)  # one frame may be of any size: it is on its way
    writer.write(b"2" * 4_000)
    writer.write(b"3" * 6_000)
    with pytest.raises(ConnectionError, match="stalled"):
        writer.write(b"4")
    with pytest.raises(ConnectionError):
        writer.write(b"5")
    got = read(theirs, 1 << 20)
    assert set(got) == {ord("1")}
    assert len(got) < 500_000


def test_the_limit_is_one_megabyte() -> None:
    assert BACKLOG_MAX == 1024 * 1024


def test_room_is_counted_anew_when_the_reader_has_read(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock(), limit=10_000)
    for letter in b"abc":
        for size in (300_000, 5_000, 5_000):
            writer.write(bytes([letter]) * size)
        assert read(theirs, 310_000) == bytes([letter]) * 310_000
        assert writer.drain(5)


def test_nothing_follows_the_last_frame(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    writer.write(b"bye", last=True)
    with pytest.raises(ConnectionError):
        writer.write(b"and another thing")
    writer.half_close()
    assert read(theirs, 100) == b"bye"


def test_cutting_wakes_whoever_reads_from_the_connection(pair: Any) -> None:
    ours, _ = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    heard: list[bytes] = []
    reader = spawn(lambda: heard.append(ours.recv(10)))
    writer.cut()
    reader.join(5)
    assert heard == [b""]


def test_a_peer_that_went_away_is_a_lost_connection(pair: Any) -> None:
    ours, theirs = pair
    writer = FrameWriter(ours, spawn, threading.Lock())
    theirs.close()
    with pytest.raises(ConnectionError, match="lost"):
        writer.write(b"x")
