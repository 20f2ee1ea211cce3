"""Several tabs of one room in a real browser, and one that is put aside: they agree, and nothing waits for a dead one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, WebSocketRoute, expect
from sqlalchemy import update

from academy.kernel import clock
from academy.people import actions as people_actions
from forums.spaces.models import Space
from tests.forums.rooms import Own, bar, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


def test_two_tabs_show_everything_once_and_what_one_sends_stands_in_both(own: Own) -> None:
    profile = own.profile(0)
    first, second, ben = own.tab(profile), own.tab(profile), own.visit(1)
    say(first, "From the first")
    shows(second, "From the first")
    say(second, "From the second")
    shows(first, "From the first", "From the second")
    expect(second.locator(".is-sending")).to_have_count(0)
    say(ben, "From somebody else")
    for tab in (first, second, ben):
        shows(tab, "From the first", "From the second", "From somebody else")
        expect(tab.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "From the first", "From the second", "From somebody else"]


def test_what_a_tab_that_dies_has_not_sent_is_sent_by_the_other_one_that_was_open_before(own: Own) -> None:
    profile = own.profile(0)
    first, second = own.tab(profile), own.tab(profile)
    own.server.kill()
    for tab in (first, second):
        tab.wait_for_selector("html[data-live=off]")
    say(first, "Written in the first")
    say(first, "And one more")
    expect(second.locator(".is-sending .body")).to_have_text(["Written in the first", "And one more"])
    _crash(first)
    own.again()
    shows(second, "Written in the first", "And one more")
    expect(second.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "Written in the first", "And one more"]


def test_a_tab_that_dies_in_the_middle_of_sending_hands_its_turn_on(own: Own) -> None:
    profile = own.profile(0)
    second, first = own.tab(profile), profile.new_page()
    first.route_web_socket("**/socket.io/**", _without_sends)
    first.goto(own.url)
    first.wait_for_selector("html[data-live=on]")
    say(first, "On its way for ever")
    expect(second.locator(".is-sending .body")).to_have_text(["On its way for ever"])
    assert own.stored() == ["Welcome, everybody"]
    _crash(first)
    shows(second, "On its way for ever")
    expect(second.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "On its way for ever"]


def _without_sends(route: WebSocketRoute) -> None:
    """Let everything through but what is sent to be stored: a wire that hangs in one direction."""
    server = route.connect_to_server()
    route.on_message(lambda message: None if "post:send" in str(message) else server.send(message))


def test_a_tab_whose_wire_is_dead_hands_its_turn_on(own: Own) -> None:
    profile, dead = own.profile(0), []

    def wire(route: WebSocketRoute) -> None:
        if dead:
            route.close()
            return
        server = route.connect_to_server()
        route.on_message(lambda message: None if dead else server.send(message))
        server.on_message(lambda message: None if dead else route.send(message))

    second, first = own.tab(profile), profile.new_page()
    first.route_web_socket("**/socket.io/**", wire)
    first.route("**/api/v1/**", lambda route: route.abort())
    first.goto(own.url)
    first.wait_for_selector("html[data-live=on]")
    dead.append(True)
    say(first, "For another tab to send")
    expect(first.locator(".is-sending .state")).to_have_text("Sending…")
    expect(second.locator(".is-sending")).to_have_count(1)
    shows(second, "For another tab to send")
    expect(second.locator(".is-sending")).to_have_count(0)
    expect(first.locator(".net")).to_be_visible()
    assert own.stored() == ["Welcome, everybody", "For another tab to send"]


def _crash(page: Page) -> None:
    """Let a tab's process die: it unloads nothing and says nothing to anybody."""
    with page.expect_event("crash"), pytest.raises(PlaywrightError):
        page.goto("chrome://crash")


def test_a_message_that_is_refused_can_be_dropped_in_either_tab(own: Own) -> None:
    profile = own.profile(0)
    first, second = own.tab(profile), own.tab(profile)
    with_nothing_added(own)
    say(first, "Too late")
    for tab in (first, second):
        expect(tab.locator(".is-failed")).to_have_count(1)
        expect(tab.locator(".is-failed")).to_contain_text("read-only")
    second.get_by_role("button", name="Discard").click()
    for tab in (first, second):
        expect(tab.locator(".is-failed")).to_have_count(0)
    first.reload()
    shows(first)
    assert own.stored() == ["Welcome, everybody"]


def with_nothing_added(own: Own) -> None:
    """Close the room without anybody being told."""
    own.kernel.commit(lambda s: s.execute(update(Space).where(Space.id == own.space).values(locked_at=clock.now())))


def test_a_page_that_was_put_aside_catches_up_when_it_is_brought_back(own: Own) -> None:
    ana = own.visit(0)
    ana.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    ana.wait_for_selector("html[data-live=off]")
    own.say(1, "Said meanwhile")
    own.say(2, "And this")
    ana.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    ana.wait_for_selector("html[data-live=on]")
    shows(ana, "Said meanwhile", "And this")
    assert bar(ana) == ""


