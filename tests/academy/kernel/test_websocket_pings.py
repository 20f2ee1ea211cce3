"""The wheel that pings everybody, by a clock of its own; and idle connections over real wires."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from academy.kernel import websocket_pings
from academy.kernel.websocket_pings import AT_ONCE, PingWheel, Wheel
from tests.academy.kernel.wires import Client, Server

INTERVAL, TIMEOUT = 25.0, 20.0


class Clockwork:
    """A mode whose one task runs when it is told to, and whose time passes only while it sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tasks: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.breaths = 0

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> None:
        assert not args
        self.tasks.append(target)

    def sleep(self, seconds: float = 0) -> None:
        self.breaths += seconds == 0
        self.now += seconds
        for at, do in list(self.later):
            if at <= self.now:
                self.later.remove((at, do))
                do()

    def run(self) -> None:
        """Run the task to its end."""
        (task,) = self.tasks
        self.tasks.clear()
        task()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clockwork:
    made = Clockwork()
    monkeypatch.setattr(websocket_pings.time, "monotonic", lambda: made.now)
    return made


def wheel_of(clock: Clockwork, log: list[tuple[str, float, Any]], mark: object = "mark") -> PingWheel[Any]:
    def ping(session: Any) -> object:
        log.append(("ping", clock.now - 1000, session))
        return mark

    def check(session: Any, marked: object) -> None:
        assert marked == mark
        log.append(("check", clock.now - 1000, session))

    return PingWheel(Wheel(clock), interval=INTERVAL, timeout=TIMEOUT, ping=ping, check=check)


def test_everybody_is_pinged_and_checked_in_time_by_one_task_that_then_ends(clock: Clockwork) -> None:
    log: list[tuple[str, float, Any]] = []
    wheel = wheel_of(clock, log)
    wheel.add("ada")
    clock.later = [(1010.0, lambda: wheel.add("ben")), (1030.0, lambda: wheel.add("ada"))]
    clock.run()
    assert log == [
        ("ping", 25, "ada"),
        ("ping", 35, "ben"),
        ("check", 45, "ada"),
        ("ping", 55, "ada"),
        ("check", 55, "ben"),
        ("check", 75, "ada"),
    ]
    assert clock.tasks == []
    wheel.add("cleo")
    assert len(clock.tasks) == 1, "it begins again"


def test_whoever_is_gone_by_then_is_not_checked(clock: Clockwork) -> None:
    log: list[tuple[str, float, Any]] = []
    wheel = wheel_of(clock, log, mark=None)
    wheel.add("ada")
    clock.run()
    assert log == [("ping", 25, "ada")]


def test_a_great_many_pings_let_the_others_go_on_in_between(clock: Clockwork) -> None:
    log: list[tuple[str, float, Any]] = []
    wheel = wheel_of(clock, log, mark=None)
    for number in range(2 * AT_ONCE + 1):
        wheel.add(number)
    clock.run()
    assert [session for _, _, session in log] == list(range(2 * AT_ONCE + 1))
    assert clock.breaths == 2


@pytest.fixture(params=["gevent", "eventlet", "threading"], scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    running = Server(request.param, ROOM_OPTIONS=json.dumps({"ping_interval": 1, "ping_timeout": 1}))
    try:
        yield running.ready()
    finally:
        running.end(signal.SIGKILL)


def tasks_of(server: Server) -> int:
    found: dict[str, int] = json.loads(server.get("/tasks"))
    return found["tasks"]


def answer(client: Client) -> None:
    """Wait for a ping and answer it."""
    while client.receive() != (1, b"2"):
        pass
    client.send("3")


def test_an_idle_connection_is_one_task_and_pings_need_no_others(server: Server) -> None:
    count, few = 40, 6  # the wheel, the request for the number, and what the mode itself keeps
    with Client(server.port).enter() as first:
        answer(first)
        before = tasks_of(server)
        clients = [Client(server.port).enter() for _ in range(count)]
        for client in clients:
            answer(client)
        assert tasks_of(server) - before <= count + few
        for client in clients:
            client.wire.close()
        answer(first)
    assert server.settles()


def test_whoever_answers_pings_stays_and_whoever_is_silent_is_closed(server: Server) -> None:
    with Client(server.port).enter() as lively, Client(server.port).enter() as silent:
        closed_at = None
        started = time.monotonic()
        silent.wire.settimeout(0.01)
        for _ in range(4):
            answer(lively)
            if closed_at is None and server.connections()["engine"] == 1:
                closed_at = time.monotonic() - started
        assert closed_at is not None, "silent for twice as long as it may"
        assert closed_at > 1.5
        silent.wire.settimeout(5)
        assert silent.ending()[0] == 1000
        assert server.connections() == {"driver": 1, "engine": 1}
