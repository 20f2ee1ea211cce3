"""Two workers are one academy: what one of them does, the sockets of the other feel at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import update
from sqlalchemy.orm import Session

from academy.kernel import clock, mail
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Group
from tests.browsing import Browsing
from tests.factories import forums
from tests.faults.rooms import room_on
from tests.faults.wire import gone, send
from tests.faults.workers import AT_ONCE, BEATS, SHORT_LEASES, Workers, apart, people_here, remove, said, serve
from tests.live import signed_in
from tests.serving import ROOT
from tests.sink import Sink

pytestmark = pytest.mark.xdist_group("workers")

TOKEN = "for-whoever-scrapes-it"


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Workers]:
    """Serve an empty academy by two workers for one test, as it says."""
    shutil.copyfile(sqlite_template, tmp_path / "academy.db")
    with serve(f"sqlite:///{tmp_path / 'academy.db'}", tmp_path, **request.param) as workers:
        yield workers


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


def test_a_deactivation_by_a_command_closes_sockets_within_a_second(two: Workers) -> None:
    with apart(two) as they:
        ana, ben = they.wires
        with two.wire(they.cookies[1], off=two.worker_of(ben)) as elsewhere:
            person, now = they.room.learners[1], clock.now()
            two.kernel.commit(lambda s: people_actions.deactivate(s, person_id=person, at=now, actor_id=None))
            gone(ben, elsewhere)
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
            assert -1 not in [redis.ttl(key) for key in keys], "something is kept for ever"


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
    [
        {"mode": "threading"},
        {"mode": "eventlet", "tls": True},
        {"mode": "gevent", "tls": True},
        {"mode": "gevent", "flags": ("--preload",)},
    ],
    indirect=True,
    ids=["threads", "eventlet, Redis by TLS", "gevent, Redis by TLS", "gevent preloaded"],
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
        with serve(f"sqlite:///{tmp_path / 'academy.db'}", tmp_path, environment=mail_by) as workers:

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
