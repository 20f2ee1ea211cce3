"""Slow mode in a real browser: chosen by keyboard, seen at once, and what is written too soon sends itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from academy.people.models import Role
from tests.factories import forums, people
from tests.forums.rooms import Own, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]

FAY = 3


def with_a_facilitator(own: Own) -> None:
    """Let somebody look after the room."""
    with own.kernel.reading() as session:
        group = forums.group_of(session, own.space)
    own.people.append(people.member(own.kernel, group, people.person(own.kernel, "Fay Quist"), Role.FACILITATOR))


def choose(page: Page, own: Own, label: str) -> None:
    """Choose how often people may write, by keyboard alone."""
    page.goto(f"{own.url}/slow")
    page.get_by_label(label).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url(own.url)


def test_what_is_written_too_soon_waits_says_when_and_sends_itself(own: Own) -> None:
    with_a_facilitator(own)
    ana, ben = own.visit(0), own.visit(1)
    expect(ana.locator("#slow")).to_be_hidden()
    choose(own.profile(FAY).new_page(), own, "Once in 10 seconds")
    for page in (ana, ben):
        expect(page.locator("#slow")).to_have_text("Slow mode: one message each in 10 seconds.")
    say(ana, "First")
    shows(ana, "First")
    expect(ana.locator(".is-sending")).to_have_count(0)
    say(ana, "Second")
    shows(ben, "First")
    expect(ana.locator(".is-sending .state")).to_contain_text("Kept. It is sent at")
    shows(ben, "First", "Second")
    shows(ana, "First", "Second")
    expect(ana.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "First", "Second"]


def test_what_waits_is_sent_at_once_when_slow_mode_ends(own: Own) -> None:
    with_a_facilitator(own)
    ana, lead = own.visit(0), own.profile(FAY).new_page()
    choose(lead, own, "Once in 15 minutes")
    expect(ana.locator("#slow")).to_be_visible()
    say(ana, "First")
    shows(ana, "First")
    expect(ana.locator(".is-sending")).to_have_count(0)
    say(ana, "Second")
    expect(ana.locator(".is-sending .state")).to_contain_text("Kept. It is sent at")
    choose(lead, own, "As often as they like")
    expect(ana.locator("#slow")).to_be_hidden()
    shows(ana, "First", "Second")
    expect(ana.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "First", "Second"]


def test_it_waits_by_plain_requests_too(own: Own) -> None:
    with_a_facilitator(own)
    choose(own.profile(FAY).new_page(), own, "Once in 10 seconds")
    profile = own.profile(0)
    profile.route_web_socket("**/socket.io/**", _refuse)
    ana = own.tab(profile, live=False)
    ana.wait_for_selector("html[data-http]")
    say(ana, "First")
    shows(ana, "First")
    expect(ana.locator(".is-sending")).to_have_count(0)
    say(ana, "Second")
    expect(ana.locator(".is-sending .state")).to_contain_text("Kept. It is sent at")
    expect(ana.locator(".is-sending")).to_have_count(0)
    assert own.stored() == ["Welcome, everybody", "First", "Second"]


def _refuse(route: WebSocketRoute) -> None:
    route.close()
