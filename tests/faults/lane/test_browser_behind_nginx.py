"""The shipped JavaScript in Chromium with an academy as docs/deployment serves it, one of its workers killed."""

from __future__ import annotations

import os
import signal
import time

import pytest
from playwright.sync_api import Browser

from academy.kernel.ids import encode
from tests.faults.deployed import Deployed
from tests.faults.lane.browsers import Screen, arrived, screen
from tests.faults.lane.harness import NOTHING, tally
from tests.faults.rooms import Room, room_on

pytestmark = [pytest.mark.lane, pytest.mark.browser]

TURNS = 12
SECONDS = 60


def apart(deployed: Deployed, made: Room, his: Screen) -> list[int]:
    """Let the second one come again until each of the two is with another worker; return these."""
    people = [encode(person) for person in made.learners]
    until = time.monotonic() + SECONDS
    while True:
        there = deployed.workers.present(made)
        settled = [len(there.get(person, ())) for person in people] == [1, 1]
        if settled and there[people[0]] != there[people[1]]:
            return [pid for person in people for pid in there[person]]
        assert time.monotonic() < until, there
        if settled:
            his.enter()
        his.page.wait_for_timeout(100)


def test_pages_with_two_workers_behind_nginx_lose_double_and_reorder_nothing_when_one_worker_is_killed(
    chromium: Browser, deployed: Deployed
) -> None:
    kernel = deployed.workers.kernel
    made = room_on(kernel, "Ana", "Ben")
    ana, ben = (
        screen(chromium, deployed.url, kernel, made.space, person, name, ignore_https_errors=True)
        for person, name in zip(made.learners, ("Ana", "Ben"), strict=True)
    )
    with ana as hers, ben as his:
        mortal, _other = apart(deployed, made, his)
        before = his.sockets
        for turn in range(TURNS):
            hers.say(f"Ana says {turn}")
            if turn == TURNS // 2:
                os.kill(mortal, signal.SIGKILL)
            his.say(f"Ben says {turn}")
            his.page.wait_for_timeout(250)
        arrived([hers, his], 2 * TURNS)
        assert tally([hers.said, his.said], made.stored(), [hers.words(), his.words()]) == NOTHING
        # She was cut off and came back, he stayed; no load healed her page, and he heard her as she spoke, by Redis.
        assert mortal not in deployed.workers.pids()
        assert (hers.sockets, his.sockets) == (2, before)
        assert hers.loads == 1
        assert len(his.heard) > 1.5 * TURNS
