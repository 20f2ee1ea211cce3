"""The shipped JavaScript in Chromium, under what networks, servers and backups do: nothing lost, doubled, out of order."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import QUIET_CHROMIUM, chromium_path
from tests.faults.lane.browsers import Screen, arrived, screen
from tests.faults.lane.harness import NOTHING, PASSWORD, Academy, Talker, academy, settled, talkers, tally
from tests.faults.servers import FORGETFUL, HURRIED
from tests.faults.wire import talk
from tests.forums.rooms import come_back
from tests.live import signed_in
from tests.proxy import Proxy

pytestmark = [pytest.mark.lane, pytest.mark.browser]

ROUNDS, IN_A_ROUND, IN_THE_DARK = 3, 4, 2
KEPT = "Kept. It is sent when you are back."


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


@contextmanager
def two_screens(browsers: tuple[Browser, Browser], urls: tuple[str, str], place: Academy) -> Iterator[list[Screen]]:
    """Let the room's first two people open it, each by an address of their own."""
    ana, ben = (
        screen(browser, url, place.kernel, place.space, person, name)
        for browser, url, person, name in zip(browsers, urls, place.people, ("Ana", "Ben"), strict=False)
    )
    with ana as hers, ben as his:
        yield [hers, his]


def speak(screens: list[Screen], what: str, times: int) -> None:
    """Let both say so much in turns."""
    for turn in range(times):
        for one in screens:
            one.say(f"{one.name} says {what} {turn}")
        screens[0].page.wait_for_timeout(400)


def in_the_dark(one: Screen, words: str) -> None:
    """Say something while there is no connection."""
    one.say(words)
    expect(one.message(words).locator(".state")).to_have_text(KEPT)


def unheard(one: Screen, words: str, place: Academy, proxy: Proxy) -> None:
    """Say something that the server stores while nothing that it answers comes through, from now on."""
    proxy.swallowing = True
    one.say(words)
    until = time.monotonic() + 20
    while words not in place.stored():
        assert time.monotonic() < until
        time.sleep(0.02)
    expect(one.message(words)).to_have_class(re.compile("is-sending"))


@pytest.fixture
def mortal(chromium: Browser) -> Iterator[Browser]:
    """Return a browser of the test's own, whose tabs may be killed."""
    found = chromium.browser_type.launch(executable_path=chromium_path(), args=QUIET_CHROMIUM)
    yield found
    found.close()


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


def all_of_it_once(place: Academy, screens: Sequence[Screen], programs: Sequence[Talker]) -> int:
    """See that whatever was said came to everybody once and in order, and is stored so; return how much it is."""
    everybody = [*screens, *programs]
    everything = sum(len(one.said) for one in everybody)
    arrived(screens, everything)
    settled(programs, everything)
    stored = place.stored()
    shown = [one.words() for one in screens] + [one.screen for one in programs]
    assert tally([one.said for one in everybody], stored, shown) == NOTHING
    assert len(stored) == everything
    return everything


def test_a_tab_killed_with_messages_in_its_outbox_sends_each_once_when_it_is_opened_again(
    chromium: Browser, mortal: Browser, database_url: str, tmp_path: Path
) -> None:
    with (
        academy(database_url, tmp_path, HURRIED) as place,
        Proxy(place.server.port) as proxy,
        scissors(proxy) as resting,
        talkers(place, proxy.url, slice(2, 4)) as programs,
    ):
        resting.set()
        with two_screens((mortal, chromium), (proxy.url, proxy.url), place) as screens:
            resting.clear()
            hers = screens[0]

            def browse() -> None:
                for number in range(ROUNDS):
                    speak(screens, f"in round {number}", IN_A_ROUND)
                    if number == ROUNDS - 1:
                        return
                    resting.set()
                    proxy.refusing = True
                    proxy.cut()
                    for turn in range(IN_THE_DARK):
                        in_the_dark(hers, f"Ana says {number}.{turn} in the dark")
                    kill_tabs(mortal, hers.page)
                    proxy.refusing = False
                    hers.enter_anew()
                    resting.clear()

            talk(programs, 9, meanwhile=browse)
            assert (
                all_of_it_once(place, screens, programs)
                == (2 * ROUNDS * IN_A_ROUND) + (ROUNDS - 1) * IN_THE_DARK + 2 * 9
            )
            assert min(one.client.connections for one in programs) > ROUNDS  # the wires were cut


def test_a_page_that_does_not_hear_one_broadcast_in_twenty_shows_everything_once_and_in_order(
    chromium: Browser, database_url: str, tmp_path: Path
) -> None:
    with academy(database_url, tmp_path, FORGETFUL) as place:
        url = place.server.url
        with (
            talkers(place, url, slice(2, 5)) as programs,
            two_screens((chromium, chromium), (url, url), place) as screens,
        ):
            talk(programs, 21, meanwhile=lambda: speak(screens, "amid it", 10))
            assert all_of_it_once(place, screens, programs) == 3 * 21 + 2 * 10
            # The harm was real, at the very end too, and neither a new connection nor a load healed it.
            for one in screens:
                assert len(one.missed()) > 5
                assert max(one.heard) < place.head()
                assert (one.sockets, one.loads) == (1, 1)


