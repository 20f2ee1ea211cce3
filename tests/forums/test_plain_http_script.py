"""A room without a live connection, and messages that come back out of turn: each stands once, where it belongs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.forums.rooms import Own, bodies, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


def by_plain_requests(own: Own) -> Page:
    """Open the room where no socket gets through."""
    profile = own.profile(0)
    profile.route_web_socket("**/socket.io/**", lambda route: route.close())
    return plainly(own.tab(profile, live=False))


def plainly(page: Page) -> Page:
    """Wait until a page goes on by plain requests."""
    page.wait_for_selector("html[data-http]")
    return page


def test_what_was_stored_while_its_answer_was_lost_stands_once_in_the_next_tab(own: Own) -> None:
    ana = by_plain_requests(own)

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    with ana.expect_event("requestfailed", lambda request: request.method == "POST"):
        ana.route("**/posts", lose)
        say(ana, "Once")
    profile = ana.context
    ana.close()
    assert own.stored() == ["Welcome, everybody", "Once"]
    ana = plainly(own.tab(profile, live=False))
    expect(ana.locator(".is-sending, .is-failed")).to_have_count(0)
    shows(ana, "Once")


def test_by_plain_requests_messages_stand_in_the_order_that_is_stored(own: Own) -> None:
    ana = by_plain_requests(own)
    own.say(1, "Ben first")
    say(ana, "Ana second")
    expect(ana.locator("#msgs .msg")).to_have_count(3)
    expect(ana.locator(".is-sending")).to_have_count(0)
    shows(ana, "Ben first", "Ana second")
    assert bodies(ana) == own.stored()


def test_below_a_message_that_was_refused_the_others_keep_their_order(own: Own) -> None:
    ana, ben = own.visit(0), own.visit(1)
    say(ana, "[ref]: /nothing")
    expect(ana.locator(".is-failed")).to_have_count(1)
    said = []
    for page, words in ((ana, "Ana 2"), (ben, "Ben 3"), (ana, "Ana 4"), (ben, "Ben 5")):
        say(page, words)
        said.append(words)
        shows(ben, *said)
        expect(page.locator(".is-sending")).to_have_count(0)
    expect(ana.locator("#msgs .msg:not(.is-sending, .is-failed)")).to_have_count(5)
    kept = ana.locator("#msgs .msg:not(.is-failed) .body").all_inner_texts()
    assert [words.strip() for words in kept] == own.stored()


def test_retry_leaves_the_focus_in_the_box(own: Own) -> None:
    ana = own.visit(0)
    say(ana, "[ref]: /nothing")
    ana.get_by_role("button", name="Retry").focus()
    ana.keyboard.press("Enter")
    expect(ana.locator("#f-body")).to_be_focused()


def test_where_no_token_is_ever_right_the_page_is_loaded_anew_once_and_then_says_what_helps(own: Own) -> None:
    ana, loads = by_plain_requests(own), []
    ana.on("load", lambda page: loads.append(page))
    spoilt = "**/api/v1/spaces/*/posts"
    ana.route(spoilt, lambda route: route.continue_(headers={**route.request.headers, "x-csrftoken": "of nobody"}))
    say(ana, "Never believed")
    failed = ana.locator(".is-failed .retry")
    expect(failed).to_contain_text("could not check that this is from you. What you wrote is kept")
    assert len(loads) == 1
    with ana.expect_response(spoilt) as again:
        ana.get_by_role("button", name="Retry").click()
    assert again.value.status == 400
    expect(failed).to_contain_text("sign out and in again")
    assert len(loads) == 1
    ana.unroute(spoilt)
    ana.get_by_role("button", name="Retry").click()
    shows(ana, "Never believed")
    expect(ana.locator("#msgs .msg:not(.is-sending, .is-failed)")).to_have_count(2)
    assert own.stored() == ["Welcome, everybody", "Never believed"]
