"""Who is where: live sockets, and leases for other processes to see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from academy.kernel import clock
from academy.kernel.connections import Connection, Connections
from academy.kernel.presence import LEASE, Presence
from academy.kernel.shared import Shared
from tests.redis_server import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a Redis for one test."""
    with redis_server(tmp_path) as server:
        yield server


class Process:
    """What one process knows of presence."""

    def __init__(self, redis: RedisServer | None = None) -> None:
        self.connections = Connections()
        self.changed: list[UUID] = []
        self.presence = Presence(self.connections, Shared(redis.url) if redis else None, self.changed.append)

    def opens(self, person_id: UUID, log_id: UUID) -> Connection:
        connection = Connection(uuid4().hex, "token", person_id, uuid4())
        self.connections.add(connection)
        assert self.connections.open(connection, log_id)
        return connection


ROOM, ANA, BEN = uuid4(), uuid4(), uuid4()


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=seconds))


def test_one_process_counts_its_sockets() -> None:
    alone = Process()
    first, second = alone.opens(ANA, ROOM), alone.opens(ANA, ROOM)
    assert alone.presence.of(ROOM) == {ANA}
    alone.connections.remove(first.sid)
    assert alone.presence.of(ROOM) == {ANA}
    alone.connections.remove(second.sid)
    assert alone.presence.of(ROOM) == set()
    assert alone.connections.logs() == []


def test_processes_see_each_others_sockets(redis: RedisServer) -> None:
    one, two = Process(redis), Process(redis)
    one.opens(ANA, ROOM)
    ben = two.opens(BEN, ROOM)
    assert one.presence.of(ROOM) == {ANA}  # the other has not said so yet
    assert two.presence.of(ROOM) == {ANA, BEN}
    assert one.presence.of(ROOM) == {ANA, BEN}
    two.connections.remove(ben.sid)
    assert two.presence.of(ROOM) == {ANA}
    assert one.presence.of(ROOM) == {ANA}


def test_somebody_with_sockets_in_two_processes_is_there_until_both_are_closed(redis: RedisServer) -> None:
    one, two = Process(redis), Process(redis)
    here, there = one.opens(ANA, ROOM), two.opens(ANA, ROOM)
    assert (one.presence.of(ROOM), two.presence.of(ROOM)) == ({ANA}, {ANA})
    one.connections.remove(here.sid)
    assert one.presence.of(ROOM) == {ANA}
    two.connections.remove(there.sid)
    assert two.presence.of(ROOM) == set()


def test_whoever_has_an_inbox_open_anywhere_is_known_to_be_there(redis: RedisServer) -> None:
    one, two = Process(redis), Process(redis)
    two.opens(ANA, ANA)
    two.presence.renew()
    assert one.presence.anywhere(ANA)
    assert not one.presence.anywhere(BEN)


def test_what_a_dead_process_held_ends_and_one_of_the_others_says_so(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, dead = Process(redis), Process(redis), Process(redis)
    one.opens(ANA, ROOM)
    two.opens(ANA, ROOM)
    dead.opens(BEN, ROOM)
    for process in (one, two, dead):
        process.presence.renew()
        process.changed.clear()
    later(monkeypatch, LEASE - 5)
    for process in (one, two):
        process.presence.renew()
    assert one.presence.of(ROOM) == {ANA, BEN}
    assert one.changed == two.changed == []
    later(monkeypatch, 6)
    assert one.presence.of(ROOM) == {ANA}
    one.presence.renew()
    two.presence.renew()
    assert (one.changed, two.changed) == ([ROOM], [])
    assert one.presence.of(ROOM) == {ANA}


def test_leases_that_redis_lost_are_there_again_with_the_next_renewal_which_tells_the_room(redis: RedisServer) -> None:
    one, two = Process(redis), Process(redis)
    one.opens(ANA, ROOM)
    two.opens(BEN, ROOM)
    for process in (one, two):
        process.presence.renew()
        process.changed.clear()
    redis.kill()
    assert one.presence.of(ROOM) == {ANA}  # no more is known, and nobody waits
    one.presence.renew()
    redis.start()
    for process in (one, two):
        process.presence._shared._again = 0  # type: ignore[union-attr]  # as if a second had passed
        process.presence.renew()
    assert one.changed == two.changed == [ROOM]
    assert one.presence.of(ROOM) == {ANA, BEN}


def test_no_lease_is_kept_in_redis_for_ever(redis: RedisServer) -> None:
    one = Process(redis)
    one.opens(ANA, ROOM)
    one.presence.renew()
    with redis.asked() as asked:
        (key,) = asked.keys()
        assert 0 < asked.ttl(key) <= 2 * LEASE
