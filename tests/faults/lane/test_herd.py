"""Hundreds return at once after the server was killed: nothing missed, a bounded catch-up, no storm."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from academy.bridges.client.api.client import Client
from academy.kernel import log
from academy.kernel.app import Kernel
from academy.people import actions
from academy.people.engine import new_token, token_hash
from academy.people.models import Role
from tests.factories import forums
from tests.faults.lane.harness import academy
from tests.faults.servers import COUNTING, COUNTS
from tests.serving import cookie_of

pytestmark = pytest.mark.lane

BEFORE, MISSED = 10, 30
AT_ONCE = 16  # pages that are made at one time, as docs/realtime.md has it
ASKS = 6  # for what was missed, of one client on average: five times it may be told to come later
CONNECTIONS = 3  # of one client on average: it comes, it returns, and once it may fail
AWAY = 30  # seconds that a client stays away between two tries at most
SECONDS = 400  # hundreds of clients in one process, on a slow machine


@pytest.mark.parametrize(
    ("database_url", "herd"), [("postgresql", 500), ("sqlite", 200)], indirect=["database_url"], ids=str
)
def test_a_herd_that_returns_at_once_misses_nothing_and_is_no_storm(
    database_url: str, herd: int, tmp_path: Path
) -> None:
    with academy(database_url, tmp_path, COUNTING) as place, ExitStack() as stack:
        cookies = crowd(place.kernel, place.space_id, herd)
        for number in range(BEFORE):
            forums.say(place.kernel, place.people[0], place.space_id, f"before {number}")
        with place.kernel.reading() as session:
            known = log.heads_of(session, [place.space_id])[place.space_id]
        screens: list[list[str]] = [[] for _ in range(herd)]
        clients = []
        began = time.monotonic()
        for number, screen in enumerate(screens):
            one = Client(place.server.url, cookie=cookies[number])
            one.follow(place.space, lambda event, screen=screen: screen.append(event["payload"]["html"]), since=known)
            clients.append(stack.enter_context(one))
        forums.say(place.kernel, place.people[0], place.space_id, "as they come")
        coming = _until(lambda: all(screens)) - began
        place.server.kill()
        for number in range(MISSED):
            forums.say(place.kernel, place.people[1], place.space_id, f"missed {number}")
        place.kernel.database.engine.dispose()
        place.again()
        began = time.monotonic()
        returning = _until(lambda: all(len(screen) > MISSED for screen in screens)) - began
        connections = sum(one.connections for one in clients)
        time.sleep(1)  # what comes twice gets the time to come
        said = place.server.log.read_text()
    counts = json.loads((tmp_path / COUNTS).read_text())  # of the second server, which began anew and has ended
    print(f"{coming:.1f} s to come, {returning:.1f} s to return, {connections} connections", counts)
    words = ["<p>as they come</p>", *(f"<p>missed {number}</p>" for number in range(MISSED))]
    assert [screen for screen in screens if screen != words] == []
    assert said == ""  # warnings and worse
    assert counts["asked"] - counts["busy"] >= herd
    assert counts["at_once"] <= AT_ONCE
    assert counts["asked"] <= ASKS * herd
    assert connections <= CONNECTIONS * herd
    assert returning < 2 * coming + AWAY


def crowd(kernel: Kernel, space_id: UUID, number: int) -> list[str]:
    """Let so many people into a room, and return a cookie of each."""

    def come(session: Session) -> list[str]:
        group_id, cookies = forums.group_of(session, space_id), []
        for each in range(number):
            person = actions.add_person(
                session, email=f"herd{each}@example.org", name=f"Herd {each}", zone="UTC", password_hash=None
            )
            actions.join(session, group_id=group_id, person_id=person.id, role=Role.LEARNER, actor_id=None)
            token = new_token()
            actions.sign_in(session, person_id=person.id, token_hash=token_hash(token), agent="test")
            cookies.append(cookie_of(token))
        return cookies

    return kernel.commit(come)


def _until(found: Callable[[], bool]) -> float:
    """Wait until something is so; returns when it was."""
    until = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)
    return time.monotonic()
