"""The same contract under every server and mode: what people rely on does not depend on how it is served.

The wires themselves are tried under the same servers in tests/academy/kernel/test_websocket.py.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome
from sqlalchemy import text

from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people.engine import hash_password
from academy.people.models import Person
from tests.academy.kernel.wires import Client
from tests.browsing import Browsing
from tests.databases import Lane
from tests.faults.rooms import Room, room_on
from tests.faults.wire import Wire, nonce, send
from tests.live import kernel_on, signed_in
from tests.serving import Server, start_gunicorn, start_server
from tests.sink import Sink

pytestmark = pytest.mark.xdist_group("modes")

STARTS: dict[str, tuple[Callable[..., Server], str]] = {
    "academy serve, gevent": (start_server, "gevent"),
    "academy serve, eventlet": (start_server, "eventlet"),
    "academy serve, threads": (start_server, "threading"),
    "gunicorn, gevent": (start_gunicorn, "gevent"),
    "gunicorn, eventlet": (start_gunicorn, "eventlet"),
    "gunicorn, gthread": (start_gunicorn, "threading"),
}
ON_POSTGRESQL = [(name, "postgresql") for name in STARTS]
PLACES = ON_POSTGRESQL + [(name, "sqlite") for name in STARTS]
"""Those that some tests leave out stand last: pytest starts a server anew where the numbers of its place differ."""
PASSWORD = "a long and winding password"
SOON = 5.0  # seconds, on a busy machine; a beacon, which would heal what was lost, comes after 20 at the earliest
GONE = 8.0  # seconds from SIGTERM to the end: five that gunicorn gives, and a busy machine


@dataclass
class Place:
    """A server in one mode on one kind of database, and a room there with Ana and Ben in it."""

    server: Server
    room: Room
    mail: Sink

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url

    @property
    def kernel(self) -> Kernel:
        """A kernel of our own on the same database."""
        return self.room.kernel

    @property
    def space(self) -> str:
        """The room's log."""
        return self.room.space

    def email(self, number: int) -> str:
        """Return the address of one of the learners."""
        with self.kernel.reading() as session:
            return session.get_one(Person, self.room.learners[number]).email

    def person(self, number: int) -> str:
        """Sign one of the learners in and return their cookie."""
        return signed_in(self.kernel, self.room.learners[number])

    def opened(self, cookie: str, since: int = 0) -> Wire:
        """Open a socket, and the room on it."""
        wire = Wire(self.url, cookie)
        answer = wire.ask("space:open", {"spaces": {self.space: since}})
        assert answer["ok"], answer
        wire.heard.append(("opened", answer["spaces"][self.space]))
        return wire


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kernel]]:
    """Kernels by kind of database, made when first asked for."""
    made: dict[str, Kernel] = {}
    yield made
    for kernel in made.values():
        kernel.database.engine.dispose()


@pytest.fixture(scope="module", params=PLACES, ids=", ".join)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kernels: dict[str, Kernel]
) -> Iterator[Place]:
    """Serve, one server after the other; each has a room of its own."""
    name, database = request.param
    folder = tmp_path_factory.mktemp("mode")
    if database not in kernels:
        kernels[database] = kernel_on(_fresh(request, database, folder), folder)
    kernel = kernels[database]
    room = room_on(kernel, "Ana", "Ben")
    hashed = hash_password(PASSWORD)
    for person in room.learners:
        kernel.commit(
            lambda s, who=person: people_actions.set_password(s, person_id=who, password_hash=hashed, actor_id=None)
        )
    start, mode = STARTS[name]
    url = kernel.database.engine.url.set(drivername=database)  # the mode chooses the driver
    address = url.render_as_string(hide_password=False)
    with Sink() as mail:
        server = start(address, folder, mode=mode, ACADEMY_MAIL="smtp", ACADEMY_SMTP_URL=mail.url)
        yield Place(server, room, mail)
        server.stop()


def _fresh(request: pytest.FixtureRequest, database: str, folder: Path) -> str:
    if database == "sqlite":
        file = folder / "academy.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    lane: Lane = request.getfixturevalue("postgresql_lane")
    lane.ready()
    return lane.url


