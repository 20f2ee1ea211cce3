"""A connection lost while somebody writes: kept, said so, sent once. By a wire that is cut or goes dead and by a server that dies."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from forums.posts.models import Post
from tests.conftest import QUIET_CHROMIUM, chromium_path
from tests.factories import cohorts, forums
from tests.live import kernel_on, signed_in
from tests.proxy import Proxy
from tests.serving import Server, start_server
from tests.visits import NETWORK, RoomPage, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys-lost")]

GIVEN_UP = 20  # seconds: a question waits for 8 s; by the pings alone a dead connection would end after 45 s
AGAIN = "Connecting again. What you write is kept and sent. 1 message is not sent yet."


@dataclass
class Scene:
    """A server of the module's own behind a wire that can fail; the browser only knows the wire."""

    database_url: str
    folder: Path
    kernel: Kernel
    server: Server
    proxy: Proxy

    def again(self) -> None:
        """Bring a killed server back to where it was."""
        self.server = start_server(self.database_url, self.folder, port=self.server.port)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("lost")
    file = folder / "academy.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    server = start_server(url, folder)
    with Proxy(server.port) as proxy:
        found = Scene(url, folder, kernel_on(url, folder), server, proxy)
        yield found
        found.server.stop()
        found.kernel.database.engine.dispose()


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """Return the server, up and well connected, whatever the test before has done."""
    yield stage
    stage.proxy.swallowing = stage.proxy.refusing = False
    if stage.server.process.poll() is not None:
        stage.again()


@dataclass
class Two:
    """Ana and Ben in their cohort's room."""

    kernel: Kernel
    space: UUID
    ana: UUID
    ben: UUID

    @property
    def path(self) -> str:
        return f"/spaces/{encode(self.space)}"

    def stored(self) -> list[str]:
        """The words of the room as the database has them."""
        with self.kernel.reading() as session:
            return list(session.scalars(select(Post.body_md).where(Post.space_id == self.space).order_by(Post.no)))


@pytest.fixture
def two(scene: Scene) -> Two:
    made = cohorts.world(scene.kernel)
    ana, ben = (cohorts.enrolled(scene.kernel, made, name) for name in ("Ana Petrov", "Ben Okafor"))
    return Two(scene.kernel, made.space, ana, ben)


@pytest.fixture
def visits(scene: Scene, chromium: Browser) -> Iterator[Callable[[UUID], Visit]]:
    """Return a maker of browsers behind the wire; a console may speak of the network and of nothing else."""
    opened: list[Visit] = []

    def open_one(person_id: UUID, context: BrowserContext | None = None) -> Visit:
        context = context or chromium.new_context()
        visit = Visit(scene.proxy.url, context, context.new_page())
        visit.take(signed_in(scene.kernel, person_id))
        opened.append(visit)
        return visit

    yield open_one
    for visit in opened:
        visit.context.close()
    for visit in opened:
        visit.clean(forgive=NETWORK)


def enter(visit: Visit, two: Two) -> RoomPage:
    visit.go(two.path)
    room = RoomPage(visit)
    room.live()
    return room


def sending(room: RoomPage, text: str) -> None:
    """Expect a message to stand in the room as one that is on its way."""
    message = room.message(text)
    expect(message).to_have_class(re.compile("is-sending"))
    expect(message.locator(".state")).to_have_text(re.compile("Sending…|It is sent when you are back"))


def delivered(room: RoomPage, text: str) -> None:
    """Expect a message to stand in the room once, as one that has arrived."""
    expect(room.message(text)).to_have_count(1, timeout=45_000)
    expect(room.message(text)).not_to_have_class(re.compile("is-sending|is-failed"), timeout=45_000)
    expect(room.message(text).locator(".state")).to_have_count(0)