def test_the_bar_says_what_is_so_and_how_much_is_not_sent_yet(own: Own) -> None:
    profile = own.profile(0)
    ana = own.tab(profile)
    assert bar(ana) == ""
    own.server.kill()
    expect(ana.locator(".net")).to_be_visible()
    expect(ana.locator(".net")).to_have_text("Connecting again. What you write is kept and sent.")
    say(ana, "One")
    expect(ana.locator(".net")).to_contain_text("1 message is not sent yet.")
    say(ana, "Two")
    expect(ana.locator(".net")).to_contain_text("2 messages are not sent yet.")
    profile.set_offline(True)
    expect(ana.locator(".net")).to_contain_text("You are offline.")
    own.again()
    profile.set_offline(False)
    shows(ana, "One", "Two")
    expect(ana.locator(".net")).to_be_hidden()


def test_the_bar_says_when_messages_come_by_plain_requests(own: Own) -> None:
    profile = own.profile(0)
    profile.route_web_socket("**/socket.io/**", _refuse)
    ana = own.tab(profile, live=False)
    expect(ana.locator(".net")).to_contain_text("The live connection does not get through.")
    expect(ana.locator(".net")).to_be_visible()
    own.say(1, "By plain requests")
    shows(ana, "By plain requests")


def _refuse(route: WebSocketRoute) -> None:
    route.close()


def test_being_online_again_is_enough_to_heal_a_lost_tail(own: Own) -> None:
    ana = own.visit(0)
    own.say(1, "Nobody heard this")
    ana.evaluate("dispatchEvent(new Event('online'))")
    shows(ana, "Nobody heard this")
    own.say(1, "Nor this")
    come_back(ana)
    shows(ana, "Nobody heard this", "Nor this")


def test_the_bar_says_at_once_when_plain_requests_get_no_answer_either(own: Own) -> None:
    profile = own.profile(0)
    profile.add_init_script("window.WebSocket = class { close() {} };")  # neither opens nor fails, for 20 s
    ana = own.tab(profile, live=False)
    expect(ana.locator(".net span")).to_contain_text("The live connection does not get through.")
    own.server.kill()
    again = "Connecting again. What you write is kept and sent."
    expect(ana.locator(".net span")).to_have_text(again, timeout=9_000)
    say(ana, "Kept")
    expect(ana.locator(".is-sending .state")).to_have_text("Kept. It is sent when you are back.")


def test_who_loses_the_network_reads_so_and_is_live_again_when_it_is_back(own: Own) -> None:
    profile = own.profile(0)
    ana = own.tab(profile)
    profile.set_offline(True)
    expect(ana.locator(".net")).to_be_visible()
    expect(ana.locator(".net")).to_have_text("You are offline. What you write is kept and sent when you are back.")
    say(ana, "Written without a network")
    expect(ana.locator(".is-sending .state")).to_have_text("Kept. It is sent when you are back.")
    own.say(1, "Said meanwhile")
    profile.set_offline(False)
    shows(ana, "Said meanwhile", "Written without a network")
    expect(ana.locator(".net")).to_be_hidden()


def test_a_request_that_hangs_holds_up_nothing_once_the_socket_gets_through(own: Own) -> None:
    profile, closed = own.profile(0), [True]

    def door(route: WebSocketRoute) -> None:
        if closed:
            route.close()
        else:
            route.connect_to_server()

    profile.route_web_socket("**/socket.io/**", door)
    ana, ben = own.tab(profile, live=False), own.visit(1)
    ana.wait_for_selector("html[data-http=on]")
    with ana.expect_request("**/events?**"):
        ana.route("**/events?**", lambda _route: None)
        come_back(ana)
    closed.clear()
    ana.wait_for_selector("html[data-live=on]")
    own.say(2, "Nobody heard this")
    say(ben, "Which this shows")
    shows(ana, "Nobody heard this", "Which this shows")


def test_who_is_signed_out_without_a_socket_signs_in_again_and_loses_nothing(own: Own) -> None:
    profile = own.profile(0)
    profile.route_web_socket("**/socket.io/**", _refuse)
    ana = own.tab(profile, live=False)
    ana.wait_for_selector("html[data-http=on]")
    ended = profile.cookies()
    person = own.people[0]
    own.kernel.commit(lambda s: people_actions.end_sign_ins(s, person_id=person, actor_id=None))
    say(ana, "Too late")
    ana.wait_for_url(re.compile("/sign-in"))
    assert own.stored() == ["Welcome, everybody"]
    fresh = own.profile(0)
    profile.add_cookies(fresh.cookies())
    assert profile.cookies() != ended
    ana = own.tab(profile, live=False)
    shows(ana, "Too late")
    expect(ana.locator(".is-sending, .is-failed")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "Too late"]