def posts(events: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """Return numbers and bodies of posts, as they came."""
    return [(event["seq"], event["payload"]["html"]) for event in events if event["kind"] == "post"]


def test_a_server_is_ready_with_its_jobs_and_its_database(place: Place) -> None:
    deadline = time.monotonic() + SOON
    while (answer := requests.get(f"{place.url}/readyz", timeout=SOON)).status_code != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def test_a_letter_that_is_asked_for_is_sent_by_the_job_that_runs_beside_requests(place: Place) -> None:
    assert Browsing(place.url).submit("/forgot", "/forgot", {"email": place.email(0)}).status_code < 400
    address = place.email(0)
    place.mail.wait(lambda: any("A new password" in str(letter["Subject"]) for letter in place.mail.to(address)))


def test_who_signs_in_by_the_form_opens_a_socket_and_is_heard_by_the_others_in_order(place: Place) -> None:
    browsing, email = Browsing(place.url), place.email(0)
    assert browsing.submit("/sign-in", "/sign-in", {"email": email, "password": "wrong"}).status_code == 422
    assert browsing.submit("/sign-in", "/sign-in", {"email": email, "password": PASSWORD}).status_code == 303
    ana = browsing.session.cookies["academy"]
    with place.opened(ana) as sender, place.opened(place.person(1)) as other:
        before = len(other.events(place.space))
        acks = [send(sender, place.space, f"message {number}") for number in range(12)]
        assert [ack["ok"] for ack in acks] == [True] * 12
        other.wait(lambda: len(other.events(place.space)) == before + 12, SOON)
        heard = posts(other.events(place.space))[-12:]
        assert [seq for seq, _ in heard] == [ack["seq"] for ack in acks]
        assert [f"message {number}" in html for number, (_, html) in enumerate(heard)] == [True] * 12
        again = nonce()
        first, second = (send(sender, place.space, "said once", key=again) for _ in range(2))
        assert (first["id"], first["duplicate"]) == (second["id"], not second["duplicate"])


def test_who_was_cut_catches_up_with_what_was_said_meanwhile_and_nothing_else(place: Place) -> None:
    ana, ben = place.person(0), place.person(1)
    with place.opened(ana) as sender:
        with place.opened(ben) as other:
            assert send(sender, place.space, "before the cut")["ok"]
            other.wait(lambda: other.events(place.space), SOON)
            known = other.events(place.space)[-1]["seq"]
            other.client.eio.ws.sock.close()  # without a word, as a lost network does
        missed = [send(sender, place.space, f"meanwhile {number}")["seq"] for number in range(3)]
        with place.opened(ben, since=known) as back:
            page = dict(back.heard)["opened"]
            assert [event["seq"] for event in page["events"]] == missed
            assert page["head"] == missed[-1]
            after = send(sender, place.space, "and on it goes")["seq"]
            back.wait(lambda: [event["seq"] for event in back.events(place.space)] == [after], SOON)


def test_logging_out_closes_the_socket_at_once_and_its_cookie_opens_no_other(place: Place) -> None:
    here, there = place.person(0), place.person(0)
    with place.opened(here) as ends, place.opened(there) as stays:
        Browsing(place.url, here).submit("/me", "/sign-out")
        ends.wait(ends.gone.is_set, SOON)
        assert send(stays, place.space, "still here")["ok"]
        assert not ends.events(place.space)
    with pytest.raises(Unwelcome):
        Wire(place.url, here)


def test_a_reader_who_pauses_delays_nobody_and_gets_whole_frames_in_order(place: Place) -> None:
    cookies = [place.person(0), place.person(1)]
    body = "&" * 3_900  # five times as long once it is HTML
    port = place.server.port
    with (
        Client(port, receive_buffer=4096, Cookie=f"academy={place.person(1)}").enter() as slow,
        place.opened(cookies[0]) as sender,
        place.opened(cookies[1]) as fast,
    ):
        slow.send("421" + json.dumps(["space:open", {"spaces": {place.space: 10**6}}]))
        while not slow.text().startswith("431"):
            pass  # it pauses once it is here, or the first message might be there before it
        sent = []
        for number in range(36):
            began = time.monotonic()
            wire = (sender, fast)[number % 2]
            ack = send(wire, place.space, body)
            assert ack["ok"], ack
            sent.append(ack["seq"])
            fast.wait(lambda: fast.events(place.space)[-1:] and fast.events(place.space)[-1]["seq"] == sent[-1], SOON)
            assert time.monotonic() - began < SOON
        read: list[int] = []
        while read[-1:] != sent[-1:]:
            said = slow.text()
            if said.startswith('42["space:event"'):
                event = json.loads(said[2:])[1]
                assert len(event["payload"]["html"]) > len(body)
                read += [event["seq"]] if event["seq"] not in read else []
        assert read == sent


def test_what_waits_for_the_database_holds_up_nobody_else(place: Place) -> None:
    answers: list[Any] = []
    with place.opened(place.person(0)) as sender, place.opened(place.person(1)) as other:
        with _held(place):
            asking = threading.Thread(target=lambda: answers.append(send(sender, place.space, "when it is free")))
            asking.start()
            time.sleep(0.3)
            for _ in range(3):
                began = time.monotonic()
                assert requests.get(f"{place.url}/healthz", timeout=SOON).status_code == 200
                assert other.ask("space:sync", {"space": place.space, "since": 0})["ok"]
                assert time.monotonic() - began < SOON
            assert answers == [], "the lock holds nobody"
        asking.join(10)
        assert answers[0]["ok"]
        other.wait(lambda: other.events(place.space), SOON)


@contextmanager
def _held(place: Place) -> Iterator[None]:
    """Lock the room's log, all of the database on SQLite, as somebody's long transaction would."""
    space: UUID = place.room.space_id
    if place.kernel.database.embedded:
        with closing(sqlite3.connect(str(place.kernel.database.engine.url.database), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with place.kernel.database.engine.connect() as connection, connection.begin():
        connection.execute(text("SELECT 1 FROM logs WHERE id = :id FOR UPDATE"), {"id": space})
        yield


def test_a_server_that_is_told_to_stop_says_so_to_its_sockets_and_is_gone_in_time(place: Place) -> None:
    """The last of them all: nobody is there any more after it."""
    idle = requests.Session()
    assert idle.get(f"{place.url}/healthz", timeout=SOON).status_code == 200
    with Client(place.server.port, Cookie=f"academy={place.person(0)}").enter() as client:
        client.send("421" + json.dumps(["space:open", {"spaces": {place.space: 0}}]))
        while not client.text().startswith("431"):
            pass
        began = time.monotonic()
        place.server.process.terminate()
        assert client.ending() == (1001, b"")
    assert place.server.process.wait(GONE) == 0
    assert time.monotonic() - began < GONE
    said = place.server.log.read_text()
    assert "Traceback" not in said
    assert "without waiting" not in said
    idle.close()
