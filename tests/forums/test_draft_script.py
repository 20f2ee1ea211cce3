"""What is half written: it is there after an edit that fails, and no tab takes another one's away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.forums.rooms import Own, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


def edit(page: Page) -> None:
    """Begin to edit the message after the first."""
    message = page.locator("#msgs .msg").nth(1)
    message.hover()
    message.locator("summary").click()
    message.get_by_role("link", name="Edit").click()
    expect(page.locator("#f-body")).to_have_value("One")


def test_an_edit_that_fails_is_an_edit_still_and_the_draft_is_there_after_it(own: Own) -> None:
    ana = own.visit(0)
    say(ana, "One")
    shows(ana, "One")
    expect(ana.locator(".is-sending")).to_have_count(0)
    box = ana.locator("#f-body")
    box.press_sequentially("A draft")
    edit(ana)
    own.server.kill()
    ana.wait_for_selector("html[data-live=off]")
    say(ana, "One, changed at length")
    expect(ana.locator("[data-replying]")).to_be_visible()
    expect(box).to_have_value("One, changed at length")
    own.again()
    come_back(ana, "online")
    ana.wait_for_selector("html[data-live=on]")
    box.press("Enter")
    shows(ana, "One, changed at length")
    expect(box).to_have_value("A draft")
    assert own.stored() == ["Welcome, everybody", "One, changed at length"]


def test_what_was_sent_is_no_draft_though_another_tab_has_it_in_its_box(own: Own) -> None:
    profile = own.profile(0)
    first = own.tab(profile)
    first.locator("#f-body").press_sequentially("Hello")
    second = own.tab(profile)
    expect(second.locator("#f-body")).to_have_value("Hello")
    first.locator("#f-body").press("Enter")
    for tab in (first, second):
        shows(tab, "Hello")
        expect(tab.locator(".is-sending")).to_have_count(0)
    expect(own.tab(profile).locator("#f-body")).to_have_value("")


def test_half_a_thought_stays_while_another_tab_sends_what_was_written_before(own: Own) -> None:
    profile = own.profile(0)
    first, second = own.tab(profile), own.tab(profile)
    own.server.kill()
    first.wait_for_selector("html[data-live=off]")
    say(first, "One")
    expect(second.locator(".is-sending")).to_have_count(1)
    first.locator("#f-body").press_sequentially("Half a thought")
    own.again()
    for tab in (second, first):
        come_back(tab, "online")
        shows(tab, "One")
        expect(tab.locator(".is-sending")).to_have_count(0)
    first.close()
    expect(own.tab(profile).locator("#f-body")).to_have_value("Half a thought")
