"""A connection is somebody's soon, or it is closed: also where its peer answers every ping."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import socketio
from websocket import ABNF

from academy.kernel import websocket_engine
from tests.academy.kernel.wires import Client, Server

JOIN, LEAVE = 5.0, 1.0
TICK = 1.5  # seconds: whatever ends is late by at most this
LATE = 3.0  # on a busy machine
PLACES = {"gevent": "own", "eventlet": "own", "threading": "own", "stock driver": "stock"}


class Place(Server):
    """A server by our driver or by the stock one, whose engine looks after what has ended in its own time."""

    stock = False

    def settles(self) -> bool:
        """Wait until no connection is left; say whether that came."""
        return self.stock or super().settles()


@pytest.fixture(params=PLACES, scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    driver = PLACES[request.param]
    running = Place(
        request.param if driver == "own" else "threading",
        ROOM_DRIVER=driver,
        ROOM_JOIN=json.dumps([JOIN, LEAVE]),
        ROOM_ADMITS="echo",
        ROOM_OPTIONS=json.dumps({"ping_interval": 1, "ping_timeout": 12}),
    )
    running.stock = driver == "stock"
    try:
        yield running.ready()
    finally:
        running.end(signal.SIGKILL)


def opened(server: Server) -> Client:
    """Open a connection and say nothing yet."""
    client = Client(server.port)
    assert client.status == 101
    assert client.text().startswith("0{")
    return client


def lives(client: Client, seconds: float) -> bool:
    """Answer pings for a while; say whether the connection is there after it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        client.wire.settimeout(max(0.01, until - time.monotonic()))
        try:
            opcode, payload = client.receive()
        except TimeoutError:
            break
        except (EOFError, ConnectionError):
            return False
        if opcode == ABNF.OPCODE_CLOSE:
            client.wire.sendall(bytes(ABNF(1, 0, 0, 0, ABNF.OPCODE_CLOSE, 1, payload).format()))
            return False
        if payload == b"2":
            client.send("3")
    client.wire.settimeout(10)
    return True


def never_joins(client: Client) -> None:
    assert lives(client, JOIN - 0.5)
    assert not lives(client, 0.5 + LATE)


def joins_late(client: Client) -> None:
    assert lives(client, JOIN / 2)
    client.send("40")
    stays(client)


def joins_after_a_refusal(client: Client) -> None:
    client.send('40{"token":"no"}')
    assert client.text().startswith("44")
    client.send("40")
    stays(client)


def is_being_let_in_when_the_time_is_over(client: Client) -> None:
    client.send('40{"token":"slow"}')  # as while the database is busy
    stays(client)


def stays(client: Client) -> None:
    """Say that a client is let in, and is here when all times are over."""
    began = time.monotonic()
    while not (said := client.receive()[1]).startswith(b"40"):
        assert said == b"2"
        client.send("3")
    assert lives(client, JOIN + TICK - (time.monotonic() - began))
    assert client.ask("echo", "still here") == "still here"


def test_who_has_not_joined_in_time_is_closed_and_whoever_has_stays(server: Server) -> None:
    each = (never_joins, joins_late, joins_after_a_refusal, is_being_let_in_when_the_time_is_over)
    clients = [opened(server) for _ in each]
    with ThreadPoolExecutor(len(each)) as pool:
        for done in [pool.submit(do, client) for do, client in zip(each, clients, strict=True)]:
            done.result()
    for client in clients:
        client.wire.close()
    assert server.settles()


@pytest.mark.parametrize("said", ['40{"token":"no"}', "40/elsewhere,", "41"])
def test_who_was_refused_or_has_left_and_does_not_hang_up_is_closed_sooner(server: Server, said: str) -> None:
    with opened(server) as client:
        if said == "41":
            client.send("40")
            assert client.text().startswith("40{")
        client.send(said)
        if said != "41":
            assert client.text().startswith("44")
        assert lives(client, LEAVE / 2)  # long enough to hang up by itself
        assert not lives(client, JOIN - LEAVE)
    assert server.settles()


def test_who_joins_and_leaves_again_and_again_is_closed(server: Server) -> None:
    with opened(server) as client:
        for _ in range(websocket_engine.JOINS):
            client.send("40")
            assert client.text().startswith("40{")
            client.send("41")
        client.send("40")
        assert not lives(client, LEAVE / 2)
    assert server.settles()


def test_a_flood_of_farewells_is_kept_once() -> None:
    server = socketio.Server(async_mode="threading", transports=["websocket"])
    server.eio.start_background_task = lambda *_: None  # time stands still
    websocket_engine.expect_to_join(server)
    for _ in range(1000):
        server.eio.handlers["message"]("one", "1")
        server.eio.handlers["message"]("another", "1")
    assert sum(len(queue) for queue in server.eio.wheel._due.values()) == 2
