"""A small run of what `make bench-realtime` measures, on real servers of ours; Node's is not needed for it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.realtime import report, rounds, servers
from benchmarks.realtime.counting import Counting
from benchmarks.realtime.report import BARE, NODE, Measurement
from benchmarks.realtime.servers import Server
from benchmarks.realtime.wire import connect
from tests.faults.rooms import room_on
from tests.live import kernel_on, signed_in
from tests.serving import SECRET

MEMBERS = 10
BLINK = 0.1  # seconds

Joined = Callable[[str], tuple[Server, Counting, str]]


@pytest.fixture
def joined(tmp_path: Path, sqlite_template: Path) -> Iterator[Joined]:
    """Return a function that starts an app of `benchmarks.realtime.apps` and lets ten people into a room there."""
    started: list[Server] = []
    crowds: list[Counting] = []

    def join(app: str) -> tuple[Server, Counting, str]:
        file = tmp_path / "academy.db"
        shutil.copyfile(sqlite_template, file)
        kernel = kernel_on(f"sqlite:///{file}", tmp_path)
        room = room_on(kernel, *(f"Learner {number}" for number in range(MEMBERS)))
        cookies = [signed_in(kernel, learner) for learner in room.learners]
        kernel.database.engine.dispose()
        core, _ = servers.cores()
        started.append(servers.ours(app, f"sqlite:///{file}", core, SECRET_KEY=SECRET))
        crowds.append(Counting(started[0].port))
        crowds[0].members = connect(crowds[0], cookies, room.space)
        return started[0], crowds[0], room.space

    yield join
    for crowd in crowds:
        crowd.close()
    for server in started:
        server.stop()


RIGHT = {"lost": 0, "doubled": 0, "disordered": 0}


def wrong(found: dict[str, float]) -> dict[str, float]:
    return {name: found[name] for name in RIGHT}


@pytest.mark.parametrize("app", ["bare", "product"])
def test_what_is_broadcast_reaches_everybody_and_is_counted(joined: Joined, app: str) -> None:
    server, crowd, space = joined(app)
    flood = rounds.flood(server, crowd, space, BLINK)
    assert wrong(flood) == RIGHT
    assert len(crowd.sent) * MEMBERS == crowd.delivered > 0
    assert 0 <= flood["deliveries"] <= crowd.delivered
    slow = rounds.latency(server, crowd, space, 3 / rounds.RATE)
    assert wrong(slow) == RIGHT
    assert slow["deliveries"] == 3 * MEMBERS
    assert 0 < slow["p50_ms"] <= slow["p99_ms"]
    measured = [Measurement("first", name, 200, slow) for name in (BARE, NODE)]
    shown = report.table(report.rows_of(measured))
    assert [line.split(" |")[0] for line in shown[1:]] == [
        "| p50 at 5 messages a second, ms",
        "| p99 at 5 messages a second, ms",
    ]
    assert shown[2].endswith("| 1.00 | 1.00 to 1.00 | ≤ 0.5 | no |")


def test_the_client_leaves_the_server_alone_while_a_message_is_on_its_way(
    joined: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, crowd, space = joined("bare")
    said, looked = [0.0], []
    say, poll = crowd.say, crowd.poll

    def saying(*args: Any) -> None:
        say(*args)
        said.append(time.monotonic())

    def looking(seconds: float) -> None:
        looked.append(time.monotonic() - said[-1])
        poll(seconds)

    monkeypatch.setattr(crowd, "say", saying)
    monkeypatch.setattr(crowd, "poll", looking)
    found = rounds.latency(server, crowd, space, 3 / rounds.RATE)
    assert len(said) == 4
    assert min(looked) >= rounds.UNDISTURBED
    assert found["p99_ms"] < 1e3 * rounds.UNDISTURBED  # by the kernel's clock, not by when the client looked


def test_posts_are_stored_or_not_as_the_event_says(joined: Joined) -> None:
    server, crowd, space = joined("product")
    before = room_head(crowd, space)
    stored = rounds.posts(server, crowd, crowd.members, space, BLINK, "post:send")
    sent = len(crowd.sent)
    assert wrong(stored) == RIGHT
    assert room_head(crowd, space) == before + sent > before
    unstored = rounds.posts(server, crowd, crowd.members, space, BLINK, "bench:unstored")
    assert wrong(unstored) == RIGHT
    assert crowd.sent
    assert room_head(crowd, space) == before + sent


def room_head(crowd: Counting, space: str) -> int:
    heads: list[int] = []
    crowd.emit(crowd.members[0], "space:sync", {"space": space, "since": 0}, lambda page: heads.append(page["head"]))
    assert crowd.until(lambda: bool(heads), 10)
    return heads[0]


def test_a_server_says_what_it_holds_and_stands_still_while_another_is_measured(joined: Joined) -> None:
    server, crowd, _ = joined("bare")
    assert server.memory() > 10_000
    assert server.processor() > 0
    other = Server("other", server._process, server.port, server.log)
    with other.alone([server]):
        before = server.processor()
        crowd.say(crowd.members[0], "a" * 26)
        assert not crowd.until(lambda: crowd.answered == 1, 0.3)
        assert server.processor() == before
    assert crowd.until(lambda: crowd.answered == 1, 10)
