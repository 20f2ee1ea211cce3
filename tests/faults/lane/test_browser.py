"""The shipped JavaScript in Chromium, on wires that are cut, its tab killed while messages are in the outbox."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import QUIET_CHROMIUM, chromium_path
from tests.faults.lane.harness import NOTHING, Academy, academy, settled, talkers, tally
from tests.faults.servers import HURRIED
from tests.faults.wire import talk
from tests.live import signed_in
from tests.proxy import Proxy
from tests.visits import NETWORK, RoomPage, Visit

pytestmark = [pytest.mark.lane, pytest.mark.browser]

SECONDS = 90_000  # milliseconds until everything has arrived
ROUNDS, IN_A_ROUND, IN_THE_DARK = 3, 4, 2


@contextmanager
def scissors(proxy: Proxy) -> Iterator[threading.Event]:
    """Cut every connection after 0.3 s and some more, three on average, again and again; not while the event is set."""
    ended, resting, dice = threading.Event(), threading.Event(), random.Random(9)

    def cut() -> None:
        while not ended.wait(0.3 + dice.expovariate(1 / 3)):
            if not resting.is_set():
                proxy.cut()

    thread = threading.Thread(target=cut, daemon=True)
    thread.start()
    try:
        yield resting
    finally:
        ended.set()
        thread.join()


def enter(visit: Visit, place: Academy) -> RoomPage:
    visit.go(f"/spaces/{place.space}")
    room = RoomPage(visit)
    room.live()
    return room


def kill_tabs(browser: Browser, page: Page) -> None:
    """End a browser's tabs as a system does that needs the memory: no script of theirs runs any more."""
    gone: list[Page] = []
    page.on("crash", lambda one: gone.append(one))
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    for process in found:
        if process["type"] == "renderer":
            os.kill(process["id"], signal.SIGKILL)
    if not gone:
        page.wait_for_event("crash")
    page.close()


def test_a_tab_killed_with_messages_in_its_outbox_sends_each_once_when_it_is_opened_again(
    chromium: Browser, database_url: str, tmp_path: Path
) -> None:
    mortal = chromium.browser_type.launch(executable_path=chromium_path(), args=QUIET_CHROMIUM)
    with academy(database_url, tmp_path, HURRIED) as place, Proxy(place.server.port) as proxy:
        with scissors(proxy) as resting, talkers(place, proxy.url, slice(2, 4)) as programs:
            resting.set()
            rooms: list[RoomPage] = []
            for browser, person in zip((mortal, chromium), place.people, strict=False):
                context = browser.new_context()
                visit = Visit(proxy.url, context, context.new_page())
                visit.take(signed_in(place.kernel, person))
                rooms.append(enter(visit, place))
            resting.clear()
            hers, his = rooms
            said: list[list[str]] = [[], []]

            def say(one: int, words: str) -> None:
                said[one].append(words)
                rooms[one].say(words)

            def browse() -> None:
                for number in range(ROUNDS):
                    for turn in range(IN_A_ROUND):
                        say(0, f"Ana says {number}.{turn}")
                        say(1, f"Ben says {number}.{turn}")
                        his.page.wait_for_timeout(400)
                    if number == ROUNDS - 1:
                        return
                    resting.set()
                    proxy.refusing = True
                    proxy.cut()
                    for turn in range(IN_THE_DARK):
                        words = f"Ana says {number}.{turn} in the dark"
                        say(0, words)
                        state = rooms[0].message(words).locator(".state")
                        expect(state).to_have_text("Kept. It is sent when you are back.")
                    kill_tabs(mortal, rooms[0].page)
                    proxy.refusing = False
                    context = rooms[0].visit.context
                    rooms[0] = enter(Visit(proxy.url, context, context.new_page()), place)
                    resting.clear()

            talk(programs, 9, meanwhile=browse)
            everything = sum(len(mine) for mine in (*said, *(one.said for one in programs)))
            for room in rooms:
                expect(room.messages()).to_have_count(everything, timeout=SECONDS)
                expect(room.page.locator("#msgs > .is-sending, #msgs > .is-failed")).to_have_count(0, timeout=SECONDS)
            settled(programs, everything)
            screens = [room.words() for room in rooms] + [one.screen for one in programs]
        stored = place.stored()
        assert tally([*said, *(one.said for one in programs)], stored, screens) == NOTHING
        assert len(stored) == everything == (2 * ROUNDS * IN_A_ROUND) + (ROUNDS - 1) * IN_THE_DARK + 2 * 9
        assert min(one.client.connections for one in programs) > ROUNDS  # the wires were cut
        his.visit.clean(forgive=NETWORK)
        hers.visit.context.close()
        his.visit.context.close()
    mortal.close()
