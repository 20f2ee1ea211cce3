"""Five hundred come back at once after the server was killed: no error storm, a bounded catch-up, nothing missed."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from academy.bridges.client.api.client import Client
from academy.kernel import log
from tests.factories import forums
from tests.faults.lane.harness import CLIENTS, academy
from tests.faults.servers import HURRIED
from tests.live import signed_in

pytestmark = [pytest.mark.lane, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]

HERD = 500
BEFORE, MISSED = 10, 30
POOL = 30  # connections that a server opens to its database at most
SECONDS = 400  # five hundred clients in one process, on a slow machine


def test_five_hundred_who_return_at_once_miss_nothing_and_are_no_storm(database_url: str, tmp_path: Path) -> None:
    with academy(database_url, tmp_path, HURRIED) as place, ExitStack() as stack:
        cookies = [signed_in(place.kernel, person) for person in place.people]
        for number in range(BEFORE):
            forums.say(place.kernel, place.people[0], place.space_id, f"before {number}")
        with place.kernel.reading() as session:
            known = log.heads_of(session, [place.space_id])[place.space_id]
        place.server.kill()
        for number in range(MISSED):
            forums.say(place.kernel, place.people[1], place.space_id, f"missed {number}")
        place.kernel.database.engine.dispose()
        screens: list[list[str]] = [[] for _ in range(HERD)]
        for number, screen in enumerate(screens):
            one = Client(place.server.url, cookie=cookies[number % CLIENTS])
            one.follow(place.space, lambda event, screen=screen: screen.append(event["payload"]["html"]), since=known)
            stack.enter_context(one)  # it meets nobody, as everybody does just after the server has gone
        busiest, watching = [0], threading.Event()
        watcher = threading.Thread(target=_watch, args=[database_url, busiest, watching])
        watcher.start()
        place.server.log.write_text("")
        place.again()
        until = time.monotonic() + SECONDS
        while any(len(screen) < MISSED for screen in screens):
            assert time.monotonic() < until, sum(len(screen) == MISSED for screen in screens)
            time.sleep(0.1)
        time.sleep(1)  # what comes twice gets the time to come
        watching.set()
        watcher.join()
        said = place.server.log.read_text()
    words = [f"<p>missed {number}</p>" for number in range(MISSED)]
    assert [screen for screen in screens if screen != words] == []
    assert said == ""  # warnings and worse
    assert 0 < busiest[0] <= POOL


def _watch(database_url: str, busiest: list[int], ended: threading.Event) -> None:
    """Count the connections to the database but our own, again and again, and keep the most."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        while not ended.wait(0.05):
            row = connection.execute(counted).fetchone()
            busiest[0] = max(busiest[0], row[0] if row else 0)
