"""Redis goes and comes back: everything goes on, and what it did not carry is felt no later than the next beacon."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path
from uuid import UUID

import pytest
import requests
from sqlalchemy import select

from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import SignIn
from tests.browsing import Browsing
from tests.faults.rooms import room_on
from tests.faults.wire import Follower, Lost, all_have, as_it_was_said, send, talk
from tests.faults.workers import AT_ONCE, BEATS, Workers, apart, heads, remove, said
from tests.live import kernel_on, signed_in
from tests.redis_server import redis_server

pytestmark = pytest.mark.xdist_group("workers")


def test_redis_killed_for_two_seconds_and_back_empty_loses_doubles_and_reorders_nothing(two: Workers) -> None:
    names = ["Ana", "Ben", "Chi", "Dov", "Eun", "Fay"]
    made = room_on(two.kernel, *names)
    followers = [
        Follower(two.url, signed_in(two.kernel, person), made.space, random.Random(number), names[number])
        for number, person in enumerate(made.learners)
    ]
    for follower in followers:
        follower.start()
    each = 25
    until = time.monotonic() + 20
    while any(follower.epoch is None for follower in followers):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert two.spread() == 2

    def without_redis() -> None:
        time.sleep(1.5)
        two.redis.kill()
        time.sleep(2)
        two.redis.start()

    talk(followers, each, meanwhile=without_redis)
    all_have(followers, each * len(names), 40)
    as_it_was_said(followers, made.stored(), each)
    for follower in followers:
        assert follower.connects == 1  # sockets stay
    # What Redis did not carry was real, and so was what it carried before and after.
    assert sum(follower.caught_up for follower in followers) > 0
    assert sum(follower.live for follower in followers) > each * len(names)


def test_while_redis_is_away_everything_goes_on_and_its_end_is_noticed(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        two.redis.kill()
        try:
            began = time.monotonic()
            for number in range(5):
                assert send(ana, they.room.space, f"{number}")["ok"]
            assert requests.get(f"{two.url}/readyz", timeout=5).status_code == 200
            page = Browsing(two.url, they.cookies[1])
            assert page.get(f"/spaces/{they.room.space}").status_code == 200
            assert time.monotonic() - began < 5
            ana.wait(lambda: len(said(ana, they.room)) == 5)  # her own worker tells her
            ben.wait(lambda: heads(ben, they.room) >= ana.events(they.room.space)[-1]["seq"], BEATS)
        finally:
            two.redis.start()
        both = {encode(person) for person in they.room.learners}
        until = time.monotonic() + BEATS
        while {encode(person) for person in two.kernel.realtime.present(they.room.space_id)} != both:
            assert time.monotonic() < until, "the leases did not come back"
            time.sleep(0.1)
        assert send(ana, they.room.space, "and on")["ok"]
        ben.wait(lambda: said(ben, they.room)[-1:] == ["<p>and on</p>"], AT_ONCE)
        assert not ana.gone.is_set()
        assert not ben.gone.is_set()


def test_who_is_signed_out_while_redis_is_away_is_out_at_the_next_event_or_beat(two: Workers) -> None:
    with apart(two) as they:
        ana, _ = they.wires
        with (
            two.wire(they.cookies[0], off=two.worker_of(ana)) as idle,
            two.wire(they.cookies[0], off=two.worker_of(ana)) as talks,
        ):
            two.redis.kill()
            try:
                # By neither worker: nothing tells them.
                ids = sign_in_of(two, they.room.learners[0])
                two.kernel.commit(lambda s: people_actions.end_sign_in(s, person_id=ids[0], sign_in_id=ids[1]))
                try:
                    answer = send(talks, they.room.space, "am I here?")
                except Lost:
                    answer = {"ok": False, "error": "signed_out"}
                assert (answer["ok"], answer["error"]) == (False, "signed_out")
                for wire in (talks, idle, ana):
                    wire.wait(wire.gone.is_set, BEATS)
            finally:
                two.redis.start()
        assert "am I here?" not in they.room.stored()


def sign_in_of(two: Workers, person_id: UUID) -> tuple[UUID, UUID]:
    """Return a person and their sign-in."""
    with two.kernel.reading() as session:
        return person_id, session.scalars(select(SignIn.id).where(SignIn.person_id == person_id)).one()


def test_who_is_removed_while_redis_is_away_hears_no_longer_than_until_the_next_beat(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[1], off=two.worker_of(ben)) as elsewhere:
            assert elsewhere.ask("space:open", {"spaces": {they.room.space: 0}})["ok"]
            two.redis.kill()
            try:
                remove(two, they.room)
                for wire in (ben, elsewhere):
                    wire.wait(wire.gone.is_set, BEATS)
                assert send(ana, they.room.space, "after he left")["ok"]
            finally:
                two.redis.start()
            for wire in (ben, elsewhere):
                assert said(wire, they.room) == []
        assert not ana.gone.is_set()


def test_workers_start_without_their_redis_and_find_it_later(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    url = f"sqlite:///{tmp_path / 'academy.db'}"
    with redis_server(tmp_path) as redis:
        redis.kill()
        kernel = kernel_on(url, tmp_path)
        workers = Workers(url, tmp_path, redis, kernel)
        try:
            with apart(workers) as they:
                ana, ben = they.wires
                assert send(ana, they.room.space, "before")["ok"]
                ben.wait(lambda: heads(ben, they.room) > 0, BEATS)
                redis.start()
                until = time.monotonic() + BEATS
                while "redis_back" not in workers.log.read_text():
                    assert send(ana, they.room.space, "is it there?")["ok"]
                    assert time.monotonic() < until
                    time.sleep(0.5)
                time.sleep(1)
                assert send(ana, they.room.space, "and live")["ok"]
                ben.wait(lambda: said(ben, they.room)[-1:] == ["<p>and live</p>"], AT_ONCE)
        finally:
            workers.stop()
            kernel.database.engine.dispose()