def test_a_wire_cut_during_a_send_says_so_keeps_the_message_and_stores_it_once(
    scene: Scene, two: Two, visits: Callable[..., Visit]
) -> None:
    hers, his = enter(visits(two.ana), two), enter(visits(two.ben), two)
    hers.say("Before the tunnel")
    delivered(his, "Before the tunnel")
    # Her message reaches the server, but nothing comes back: neither its answer nor the news of it.
    scene.proxy.swallowing = True
    hers.say("In the tunnel")
    sending(hers, "In the tunnel")
    expect(hers.page.locator("[data-net]")).to_be_hidden()
    scene.proxy.refusing = True
    scene.proxy.cut()
    # The bar comes after two seconds, not for every blink, and tells what happens to what one writes.
    expect(hers.page.locator("[data-net]")).to_be_visible()
    expect(hers.page.locator("[data-net]")).to_have_text(AGAIN)
    assert hers.page.locator("[data-net]").get_attribute("role") == "status"
    hers.say("And a second thing")
    sending(hers, "And a second thing")
    scene.proxy.swallowing = scene.proxy.refusing = False
    delivered(hers, "In the tunnel")
    delivered(hers, "And a second thing")
    expect(hers.page.locator("[data-net]")).to_be_hidden()
    for room in (hers, his):
        delivered(room, "And a second thing")
        assert room.words() == ["Before the tunnel", "In the tunnel", "And a second thing"]
    assert two.stored() == ["Before the tunnel", "In the tunnel", "And a second thing"]


def test_a_wire_that_goes_dead_without_a_word_is_given_up_said_so_and_what_was_written_goes_another_way(
    scene: Scene, two: Two, visits: Callable[..., Visit]
) -> None:
    hers, his = enter(visits(two.ana), two), enter(visits(two.ben), two)
    scene.proxy.freeze()
    written = time.monotonic()
    hers.say("Into the hole")
    sending(hers, "Into the hole")
    delivered(hers, "Into the hole")
    assert time.monotonic() - written < GIVEN_UP
    assert two.stored() == ["Into the hole"]
    # Now nothing else gets through either, which the bar says without waiting for anything to be cut.
    scene.proxy.refusing = True
    scene.proxy.freeze()
    written = time.monotonic()
    hers.say("And nobody there")
    expect(hers.page.locator("[data-net]")).to_be_visible()
    expect(hers.page.locator("[data-net]")).to_have_text(AGAIN)
    assert time.monotonic() - written < GIVEN_UP
    scene.proxy.refusing = False
    for room in (hers, his):
        delivered(room, "And nobody there")
        assert room.words() == ["Into the hole", "And nobody there"]
    assert two.stored() == ["Into the hole", "And nobody there"]


def test_a_short_blink_shows_no_bar(scene: Scene, two: Two, visits: Callable[..., Visit]) -> None:
    hers = enter(visits(two.ana), two)
    bar = hers.page.locator("[data-net]")
    # An observer in the page sees every change of the bar, however short.
    bar.evaluate(
        "el => { el.dataset.seen = 0; new MutationObserver(() => { if (!el.hidden) el.dataset.seen++; })"
        ".observe(el, { attributes: true, attributeFilter: ['hidden'] }); }"
    )
    scene.proxy.cut()
    expect(hers.page.locator("html[data-live=off]")).to_have_count(1)
    hers.live()
    expect(bar).to_have_attribute("data-seen", "0")


def test_a_server_killed_during_a_send_a_closed_tab_and_another_browser_later_it_is_delivered_once(
    scene: Scene, two: Two, tmp_path: Path, chromium: Browser, visits: Callable[..., Visit]
) -> None:
    his = enter(visits(two.ben), two)
    options = {"executable_path": chromium_path(), "args": QUIET_CHROMIUM}
    storage = tmp_path / "profile"
    cookie = signed_in(scene.kernel, two.ana)

    first = chromium.browser_type.launch_persistent_context(storage, **options)
    hers = Visit(scene.proxy.url, first, first.pages[0])
    hers.take(cookie)
    room = enter(hers, two)
    room.say("Before the night")
    delivered(his, "Before the night")
    # The server has it and dies before it could answer.
    scene.proxy.swallowing = True
    room.say("At the worst moment")
    sending(room, "At the worst moment")
    his.page.wait_for_timeout(300)
    scene.server.kill()
    scene.proxy.refusing = True
    scene.proxy.cut()
    room.say("And one more, with nobody there")
    sending(room, "And one more, with nobody there")
    expect(room.page.locator("[data-net]")).to_be_visible()
    expect(room.message("And one more").locator(".state")).to_have_text("Kept. It is sent when you are back.")
    first.close()
    hers.clean(forgive=NETWORK)

    scene.proxy.swallowing = scene.proxy.refusing = False
    scene.again()
    second = chromium.browser_type.launch_persistent_context(storage, **options)
    hers = Visit(scene.proxy.url, second, second.pages[0])
    hers.take(cookie)
    room = enter(hers, two)
    for text in ("Before the night", "At the worst moment", "And one more, with nobody there"):
        delivered(room, text)
        delivered(his, text)
    assert two.stored() == ["Before the night", "At the worst moment", "And one more, with nobody there"]
    assert room.words() == his.words() == two.stored()
    room.page.reload()
    expect(room.messages()).to_have_count(3)
    room.page.wait_for_timeout(500)
    assert room.words() == two.stored()
    second.close()
    hers.clean(forgive=NETWORK)


