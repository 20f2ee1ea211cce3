"""The pages' own script, with the official JavaScript client, in Chromium under each mode and driver but the default."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.factories import forums
from tests.forums.rooms import Own, come_back, say, shows
from tests.live import kernel_on
from tests.serving import start_server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("modes_in_a_browser")]

PLACES = {
    "eventlet": {"mode": "eventlet"},
    "threads": {"mode": "threading"},
    "the stock driver": {"mode": "threading", "ACADEMY_REALTIME_DRIVER": "stock"},
}
"""Everything else that runs in a browser runs under gevent."""


@pytest.fixture(params=PLACES)
def own(request: pytest.FixtureRequest, chromium: Browser, sqlite_template: Path, tmp_path: Path) -> Iterator[Own]:
    """Serve a room of three in one mode."""
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    kernel = kernel_on(url, tmp_path)
    _, space, members = forums.room(kernel, "Ana Lima", "Ben Okri", "Cyd Moss")
    forums.say(kernel, members[1], space, "Welcome, everybody")
    settings = PLACES[request.param]
    found = Own(kernel, tmp_path, url, start_server(url, tmp_path, **settings), chromium, space, members, settings)
    yield found
    for context in chromium.contexts:
        context.close()
    found.server.stop()
    kernel.database.engine.dispose()


def test_a_room_in_a_browser_hears_sends_and_comes_back_after_a_kill(own: Own) -> None:
    ana, ben = own.visit(0), own.visit(1)
    expect(ana.locator("[data-here]")).to_have_text("2 here now")
    said = ["From Ana", "From Ben"]
    say(ana, said[0])
    shows(ben, said[0])
    say(ben, said[1])
    for page in (ana, ben):
        shows(page, *said)
        expect(page.locator(".is-sending")).to_have_count(0)
    own.server.kill()
    for page in (ana, ben):
        expect(page.locator(".net")).to_have_text("Connecting again. What you write is kept and sent.")
        expect(page.locator(".net")).to_be_visible()
    say(ana, "Written in the dark")
    expect(ana.locator(".is-sending .state")).to_have_text("Kept. It is sent when you are back.")
    own.say(2, "Said elsewhere")
    own.again()
    for page in (ana, ben):
        come_back(page, "online")  # so that nobody waits long: that is tried elsewhere
    said += ["Said elsewhere", "Written in the dark"]
    for page in (ana, ben):
        shows(page, *said)
        expect(page.locator(".net")).to_be_hidden()
    expect(ana.locator(".is-sending")).to_have_count(0)
    say(ben, "And on")
    shows(ana, *said, "And on")
    assert own.stored() == ["Welcome, everybody", *said, "And on"]
