"""Whoever sends more than anybody can want holds up nobody else, and holds little of the server's memory."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import signal
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websocket import ABNF

from academy.kernel.websocket import TURN, TURNS, WebSocket
from academy.kernel.websocket_engine import JOIN_MAX
from academy.kernel.websocket_frames import FRAGMENTS_MAX
from tests.academy.kernel.room_server import MAX_MESSAGE
from tests.academy.kernel.wires import Client, Server, frame

NO_KEY = b"\0\0\0\0"
A_WHILE = 0.2  # seconds
ANSWERS = 50  # that others get at least while a flood takes about a second; it is a thousand, or one


class Turns:
    """A mode in which time goes by elsewhere: `stood_back` are the seconds for which it was told to sleep."""

    def __init__(self) -> None:
        self.stood_back: list[float] = []

    def sleep(self, seconds: float = 0) -> None:
        self.stood_back.append(seconds)

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> Any:
        raise NotImplementedError


class Heard:
    """A session that keeps what it hears, and takes its time for each."""

    def __init__(self, seconds: float = 0, then: Callable[[], None] = lambda: None) -> None:
        self.messages: list[str | bytes] = []
        self._seconds = seconds
        self._then = then

    def serve(self, connection: WebSocket) -> None:
        while (message := connection.wait()) is not None:
            self.messages.append(message)
            time.sleep(self._seconds)
            self._then()

    def abandon(self) -> None:
        raise AssertionError


def served(data: bytes, *more: bytes, seconds: float = 0) -> tuple[WebSocket, Heard, list[float]]:
    """Serve a connection whose peer sends `data` right behind its request, `more` a while after each answer, and ends."""
    ours, theirs = socket.socketpair()
    waiting = list(more)

    def go_on() -> None:
        if waiting:
            threading.Timer(A_WHILE, theirs.sendall, [waiting.pop(0)]).start()
        elif more:
            threading.Timer(A_WHILE, theirs.shutdown, [socket.SHUT_WR]).start()

    mode, session = Turns(), Heard(seconds, go_on)
    connection = WebSocket(session, mode, MAX_MESSAGE)
    with ours, theirs:
        if not more:
            theirs.shutdown(socket.SHUT_WR)
        environ = {
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": base64.b64encode(os.urandom(16)).decode(),
            "academy.socket": ours,
            "academy.leave": lambda: None,
            "wsgi.input": io.BufferedReader(io.BytesIO(data), len(data)),  # type: ignore[arg-type]  # it is raw enough
        }
        connection.serve(environ, lambda *_: None, contextlib.nullcontext())
    return connection, session, mode.stood_back


def small(first: int, payload: bytes = b"") -> bytes:
    """Return a short frame of a client, quickly."""
    return bytes([first, 0x80 | len(payload)]) + NO_KEY + payload


def in_pieces(payload: bytes, pieces: int) -> bytes:
    """Return a message in single bytes, and nothings before the last of them."""
    parts = [payload[at : at + 1] for at in range(pieces - 1)] + [payload[pieces - 1 :]]
    return b"".join(small((0x80 if at == pieces - 1 else 0) | (0 if at else 1), part) for at, part in enumerate(parts))


def costly(size: int) -> bytes:
    """Return an event that nobody knows and that takes long to decode."""
    return frame('42["unheard",[' + ",".join(["[]"] * (size // 3)) + "]]")


@pytest.mark.parametrize("payload", [b"4", b"4" * FRAGMENTS_MAX], ids=["empty", "of one byte"])
def test_each_fragment_counts_as_a_turn(payload: bytes) -> None:
    messages = 20
    _, session, stood_back = served(in_pieces(payload, FRAGMENTS_MAX) * messages)
    assert session.messages == [payload.decode()] * messages
    assert len(stood_back) >= messages * FRAGMENTS_MAX // TURNS


def test_whoever_takes_long_stands_back_after_each_message_for_long_enough_that_others_are_looked_at() -> None:
    _, session, stood_back = served(small(0x81, b"4") * 6, seconds=TURN + 0.001)
    assert len(session.messages) == 6
    assert len([seconds for seconds in stood_back if seconds > 0]) == 6


def test_whoever_waits_for_each_answer_is_heard_at_once_however_long_it_took() -> None:
    one = small(0x81, b"4")
    _, session, stood_back = served(one, one, one, seconds=TURN + 0.001)
    assert len(session.messages) == 3
    assert stood_back == []


def test_of_a_connection_that_has_ended_nothing_that_came_is_kept() -> None:
    half = frame("4" * MAX_MESSAGE)[:-1]
    served(half)
    tracemalloc.start()
    try:
        connection, session, _ = served(half)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert session.messages == []
    assert most > MAX_MESSAGE
    assert held < MAX_MESSAGE // 4
    assert connection is not None, "though engineio keeps it for a while"


@pytest.fixture(params=["gevent", "eventlet", "threading"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    running = Server(request.param, ROOM_ADMITS="echo")
    try:
        yield running.ready()
    finally:
        running.end(signal.SIGKILL)


def answers_beside(server: Server, flood: bytes) -> int:
    """Return how many answers somebody gets, one after the other, from the beginning of one flood to its end."""
    with Client(server.port).enter() as busy, Client(server.port).enter() as other, ThreadPoolExecutor() as pool:
        busy.wire.settimeout(60)
        ends = frame('420["echo","begun"]'), frame('420["echo","through"]')
        sent = pool.submit(busy.wire.sendall, flood.join(ends))
        assert busy.text() == '430["begun"]'
        through = pool.submit(busy.text)
        answers = 0
        while not through.done():
            assert other.ask("echo", answers) == answers
            answers += 1
        sent.result()
        assert through.result() == '430["through"]'
        return answers


FLOODS = {
    "empty fragments": in_pieces(b"2", FRAGMENTS_MAX) * 200,
    "fragments of one byte": in_pieces(b"2" * FRAGMENTS_MAX, FRAGMENTS_MAX) * 200,
    "messages that take long to decode": costly(MAX_MESSAGE - 100) * 300,
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_others_are_answered_all_the_while(server: Server, flood: bytes) -> None:
    assert answers_beside(server, flood) >= ANSWERS


def strange(server: Server) -> Client:
    """Open a connection and join nothing."""
    client = Client(server.port)
    assert client.text().startswith("0{")
    return client


LONG = {
    "by its header alone": frame("4" * (JOIN_MAX + 1))[:8],
    "in fragments": frame("4" * JOIN_MAX, final=False) + frame("4", ABNF.OPCODE_CONT),
    "after others": frame("3") + frame("42[]") + frame("4" * (JOIN_MAX + 1)),
}


@pytest.mark.parametrize("data", LONG.values(), ids=LONG)
def test_who_has_not_joined_may_send_a_little_only(server: Server, data: bytes) -> None:
    with strange(server) as client:
        client.wire.sendall(data)
        assert client.ending() == (1009, b"")
    assert server.settles()


def test_a_long_token_fits_and_who_was_refused_for_it_may_send_no_more_than_before(server: Server) -> None:
    with strange(server) as client:
        client.send('40{"token":"%s"}' % ("x" * (JOIN_MAX - 20)))
        assert client.text().startswith("44")
        client.wire.sendall(LONG["by its header alone"])
        assert client.ending() == (1009, b"")


def test_who_joins_may_send_as_much_as_anybody_in_the_same_breath(server: Server) -> None:
    text = "x" * (MAX_MESSAGE - 20)
    with strange(server) as client:
        client.wire.sendall(frame("40") + frame(f'420["echo","{text}"]'))
        assert client.text().startswith("40{")
        assert client.text() == f'430["{text}"]'