def test_a_page_that_is_open_while_a_backup_is_restored_starts_afresh_and_sends_once_what_is_unsent(
    chromium: Browser, database_url: str, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.tar"
    with academy(database_url, tmp_path, HURRIED) as place, Proxy(place.server.port) as proxy:
        with two_screens((chromium, chromium), (proxy.url, place.server.url), place) as screens:
            ana, ben = screens
            speak(screens, "before the backup", 3)
            arrived(screens, 6)
            unheard(ana, "Ana says what the backup holds, and hears nothing of it", place, proxy)
            place.command("backup", str(backup))
            proxy.cut()
            proxy.swallowing = False
            speak(screens, "after the backup", 2)
            arrived(screens, 11)
            unheard(ana, "Ana says what the backup does not hold, and hears nothing of it", place, proxy)
            place.server.kill()
            proxy.swallowing = False
            for one in screens:
                expect(one.page.locator("html[data-live=off]")).to_have_count(1)
                in_the_dark(one, f"{one.name} says something in the dark")
            kept = place.restore(backup)
            # That ended all sign-ins. He has signed in again in another tab before this one comes back; she is asked to.
            ben.visit.take(signed_in(place.kernel, place.people[1]))
            place.again()
            for one in screens:
                come_back(one.page, "online")  # so that nobody waits long
            ana.page.wait_for_url("**/sign-in?**")
            ana.page.get_by_label("Email").fill(place.emails[0])
            ana.page.get_by_label("Password").fill(PASSWORD)
            ana.page.get_by_role("button", name="Sign in").click()
            arrived(screens, 10)
            stored = place.stored()
            # What was acknowledged after the backup is gone, and nobody sends it again.
            gone = {words for one in screens for words in one.said if "after the backup" in words}
            said = [[words for words in one.said if words not in gone] for one in screens]
            assert tally(said, stored, [one.words() for one in screens]) == NOTHING
            assert (len(gone), len(kept), len(stored)) == (4, 7, 7 + 3)
            assert stored[:7] == kept
            assert (ana.loads, ben.loads) == (3, 2)  # each began afresh once, she by way of the page to sign in
            speak(screens, "in the history that counts", 2)
            arrived(screens, 14)
            assert ana.words() == ben.words() == place.stored()


def test_where_sockets_are_blocked_pages_go_on_by_plain_requests_and_return_to_sockets(
    chromium: Browser, database_url: str, tmp_path: Path
) -> None:
    with (
        academy(database_url, tmp_path, HURRIED) as place,
        Proxy(place.server.port) as proxy,
        talkers(place, place.server.url, slice(2, 3)) as programs,
        two_screens((chromium, chromium), (proxy.url, proxy.url), place) as screens,
    ):
        everybody = [*screens, *programs]
        speak(screens, "by socket", 2)
        arrived(screens, 4)
        proxy.without_sockets = True
        proxy.cut()
        heard = [len(one.heard) for one in screens]
        speak(screens, "by request", 3)
        for one in screens:
            expect(one.page.locator("html[data-http=on]")).to_have_count(1)
        unheard(screens[0], "Ana says what is stored, and hears nothing of it", place, proxy)
        proxy.refusing = True
        proxy.cut()
        screens[0].page.wait_for_timeout(1500)  # it is sent again in vain
        proxy.refusing = proxy.swallowing = False
        talk(programs, 9)
        arrived(screens, 4 + 6 + 1 + 9)
        # All of it went and came without a socket.
        assert [len(one.heard) for one in screens] == heard
        assert [one.sockets for one in screens] == [1, 1]
        assert screens[0].posted >= 4
        assert screens[1].posted >= 3
        proxy.without_sockets = False
        for one in screens:
            expect(one.page.locator("html[data-live=on]")).to_have_count(1, timeout=45_000)
            expect(one.page.locator("html[data-http]")).to_have_count(0)
        posted = [one.posted for one in screens]
        speak(screens, "by socket again", 2)
        talk(programs, 2, since=9)
        arrived(screens, 20 + 6)
        settled(programs, 26)
        shown = [one.words() for one in screens] + [one.screen for one in programs]
        assert tally([one.said for one in everybody], place.stored(), shown) == NOTHING
        assert [one.posted for one in screens] == posted
        assert min(len(one.heard) for one in screens) > max(heard)
        assert [(one.sockets, one.loads) for one in screens] == [(2, 1), (2, 1)]
