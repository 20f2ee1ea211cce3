"""Two workers are one academy: what one of them does, the sockets of the other feel at once, and no later than the
next beacon where Redis was away.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Role
from tests.browsing import Browsing
from tests.databases import Lane, make_template, reachable, skip_or_fail
from tests.factories import forums
from tests.faults.conftest import Room, room_on
from tests.faults.test_authority import refused
from tests.faults.wire import Wire, send
from tests.faults.workers import Workers
from tests.live import kernel_on, signed_in
from tests.redis_server import redis_server

pytestmark = pytest.mark.xdist_group("workers")

AT_ONCE = 1.5  # seconds; the next beacon of these servers comes after ten minutes
BEATS = 8.0  # seconds in which a beacon in a hurry, or one of a worker that hears nothing, comes for sure


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[tuple[str, Path]]:
    """Make a database for this module, and a folder beside it."""
    folder = tmp_path_factory.mktemp("two")
    if request.param == "sqlite":
        shutil.copyfile(sqlite_template, folder / "academy.db")
        yield f"sqlite:///{folder / 'academy.db'}", folder
        return
    if not reachable():
        skip_or_fail("no PostgreSQL: install it (apt-get install postgresql), start one, or set TEST_POSTGRESQL_URL")
    lane = Lane(make_template())
    lane.ready()
    yield lane.url, folder
    lane.drop()


@pytest.fixture(scope="module")
def two(database: tuple[str, Path]) -> Iterator[Workers]:
    """Serve an academy by two workers, whose beacon does not come in time for any test."""
    yield from serve(*database)


def serve(url: str, folder: Path, **more: Any) -> Iterator[Workers]:
    """Serve by two workers, with a Redis of their own and a kernel beside them that shares it."""
    with redis_server(folder) as redis:
        kernel = kernel_on(url, folder, redis_url=redis.url)
        workers = Workers(url, folder, redis, kernel, **more)
        try:
            yield workers
        finally:
            workers.stop()
            kernel.database.engine.dispose()


@dataclass
class Apart:
    """Two people in a room, each with a socket of another worker."""

    room: Room
    cookies: list[str]
    wires: list[Wire]


@contextmanager
def apart(workers: Workers) -> Iterator[Apart]:
    """Let two learners open a room, each by another worker."""
    made = room_on(workers.kernel, "Ana", "Ben")
    cookies = [signed_in(workers.kernel, person) for person in made.learners]
    with workers.wire(cookies[0]) as first, workers.wire(cookies[1], off=workers.worker_of(first)) as second:
        for wire in (first, second):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        yield Apart(made, cookies, [first, second])


def said(wire: Wire, made: Room) -> list[str]:
    """Return what a client heard live in a room."""
    return [event["payload"]["html"] for event in wire.events(made.space) if event["kind"] == "post"]


def test_a_message_reaches_the_sockets_of_the_other_worker_at_once(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        assert send(ana, they.room.space, "from the one")["ok"]
        ben.wait(lambda: said(ben, they.room), AT_ONCE)
        assert send(ben, they.room.space, "from the other")["ok"]
        ana.wait(lambda: len(said(ana, they.room)) == 2, AT_ONCE)
        for wire in they.wires:
            assert said(wire, they.room) == ["<p>from the one</p>", "<p>from the other</p>"]
        # Her own copy with the nonce came to her alone.
        assert all(
            "nonce" not in told
            for name, told in ben.heard
            if name == "space:event" and told["actor"] != encode(they.room.learners[1])
        )


def test_what_nobody_has_open_in_the_writing_worker_is_loaded_where_somebody_has(two: Workers) -> None:
    made = room_on(two.kernel, "Ana", "Ben")
    ana, ben = (signed_in(two.kernel, person) for person in made.learners)
    with two.wire(ana) as writer, two.wire(ben, off=two.worker_of(writer)) as reader:
        assert reader.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        assert send(writer, made.space, "not open here")["ok"]
        reader.wait(lambda: said(reader, made) == ["<p>not open here</p>"], AT_ONCE)


def test_what_a_command_writes_goes_live_in_both_workers(two: Workers) -> None:
    with apart(two) as they:
        forums.say(two.kernel, they.room.learners[0], they.room.space_id, "by a command")
        for wire in they.wires:
            wire.wait(lambda wire=wire: said(wire, they.room) == ["<p>by a command</p>"], AT_ONCE)


def test_typing_and_reading_positions_pass_from_worker_to_worker(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[0], off=two.worker_of(ana)) as elsewhere:
            ana.client.emit("typing", {"space": they.room.space})
            ben.wait(lambda: "typing" in [name for name, _ in ben.heard], AT_ONCE)
            assert "typing" not in [name for name, _ in ana.heard]
            assert send(ben, they.room.space, "to be read")["ok"]
            ana.wait(lambda: said(ana, they.room), AT_ONCE)
            assert ana.ask("read:set", {"space": they.room.space, "no": 1})["ok"]
            elsewhere.wait(
                lambda: [told["no"] for name, told in elsewhere.heard if name == "read:changed"] == [1], AT_ONCE
            )
            # The same by a form, whichever worker it comes to.
            elsewhere.heard.clear()
            page = Browsing(two.url, they.cookies[0])
            page.submit(f"/spaces/{they.room.space}", f"/spaces/{they.room.space}/posts", {"body": "by a form"})
            elsewhere.wait(lambda: "read:changed" in [name for name, _ in elsewhere.heard], AT_ONCE)


def people_here(wire: Wire, made: Room) -> set[str]:
    """Return who a client was last told is in a room."""
    told = [
        payload["people"] for name, payload in list(wire.heard) if name == "presence" and payload["space"] == made.space
    ]
    return set(told[-1]) if told else set()


def test_who_is_here_is_counted_over_both_workers(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        both = {encode(person) for person in they.room.learners}
        for wire in they.wires:
            wire.wait(lambda wire=wire: people_here(wire, they.room) == both)
        # A page says so too, whichever worker makes it.
        assert two.kernel.realtime.present(they.room.space_id) == set(they.room.learners)
        ben.close()
        ana.wait(lambda: people_here(ana, they.room) == {encode(they.room.learners[0])})


def test_a_log_out_closes_the_sockets_of_every_worker_within_a_second(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[0], off=two.worker_of(ana)) as elsewhere:
            Browsing(two.url, they.cookies[0]).submit("/me", "/sign-out")
            for wire in (ana, elsewhere):
                wire.wait(wire.gone.is_set, AT_ONCE)
        assert not ben.gone.is_set()


def test_a_removal_closes_the_sockets_of_every_worker_within_a_second(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[1], off=two.worker_of(ben)) as elsewhere:
            assert elsewhere.ask("space:open", {"spaces": {they.room.space: 0}})["ok"]
            remove(two, they.room)
            for wire in (ben, elsewhere):
                wire.wait(wire.gone.is_set, AT_ONCE)
        with two.wire(they.cookies[1], on=two.worker_of(ana)) as back:
            assert refused(back.ask("space:open", {"spaces": {they.room.space: 0}}))


def remove(two: Workers, made: Room) -> None:
    """End Ben's membership as the room's lead does, in whichever worker."""
    lead = signed_in(two.kernel, made.lead)
    answer = Browsing(two.url, lead).post(
        f"/cohorts/{encode(made.group)}/remove", {"person": encode(made.learners[1]), "role": str(Role.LEARNER)}
    )
    assert answer.status_code == 303, answer.text


def test_a_deactivation_by_a_command_closes_sockets_within_a_second(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[1], off=two.worker_of(ben)) as elsewhere:
            person, now = they.room.learners[1], clock.now()
            two.kernel.commit(lambda s: people_actions.deactivate(s, person_id=person, at=now, actor_id=None))
            for wire in (ben, elsewhere):
                wire.wait(wire.gone.is_set, AT_ONCE)
        assert not ana.gone.is_set()


def test_limits_count_over_both_workers(two: Workers) -> None:
    with apart(two) as they:
        ana, _ = they.wires
        with two.wire(they.cookies[0], off=two.worker_of(ana)) as elsewhere:
            answers = [send(wire, they.room.space, f"{number}") for number in range(30) for wire in (ana, elsewhere)]
        assert sum(answer["ok"] for answer in answers) == 40
        assert {answer["error"] for answer in answers if not answer["ok"]} == {"rate_limited"}


def test_nothing_in_redis_names_a_person_beyond_their_id_or_says_what_was_written(two: Workers) -> None:
    with apart(two) as they:
        assert send(they.wires[0], they.room.space, "between us")["ok"]
        requests.post(f"{two.url}/sign-in", data={"email": "somebody@example.org", "password": "x"}, timeout=10)
        with two.redis.asked() as redis:
            keys = redis.keys()
            assert keys
            assert not [key for key in keys if not key.startswith((b"academy:0:present:", b"academy:0:limit:"))]
            assert not [
                key
                for key in keys
                if b"@" in key or encode(they.room.learners[0]).encode() in key.split(b"limit")[-1] and b"limit" in key
            ]
            assert all(redis.ttl(key) > 0 for key in keys)
