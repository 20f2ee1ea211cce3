"""The browser's own back/forward cache: a room that was put aside is brought back whole, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import QUIET_CHROMIUM, chromium_path
from tests.forums.rooms import Own, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


@pytest.fixture(scope="module")
def patient(chromium: Browser) -> Iterator[Browser]:
    """Start a browser that puts pages aside when they are left, as people's own do."""
    browser = chromium.browser_type.launch(
        executable_path=chromium_path(), args=QUIET_CHROMIUM, ignore_default_args=["--disable-back-forward-cache"]
    )
    yield browser
    browser.close()


@pytest.fixture
def aside(own: Own, patient: Browser) -> Iterator[Own]:
    """Open a room for one test, in such a browser."""
    yield replace(own, browser=patient)
    for context in patient.contexts:
        context.close()


def leave(page: Page, own: Own) -> None:
    """Go on to another page of the academy by a link."""
    page.evaluate("addEventListener('pageshow', (event) => { window.brought = event.persisted ? 'back' : 'anew' })")
    page.evaluate("location.assign('/notices')")
    page.wait_for_url("**/notices")
    page.wait_for_load_state()


def back(page: Page) -> None:
    """Go back to the room, which must be the very page that was left."""
    page.go_back(wait_until="commit")
    page.wait_for_function("window.brought")
    assert page.evaluate("window.brought") == "back"


def test_a_room_that_is_brought_back_catches_up_and_is_there_for_the_others_again(aside: Own) -> None:
    ana, ben = aside.visit(0), aside.visit(1)
    expect(ben.locator("[data-here]")).to_have_text("2 here now")
    ana.locator("#f-body").press_sequentially("Half a thou")
    leave(ana, aside)
    expect(ben.locator("[data-here]")).to_have_text("1 here now")
    say(ben, "Said meanwhile")
    shows(ben, "Said meanwhile")
    expect(ben.locator(".is-sending")).to_have_count(0)
    aside.say(2, "And this")
    back(ana)
    ana.wait_for_selector("html[data-live=on]")
    shows(ana, "Said meanwhile", "And this")
    expect(ana.locator("#f-body")).to_have_value("Half a thou")
    expect(ben.locator("[data-here]")).to_have_text("2 here now")
    expect(ana.locator("[data-here]")).to_have_text("2 here now")
    expect(ana.locator(".net")).to_be_hidden()
    say(ana, "A whole thought")
    expect(ana.locator(".is-sending")).to_have_count(0)
    say(ben, "Heard")
    for page in (ana, ben):
        shows(page, "Said meanwhile", "And this", "A whole thought", "Heard")
        expect(page.locator(".is-sending")).to_have_count(0)


def test_what_waited_in_the_outbox_is_sent_once_when_the_room_is_brought_back(aside: Own) -> None:
    ana = aside.visit(0)
    aside.server.kill()
    ana.wait_for_selector("html[data-live=off]")
    say(ana, "Written while it was down")
    expect(ana.locator(".is-sending")).to_have_count(1)
    leave_for_nowhere(ana)
    aside.again()
    back(ana)
    shows(ana, "Written while it was down")
    expect(ana.locator(".is-sending")).to_have_count(0)
    assert aside.stored() == ["Welcome, everybody", "Written while it was down"]


def leave_for_nowhere(page: Page) -> None:
    """Go on to a page that needs no server."""
    page.evaluate("addEventListener('pageshow', (event) => { window.brought = event.persisted ? 'back' : 'anew' })")
    page.goto("about:blank")


def test_what_another_tab_sends_or_keeps_meanwhile_stands_once_in_both(aside: Own) -> None:
    profile = aside.profile(0)
    first, second = aside.tab(profile), aside.tab(profile)
    aside.server.kill()
    for tab in (first, second):
        tab.wait_for_selector("html[data-live=off]")
    say(first, "From the first")
    expect(second.locator(".is-sending")).to_have_count(1)
    leave_for_nowhere(first)
    aside.again()
    come_back(second, "online")
    shows(second, "From the first")
    expect(second.locator(".is-sending")).to_have_count(0)
    say(second, "From the second")
    shows(second, "From the first", "From the second")
    first.go_back(wait_until="commit")  # a browser may let a page go that other tabs spoke to
    first.wait_for_selector("html[data-live=on]")
    for tab in (first, second):
        shows(tab, "From the first", "From the second")
        expect(tab.locator(".is-sending")).to_have_count(0)
    assert aside.stored() == ["Welcome, everybody", "From the first", "From the second"]


def test_going_back_after_signing_out_shows_an_empty_page_that_asks_to_sign_in(aside: Own) -> None:
    ana = aside.visit(0)
    shown = "sessionStorage.shown = [event.persisted, document.documentElement.textContent.includes('Welcome')]"
    ana.evaluate(f"addEventListener('pageshow', (event) => {{ {shown} }})")
    sign_out(ana)
    ana.go_back(wait_until="commit")
    asked_to_sign_in(ana)
    assert ana.evaluate("sessionStorage.shown") == "true,false"


def test_going_back_past_signing_out_brings_no_page_back_from_before(aside: Own) -> None:
    ana = aside.visit(0)
    leave(ana, aside)
    sign_out(ana)
    ana.evaluate("history.go(-2)")
    asked_to_sign_in(ana)


def sign_out(page: Page) -> None:
    """Sign out by the button that each page has."""
    page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    page.wait_for_url("**/sign-in")


def asked_to_sign_in(page: Page) -> None:
    """Wait until the page asks who it is, and would lead to the room."""
    page.wait_for_url(re.compile(r"/sign-in\?next=/spaces/"), wait_until="commit")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()


def test_a_room_whose_reader_was_signed_out_meanwhile_asks_for_it_when_it_is_brought_back(aside: Own) -> None:
    profile = aside.profile(0)
    ana = aside.tab(profile)
    leave_for_nowhere(ana)
    profile.clear_cookies()
    ana.go_back(wait_until="commit")
    asked_to_sign_in(ana)


def test_signing_out_in_one_tab_closes_the_room_in_the_other(aside: Own) -> None:
    profile = aside.profile(0)
    first, second = aside.tab(profile), aside.tab(profile)
    sign_out(first)
    asked_to_sign_in(second)
