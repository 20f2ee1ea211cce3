"""Two workers are one academy: what one of them does, the sockets of the other feel at once, and no later than the
next beacon where Redis was away.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, mail
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Group, Role, SignIn
from forums.posts.models import Post
from tests.browsing import Browsing
from tests.databases import Lane, make_template, reachable, skip_or_fail
from tests.factories import forums
from tests.faults.conftest import Room, room_on
from tests.faults.test_authority import refused
from tests.faults.wire import Follower, Lost, Wire, send
from tests.faults.workers import SHORT_LEASES, Workers
from tests.live import kernel_on, signed_in
from tests.redis_server import redis_server
from tests.serving import ROOT
from tests.sink import Sink

pytestmark = pytest.mark.xdist_group("workers")

AT_ONCE = 1.5  # seconds; the next beacon of these servers comes after ten minutes
TOKEN = "for-whoever-scrapes-it"
BEATS = 10.0  # seconds in which the beacon of a worker that hears nothing comes for sure: every 4 to 6


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


COMMAND = """
import sys
from academy.kernel.cli import opened
from academy.kernel.ids import decode
from tests.factories import forums

with opened() as kernel:
    forums.say(kernel, decode(sys.argv[1]), decode(sys.argv[2]), sys.argv[3])
"""


def test_what_a_command_in_a_process_of_its_own_writes_goes_live(two: Workers) -> None:
    with apart(two) as they:
        person, space = encode(they.room.learners[0]), they.room.space
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": two.database_url,
            "REDIS_URL": two.redis.url,
            "ACADEMY_INSTANCE": str(two.folder),
        }
        command = [sys.executable, "-c", COMMAND, person, space, "from outside"]
        subprocess.run(command, check=True, cwd=ROOT, env=environment, timeout=60)
        for wire in they.wires:
            wire.wait(lambda wire=wire: said(wire, they.room) == ["<p>from outside</p>"], AT_ONCE)


def test_what_is_kept_of_the_organization_is_forgotten_in_every_worker(two: Workers) -> None:
    made = room_on(two.kernel, "Ana")
    page = Browsing(two.url, signed_in(two.kernel, made.learners[0]))
    page.session.headers["Connection"] = "close"  # each request may come to another worker
    for _ in range(12):
        page.get("/spaces")  # every worker knows by now how the organization is called
    new = f"House of {encode(made.group)[-6:]}"
    two.kernel.commit(lambda s: s.execute(update(Group).where(Group.kind == "organization").values(name=new)))
    assert new not in page.get("/spaces").text
    two.kernel.forget()
    time.sleep(0.3)
    assert [new in page.get("/spaces").text for _ in range(12)] == [True] * 12


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


# Redis goes, and workers


def stored(made: Room) -> list[str]:
    """Return the words of a room as the database has them, in order."""
    with made.kernel.reading() as session:
        return list(session.scalars(select(Post.body_md).where(Post.space_id == made.space_id).order_by(Post.no)))


def test_redis_killed_for_two_seconds_and_back_empty_loses_doubles_and_reorders_nothing(two: Workers) -> None:
    names = ["Ana", "Ben", "Chi", "Dov", "Eun", "Fay"]
    made = room_on(two.kernel, *names)
    followers = [
        Follower(two.url, signed_in(two.kernel, person), made.space, random.Random(number))
        for number, person in enumerate(made.learners)
    ]
    for follower in followers:
        follower.start()
    each = 25
    everything = each * len(names)

    def talk(follower: Follower, name: str) -> None:
        for number in range(each):
            follower.say(f"{name} says {number}")
            time.sleep(0.3)

    until = time.monotonic() + 20
    while any(follower.epoch is None for follower in followers):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert two.spread() == 2
    talkers = [threading.Thread(target=talk, args=pair) for pair in zip(followers, names, strict=True)]
    for talker in talkers:
        talker.start()
    time.sleep(1.5)
    two.redis.kill()
    time.sleep(2)
    two.redis.start()
    for talker in talkers:
        talker.join()
    until = time.monotonic() + 40
    while any(follower.outbox or len(follower.order) < everything for follower in followers):
        assert time.monotonic() < until, [(len(f.order), len(f.outbox), f.refused) for f in followers]
        time.sleep(0.05)
    for follower in followers:
        follower.stop()
    found = stored(made)
    assert Counter(found) == Counter(f"{name} says {number}" for name in names for number in range(each))
    for name in names:
        assert [words for words in found if words.startswith(name)] == [f"{name} says {n}" for n in range(each)]
    for follower in followers:
        assert follower.refused == follower.resets == []
        assert follower.order == list(range(1, everything + 1))
        assert [bubble.no for bubble in follower.screen] == list(range(1, everything + 1))
        assert follower.connects == 1  # sockets stay
    # What Redis did not carry was real, and so was what it carried before and after.
    assert sum(follower.caught_up for follower in followers) > 0
    assert sum(follower.live for follower in followers) > everything


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


def heads(wire: Wire, made: Room) -> int:
    """Return what a client was last told of where a room's log is."""
    return max([told[made.space] for name, told in list(wire.heard) if name == "space:heads"], default=0)


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
        assert "am I here?" not in stored(they.room)


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


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Workers]:
    """Serve an empty academy by two workers for one test, as it says."""
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    yield from serve(f"sqlite:///{tmp_path / 'academy.db'}", tmp_path, **request.param)


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


