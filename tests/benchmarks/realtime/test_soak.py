"""The soak: followers keep the rules, and an event that one of them lost, or that differs, is seen."""

from __future__ import annotations

import json
import random
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.realtime import servers, soak
from benchmarks.realtime.followers import Follower, Following, Room
from benchmarks.realtime.soak import End, Sample, Soak
from benchmarks.realtime.wire import Member
from benchmarks.tables import put
from tests.faults.rooms import room_on
from tests.live import kernel_on, signed_in
from tests.serving import SECRET


def test_memory_is_judged_by_its_last_half() -> None:
    growing_at_first = [Sample(10.0 * at, 1_000 + 100 * min(at, 5)) for at in range(12)]
    assert soak.slope(growing_at_first) == pytest.approx(0)
    growing = [Sample(10.0 * at, 1_000 + 100 * at) for at in range(12)]
    assert soak.slope(growing) == pytest.approx(600)
    assert soak.slope([Sample(0.0, 1)]) == 0


def test_a_run_is_told_in_one_paragraph_which_the_page_keeps(tmp_path: Path) -> None:
    crowd = Following(port=0)
    traffic = Soak(crowd, [room := Room("s")], random.Random(1))
    traffic.done = {"posts": 12_000, "edits": 3_000, "reactions": 5_760, "reconnects": 2_375}
    one = Follower(0, room, "")
    room.followers.append(one)
    one.log += [(1, "post", "p1"), (2, "post", "p2")]
    one.caught_up = 1
    samples = [Sample(0.0, 223 * 1024), Sample(480.0, 233 * 1024), Sample(600.0, 231 * 1024)]
    said = soak.summary(traffic, samples, End(False, 3, 1, 2, 4, 5))
    assert said == (
        "A run of 10 minutes: 12,000 posts, 8,760 edits and reactions, 2,375 returns; 2 events applied, 1 of them "
        "caught up on. In the end everybody had NOT caught up. Differences: 3; resets: 1; refused: 2; connections cut "
        "by the server: 4; lines in its log: 5. Memory was 223 MB at the start, 233 at most and 231 at the end; over "
        "the last half it changed by -1.00 MB a minute."
    )
    page = tmp_path / "realtime.md"
    page.write_text(soak.PAGE.read_text("utf-8"), "utf-8")
    put("soak", [said], page)
    assert f"\n\n<!-- soak -->\n{said}\n<!-- end -->\n" in page.read_text("utf-8")
    assert "<!-- make bench-realtime -->" in page.read_text("utf-8")
    crowd.close()


class Told(Following):
    """One follower without a server: what it asks is kept, what it would have been told is handed to it."""

    def __init__(self) -> None:
        super().__init__(port=0)
        self.asked: list[tuple[str, Any]] = []
        self.ends = socket.socketpair()
        self.follower = Follower(0, Room("s"), "")
        self.follower.member = member = Member(0, self.ends[0])
        self.follower.here = True
        self._who[member] = self.follower

    def emit(self, member: Member, event: str, data: Any, on_ack: Any = None) -> None:
        self.asked.append((event, data))
        self.answer = on_ack

    def tell(self, name: str, told: Any) -> None:
        assert self.follower.member is not None
        self.heard(self.follower.member, json.dumps([name, told]).encode(), b"")

    def numbers(self) -> list[int]:
        return [seq for seq, _, _ in self.follower.log]


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    yield made
    for end in made.ends:
        end.close()


def post(number: int) -> dict[str, Any]:
    return {"space": "s", "seq": number, "kind": "post", "payload": {"id": f"p{number}", "no": number}}


def test_a_gap_is_held_and_asked_for(told: Told) -> None:
    for number in (1, 3, 4):
        told.tell("space:event", post(number))
    assert told.numbers() == [1]
    assert told.asked == [("space:sync", {"space": "s", "since": 1})]
    told.answer({"ok": True, "events": [post(2), post(3)], "more": False})
    assert told.numbers() == [1, 2, 3, 4]


def test_what_comes_again_is_dropped(told: Told) -> None:
    for number in (1, 2, 2, 1, 3):
        told.tell("space:event", post(number))
    assert told.numbers() == [1, 2, 3]
    assert told.asked == []


def test_a_beacon_that_is_ahead_is_followed(told: Told) -> None:
    told.tell("space:event", post(1))
    told.tell("space:heads", {"s": 1})
    assert told.asked == []
    told.tell("space:heads", {"s": 2})
    assert told.asked == [("space:sync", {"space": "s", "since": 1})]


def test_a_small_soak_loses_nothing_and_would_see_it(tmp_path: Path, sqlite_template: Path) -> None:
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    kernel = kernel_on(f"sqlite:///{file}", tmp_path)
    made = room_on(kernel, *(f"Learner {number}" for number in range(8)))
    cookies = [signed_in(kernel, learner) for learner in made.learners]
    kernel.database.engine.dispose()
    core, _ = servers.cores()
    database = f"sqlite:///{file}"
    server = servers.ours("product", database, core, SECRET_KEY=SECRET)
    crowd = Following(server.port)
    try:
        crowd.enter(made.space, cookies)
        assert crowd.until(crowd.settled, 30)
        traffic = Soak(crowd, crowd.rooms, random.Random(1))
        samples = soak.run(server, crowd, traffic, minutes=0.05)
        assert crowd.end(30)
    finally:
        crowd.close()
        server.stop()
    assert samples[-1].kilobytes > 10_000
    followers = crowd.rooms[0].followers
    assert all(one.log for one in followers)
    assert any(one.acked for one in followers)
    assert crowd.refused == []
    assert soak.differences(database, crowd.rooms) == []
    lost = followers[3].log.pop(2)
    assert len(soak.differences(database, crowd.rooms)) == 1
    followers[3].log.insert(2, lost)
    writer = next(one for one in followers if one.posted & one.acked)
    writer.acked -= writer.posted
    assert len(soak.differences(database, crowd.rooms)) == 1
