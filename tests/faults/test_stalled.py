"""Readers who stop reading: nobody else waits for them, they cost a bounded amount of memory, and they miss nothing."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from tests.academy.kernel.wires import Client
from tests.faults.rooms import Room, room_on
from tests.faults.wire import Wire, send
from tests.live import kernel_on, signed_in
from tests.serving import Server, start_server

pytestmark = pytest.mark.xdist_group("faults")

STALLED, LIVELY, EACH = 20, 4, 28
BODY = "😀" * 3_900  # 47 kB each on its way
SOON = 5.0  # seconds, on a busy machine; a beacon, which would heal what was lost, comes after 20 at the earliest
MOST_MORE = 12 << 20
"""Bytes that the server may hold for all that is said and does not arrive: frames are the same for all, 1 MB at most."""


@dataclass
class Crowd:
    """A server with a room, and those who stall in it."""

    server: Server
    room: Room
    cookies: list[str]

    def memory(self) -> int:
        """Return what the server holds, in bytes."""
        lines = Path(f"/proc/{self.server.process.pid}/smaps_rollup").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024

    def connections(self) -> int:
        """Return how many connections the server has open."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[1] == f"0100007F:{self.server.port:04X}" and row[3] == "01" for row in rows)


@pytest.fixture
def crowd(tmp_path: Path, sqlite_template: Path) -> Iterator[Crowd]:
    """Serve a room with so many people."""
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    url = f"sqlite:///{tmp_path / 'academy.db'}"
    kernel = kernel_on(url, tmp_path)
    room = room_on(kernel, *(f"Reader {number}" for number in range(STALLED + LIVELY)))
    server = start_server(url, tmp_path)
    try:
        yield Crowd(server, room, [signed_in(kernel, person) for person in room.learners])
    finally:
        server.stop()
        kernel.database.engine.dispose()


class Reader:
    """Somebody who reads when the test says so; `seqs` are the numbers of what came, in that order."""

    def __init__(self, crowd: Crowd, number: int, since: int, buffer: int | None = None) -> None:
        """Connect and open the room, and read what came since."""
        cookie = f"academy={crowd.cookies[number]}"
        self._wire = Client(crowd.server.port, receive_buffer=buffer, Cookie=cookie).enter()
        self.seqs: list[int] = []
        space = crowd.room.space
        page = self._ask("space:open", {"spaces": {space: since}})["spaces"][space]
        self.seqs += [event["seq"] for event in page["events"]]
        while page["more"]:
            page = self._ask("space:sync", {"space": space, "since": self.seqs[-1]})
            self.seqs += [event["seq"] for event in page["events"]]

    def _ask(self, event: str, payload: Any) -> Any:
        self._wire.send("420" + json.dumps([event, payload]))
        while not (said := self._wire.text()).startswith("430"):
            self._hear(said)
        return json.loads(said[3:])[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.wire.close()

    def _hear(self, said: str) -> None:
        name, told = json.loads(said[2:])
        if name == "space:event":
            self.seqs.append(told["seq"])

    def to_the_end(self) -> None:
        """Read what came before the connection was cut: each frame is whole, what is left of one is no event."""
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                self._hear(self._wire.text())


def test_readers_who_stall_are_cut_delay_nobody_cost_next_to_nothing_and_miss_nothing(crowd: Crowd) -> None:
    space = crowd.room.space
    with ExitStack() as stack:
        lively = [stack.enter_context(Wire(crowd.server.url, cookie)) for cookie in crowd.cookies[STALLED:]]
        for wire in lively:
            assert wire.ask("space:open", {"spaces": {space: 0}})["ok"]
        known = send(lively[0], space, BODY)["seq"]
        stalled = [stack.enter_context(Reader(crowd, number, known, 4096)) for number in range(STALLED)]
        before = most = crowd.memory()
        said: list[int] = []
        for number in range(EACH):
            for wire in lively:
                began = time.monotonic()
                answer = send(wire, space, f"{number} {BODY}")
                assert answer["ok"], answer
                said.append(answer["seq"])
                assert time.monotonic() - began < SOON
            most = max(most, crowd.memory())
        for wire in lively:
            wire.wait(lambda wire=wire: heard(wire, space)[-1:] == said[-1:], SOON)
            assert heard(wire, space)[-len(said) :] == said
        assert crowd.connections() == LIVELY
        assert max(most, crowd.memory()) - before < MOST_MORE
        for reader in stalled:
            reader.to_the_end()
            assert reader.seqs == said[: len(reader.seqs)]
            assert 0 < len(reader.seqs) < len(said)
        for number, reader in enumerate(stalled):
            with Reader(crowd, number, reader.seqs[-1]) as back:
                assert reader.seqs + back.seqs == said
        assert crowd.memory() - before < MOST_MORE


def heard(wire: Wire, space: str) -> list[int]:
    """Return the numbers of what came live, in the order in which it came."""
    return [event["seq"] for event in wire.events(space)]
