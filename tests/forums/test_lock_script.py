"""A thread that is locked, pinned, unlocked and answered while it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from academy.people.models import Role
from forums.boards import actions as boards
from tests.factories import forums, people
from tests.forums.rooms import Own, bar, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


LOCKED = "This thread is locked. It can be read, and nothing is added."


@pytest.fixture
def host(own: Own) -> UUID:
    """Turn the room into a thread and return who looks after it."""
    with own.kernel.reading() as session:
        group = forums.group_of(session, own.space)
    host = people.member(own.kernel, group, people.person(own.kernel, "Fay Quist"), Role.FACILITATOR)
    board = forums.board(own.kernel, host, group)
    own.space = forums.thread(own.kernel, own.people[1], board, body="Welcome, everybody")
    return host


def do(own: Own, host: UUID, what: Callable[..., Any], *, on: bool) -> None:
    """Let the host do something by a process that the server never hears of."""
    viewer = people.viewer(own.kernel, host)
    own.kernel.commit(lambda s: what(s, viewer=viewer, space_id=own.space, on=on))


def test_a_thread_that_is_locked_hears_what_follows_and_is_open_again_once_it_is_unlocked(own: Own, host: UUID) -> None:
    ana = own.visit(0)
    errors: list[str] = []
    ana.on("pageerror", lambda error: errors.append(str(error)))
    do(own, host, boards.set_locked, on=True)
    come_back(ana)
    expect(ana.locator(".net")).to_contain_text("Nothing can be added")
    expect(ana.locator("#f-body")).to_be_disabled()
    do(own, host, boards.set_pinned, on=True)
    do(own, host, boards.set_locked, on=False)
    own.say(1, "After it")
    come_back(ana)
    shows(ana, "After it")
    expect(ana.locator("#f-body")).to_be_enabled()
    assert bar(ana) == ""
    say(ana, "So it is open")
    shows(ana, "After it", "So it is open")
    expect(ana.locator(".is-sending")).to_have_count(0)
    own.server.kill()
    expect(ana.locator(".net")).to_have_text("Connecting again. What you write is kept and sent.")
    assert errors == []


def test_a_thread_that_was_opened_locked_says_when_it_is_open_again_and_how_to_write(own: Own, host: UUID) -> None:
    do(own, host, boards.set_locked, on=True)
    ana = own.visit(0)
    told, opened = ana.locator(".closed"), "This thread is open again. Load the page anew"
    for what, on, says in (
        (boards.set_pinned, True, LOCKED),
        (boards.set_locked, False, opened),
        (boards.set_locked, True, LOCKED),
        (boards.set_locked, False, opened),
    ):
        do(own, host, what, on=on)
        come_back(ana)
        expect(told).to_have_text(says, use_inner_text=True)
    expect(ana.locator("#say p").last).to_contain_text(opened)
    ana.get_by_role("link", name="Load the page anew").press("Enter")
    say(ana, "So it is open")
    shows(ana, "So it is open")


def mark(page: Page) -> None:
    """Mark the message after the first as the answer."""
    message = page.locator("#msgs .msg").nth(1)
    message.hover()
    message.locator("summary").click()
    message.get_by_role("button", name="Mark as the answer").click()


def test_an_answer_is_marked_for_everybody_and_a_page_that_reaches_nobody_says_that_it_is_not(
    own: Own, host: UUID
) -> None:
    own.people.append(host)
    own.say(2, "Try this")
    fay, ana = own.visit(len(own.people) - 1), own.visit(0)
    own.server.kill()
    fay.wait_for_selector("html[data-live=off]")
    mark(fay)
    expect(fay.locator("#say p").last).to_have_text("That did not work. Nothing was changed; please try again.")
    own.again()
    for page in (fay, ana):
        come_back(page, "online")
        page.wait_for_selector("html[data-live=on]")
        expect(page.locator(".is-answer")).to_have_count(0)
    mark(fay)
    for page in (fay, ana):
        expect(page.locator(".is-answer .body")).to_have_text("Try this")
