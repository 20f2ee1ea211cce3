"""A thread that is locked, pinned and unlocked while it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import expect

from academy.people.models import Role
from forums.boards import actions as boards
from tests.factories import forums, people
from tests.forums.rooms import Own, bar, come_back, say, shows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


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
