"""What a wire does to a room: one that answers nothing, events that overtake each other, news of another history."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from academy.kernel.ids import encode
from tests.forums.rooms import Own, say, shows
from tests.forums.test_outbox_script import SILENT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]

ASKED, SENT = re.compile(r"42\d+\["), re.compile(r'42\d+\["post:send"')
"""How an event that wants an ack begins on the wire."""

EVENT, SEND = '"space:event"', '"post:send"'


class Wire:
    """A page's connection: it keeps back what the test asks it to, and counts how often the page asks what is missing."""

    def __init__(self, page: Page) -> None:
        self.holding = "nothing at all"
        self.kept: list[Callable[[], None]] = []
        self.questions = 0
        self._page = page
        page.route_web_socket("**/socket.io/**", self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        self._tell = route.send
        route.on_message(partial(self._pass, server.send))
        server.on_message(partial(self._pass, route.send))

    def _pass(self, on: Callable[[str | bytes], None], message: str | bytes) -> None:
        self.questions += "space:sync" in str(message)
        if self.holding in str(message):
            self.kept.append(partial(on, message))
        else:
            on(message)

    def keeps(self, count: int) -> None:
        """Wait until so many messages are kept back."""
        while len(self.kept) < count:
            self._page.wait_for_timeout(20)

    def tell(self, event: str, payload: Any, wait: int = 400) -> None:
        """Let the page hear something that the server never said, and let so many milliseconds pass."""
        self._tell(f"42{json.dumps([event, payload])}")
        self._page.wait_for_timeout(wait)


@pytest.fixture
def wired(own: Own) -> tuple[Page, Wire]:
    """Open the room as Ana, in a browser that keeps nothing, on a wire of the test's."""
    profile = own.profile(0)
    profile.add_init_script(SILENT)
    ana = profile.new_page()
    wire = Wire(ana)
    ana.goto(own.url)
    ana.wait_for_selector("html[data-live=on]")
    return ana, wire


def hold_three(own: Own, wire: Wire) -> None:
    """Let Ben say three things that Ana's wire keeps back."""
    ben = own.visit(1)
    wire.holding, wire.questions = EVENT, 0
    for number, words in enumerate(("One", "Two", "Three"), 1):
        say(ben, words)
        wire.keeps(number)


def test_events_that_overtake_each_other_are_put_right_without_a_question(own: Own, wired: tuple[Page, Wire]) -> None:
    ana, wire = wired
    hold_three(own, wire)
    for number in (1, 2, 0):
        wire.kept[number]()
    shows(ana, "One", "Two", "Three")
    ana.wait_for_timeout(400)
    assert wire.questions == 0


def test_what_stays_missing_is_asked_for_once(own: Own, wired: tuple[Page, Wire]) -> None:
    ana, wire = wired
    hold_three(own, wire)
    for number in (1, 2):
        wire.kept[number]()
    shows(ana, "One", "Two", "Three")
    ana.wait_for_timeout(400)
    assert wire.questions == 1


def test_a_beacon_asks_for_what_does_not_come_and_only_for_that(own: Own, wired: tuple[Page, Wire]) -> None:
    ana, wire = wired
    space, before = encode(own.space), int(ana.locator("[data-space]").get_attribute("data-seq") or 0)
    hold_three(own, wire)
    wire.tell("space:heads", {space: before + 1}, wait=0)  # a moment before the event itself
    wire.kept[0]()
    shows(ana, "One")
    ana.wait_for_timeout(400)
    assert wire.questions == 0
    wire.kept[1]()
    shows(ana, "One", "Two")
    wire.tell("space:heads", {space: before + 1})  # read before the event, and told after it
    assert wire.questions == 0
    wire.tell("space:heads", {space: before + 3})
    shows(ana, "One", "Two", "Three")
    assert wire.questions == 1
    wire.tell("space:heads", {space: before + 3})
    wire.tell("space:heads", {space: before + 2})  # some of the log is lost
    assert wire.questions == 2


def test_who_stays_on_a_page_that_is_to_be_loaded_anew_is_asked_once(own: Own, wired: tuple[Page, Wire]) -> None:
    ana, wire = wired
    asked, loads = [], []
    ana.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    ana.on("load", lambda page: loads.append(page))
    wire.holding = SEND
    say(ana, "Kept by this page alone")
    wire.keeps(1)
    other = {"space": encode(own.space), "epoch": "restored", "seq": 1, "kind": "post", "payload": {}}
    for _ in range(3):
        wire.tell("space:event", other)
    assert asked == ["beforeunload"]
    expect(ana.locator(".is-sending .body")).to_have_text("Kept by this page alone")
    wire.kept[0]()
    expect(ana.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "Kept by this page alone"]
    assert loads == []
    with ana.expect_event("load"):
        wire.tell("space:event", other)
    shows(ana, "Kept by this page alone")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("unanswered", ["anything", "post:send"])
def test_a_server_that_lets_everybody_in_and_answers_nobody_is_tried_less_and_less_often(
    own: Own, unanswered: str
) -> None:
    opened: list[WebSocketRoute] = []

    def deaf(route: WebSocketRoute) -> None:
        opened.append(route)
        server = route.connect_to_server()
        lost = ASKED if unanswered == "anything" else SENT
        route.on_message(lambda message: None if lost.match(str(message)) else server.send(message))

    profile = own.profile(0)
    profile.add_init_script("Math.random = () => 1;")
    profile.route_web_socket("**/socket.io/**", deaf)
    ana = profile.new_page()
    ana.clock.install()
    ana.goto(own.url)
    ana.wait_for_selector("html[data-live=on]")
    say(ana, "It is locked")  # as a database may be, so that one reads and can't write
    seconds = 0
    while len(opened) < 6:
        ana.clock.run_for(1000)
        ana.wait_for_timeout(50)
        seconds += 1
    assert seconds > 60  # five times 8 s without an answer, and between them waits of 1, 2, 4, 8 and 16 s