@pytest.mark.parametrize("own", [{"app": SHORT_LEASES}], indirect=True)
def test_who_was_with_a_worker_that_died_is_here_no_longer_than_their_lease(own: Workers) -> None:
    with apart(own) as they:
        ana, ben = they.wires
        both = {encode(person) for person in they.room.learners}
        ana.wait(lambda: people_here(ana, they.room) == both)
        time.sleep(4)  # longer than a lease: it was renewed
        assert people_here(ana, they.room) == both
        os.kill(own.worker_of(ben), signal.SIGKILL)
        ana.wait(lambda: people_here(ana, they.room) == {encode(they.room.learners[0])}, 15)
        assert not ana.gone.is_set()


@pytest.mark.parametrize(
    "own",
    [{"mode": "threading"}, {"mode": "eventlet"}, {"mode": "gevent", "flags": ("--preload",)}],
    indirect=True,
    ids=["threads", "eventlet", "gevent preloaded"],
)
def test_workers_of_every_mode_tell_each_other(own: Workers) -> None:
    with apart(own) as they:
        ana, ben = they.wires
        assert send(ana, they.room.space, "from the one")["ok"]
        ben.wait(lambda: said(ben, they.room) == ["<p>from the one</p>"], AT_ONCE)
        both = {encode(person) for person in they.room.learners}
        ana.wait(lambda: people_here(ana, they.room) == both)
        own.redis.kill()
        own.redis.start()
        remove(own, they.room)
        ben.wait(ben.gone.is_set, BEATS)
        assert not ana.gone.is_set()


def test_what_is_promised_is_done_once_by_whichever_worker(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    addresses = [f"person{number}@example.org" for number in range(60)]
    with Sink() as sink:
        mail_by = {"ACADEMY_MAIL": "smtp", "ACADEMY_SMTP_URL": sink.url}
        for workers in serve(f"sqlite:///{tmp_path / 'academy.db'}", tmp_path, environment=mail_by):

            def promise(session: Session) -> None:
                for address in addresses:
                    letter = mail.Letter(to_name="Somebody", to_address=address, subject="Hello", text="Hello.")
                    mail.post(session, letter)

            workers.kernel.commit(promise)
            sink.wait(lambda: len(sink.letters) >= len(addresses), 60)
            time.sleep(3)  # a second runner looks every 2 s
    assert Counter(str(letter["To"]).split("<")[1].rstrip(">") for letter in sink.letters) == Counter(addresses)


def number(workers: Workers, name: str) -> set[float]:
    """Return what the workers say a number is, asked often enough to have asked both."""
    asked = {"headers": {"Authorization": f"Bearer {TOKEN}"}, "timeout": 5}
    pages = [requests.get(f"{workers.url}/metrics", **asked).text for _ in range(12)]
    return {float(line.split()[-1]) for page in pages for line in page.splitlines() if line.startswith(name)}


@pytest.mark.parametrize("own", [{"environment": {"ACADEMY_METRICS": TOKEN}}], indirect=True)
def test_numbers_are_summed_over_the_workers_whichever_is_asked(own: Workers) -> None:
    with apart(own) as they:
        ana, ben = they.wires
        assert number(own, "academy_open_sockets") == {2}
        for wire in they.wires:
            assert send(wire, they.room.space, "counted")["ok"]
        assert number(own, 'academy_facts_total{fact="PostSent"}') == {2}
        assert number(own, "academy_jobs_waiting") != set()
        os.kill(own.worker_of(ben), signal.SIGKILL)
        ben.wait(ben.gone.is_set)
        until = time.monotonic() + 20
        while number(own, "academy_open_sockets") != {1}:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert number(own, 'academy_facts_total{fact="PostSent"}') == {2}
        ana.close()
    assert number(own, "academy_open_sockets") == {0}