def test_what_was_kept_is_sent_once_when_two_tabs_of_one_person_come_back_together(
    scene: Scene, two: Two, visits: Callable[..., Visit]
) -> None:
    visit = visits(two.ana)
    one = enter(visit, two)
    scene.proxy.refusing = True
    scene.proxy.cut()
    expect(one.page.locator("html[data-live=off]")).to_have_count(1)
    for text in ("Kept first", "Kept second"):
        one.say(text)
        sending(one, text)
    one.page.close()
    scene.proxy.refusing = False
    tabs = []
    for _ in range(2):
        page = visit.context.new_page()
        page.goto(scene.proxy.url + two.path, wait_until="commit")
        tabs.append(RoomPage(Visit(scene.proxy.url, visit.context, page)))
    for tab in tabs:
        tab.live()
        for text in ("Kept first", "Kept second"):
            delivered(tab, text)
        expect(tab.messages()).to_have_count(2)
    assert two.stored() == ["Kept first", "Kept second"]
    # And each hears what the other one sends, once.
    tabs[0].say("From the one tab")
    delivered(tabs[1], "From the one tab")
    tabs[1].say("From the other tab")
    for tab in tabs:
        delivered(tab, "From the other tab")
        assert tab.words() == ["Kept first", "Kept second", "From the one tab", "From the other tab"]


def test_what_others_said_meanwhile_is_there_in_order_when_she_is_back(
    scene: Scene, two: Two, visits: Callable[..., Visit]
) -> None:
    hers = enter(visits(two.ana), two)
    hers.say("Going under")
    delivered(hers, "Going under")
    scene.proxy.refusing = True
    scene.proxy.cut()
    expect(hers.page.locator("html[data-live=off]")).to_have_count(1)
    for number in (1, 2, 3):
        forums.say(scene.kernel, two.ben, two.space, f"Meanwhile {number}")
    hers.say("Written under water")
    scene.proxy.refusing = False
    delivered(hers, "Written under water")
    delivered(hers, "Meanwhile 3")
    expected = ["Going under", "Meanwhile 1", "Meanwhile 2", "Meanwhile 3", "Written under water"]
    assert two.stored() == expected
    expect(hers.messages()).to_have_count(len(expected))
    assert hers.words() == expected


def test_one_persons_kept_messages_are_not_sent_by_the_next_person_at_the_same_browser(
    scene: Scene, two: Two, visits: Callable[..., Visit]
) -> None:
    visit = visits(two.ana)
    room = enter(visit, two)
    scene.proxy.refusing = True
    scene.proxy.cut()
    expect(room.page.locator("html[data-live=off]")).to_have_count(1)
    room.say("Mine, not his")
    sending(room, "Mine, not his")
    room.page.goto("about:blank")
    scene.proxy.refusing = False
    visit.context.clear_cookies()
    visit.take(signed_in(scene.kernel, two.ben))
    room = enter(visit, two)
    room.say("I am Ben")
    delivered(room, "I am Ben")
    expect(room.message("Mine, not his")).to_have_count(0)
    assert two.stored() == ["I am Ben"]
    visit.context.clear_cookies()
    visit.take(signed_in(scene.kernel, two.ana))
    room = enter(visit, two)
    delivered(room, "Mine, not his")
    assert two.stored() == ["I am Ben", "Mine, not his"]
