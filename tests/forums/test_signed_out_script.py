"""A room whose reader is signed out, or is somebody else by now: it shows nothing more and sends nothing as another."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from forums.posts.models import Post
from tests.forums.rooms import Own, come_back, say, shows
from tests.forums.test_outbox_script import SILENT
from tests.forums.test_plain_http_script import by_plain_requests
from tests.forums.test_put_aside_script import sign_out

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("room_script")]


def writers(own: Own) -> list[tuple[str, int]]:
    """Return what was said in the room and by which of its people."""
    found = select(Post.body_md, Post.author_id).where(Post.space_id == own.space).order_by(Post.no)
    with own.kernel.reading() as session:
        return [(body, own.people.index(who)) for body, who in session.execute(found)]


def become(profile: BrowserContext, other: BrowserContext) -> None:
    """Let somebody else be signed in in a browser, as a tab that this page does not hear of does."""
    profile.clear_cookies()
    profile.add_cookies(other.cookies())


def unsent(own: Own, profile: BrowserContext) -> Page:
    """Open a room, kill its server and write something."""
    page = own.tab(profile)
    own.server.kill()
    page.wait_for_selector("html[data-live=off]")
    say(page, "Ana's own words")
    expect(page.locator(".is-sending")).to_have_count(1)
    return page


def test_what_one_person_had_not_sent_is_never_sent_as_who_signs_in_after_her(own: Own) -> None:
    profile, ben, anas = own.profile(0), own.profile(1), own.profile(0)
    page = unsent(own, profile)
    become(profile, ben)
    own.again()
    come_back(page, "online")
    expect(page.locator("[data-me]")).to_have_attribute("data-name", "Ben Okri")
    page.wait_for_selector("html[data-live=on]")
    say(page, "Ben's own words")
    shows(page, "Ben's own words")
    expect(page.locator(".is-sending")).to_have_count(0)
    assert writers(own) == [("Welcome, everybody", 1), ("Ben's own words", 1)]
    become(profile, anas)
    again = own.tab(profile)
    shows(again, "Ben's own words", "Ana's own words")
    expect(again.locator(".is-sending")).to_have_count(0)
    assert writers(own)[2:] == [("Ana's own words", 0)]


def test_a_room_that_alone_holds_something_is_gone_without_asking_and_has_it_in_the_draft(own: Own) -> None:
    profile, anas = own.profile(0), own.profile(0)
    profile.add_init_script(SILENT)
    page, asked = unsent(own, profile), []
    page.on("dialog", lambda dialog: asked.append(dialog.dismiss()))
    profile.clear_cookies()
    own.again()
    come_back(page, "online")
    page.wait_for_url(re.compile("/sign-in"))
    assert asked == []
    become(profile, anas)
    again = own.tab(profile)
    expect(again.locator("#f-body")).to_have_value("Ana's own words")
    assert writers(own) == [("Welcome, everybody", 1)]


def test_what_was_half_written_is_there_after_signing_out_and_for_its_writer_alone(own: Own) -> None:
    profile, ben, anas = own.profile(0), own.profile(1), own.profile(0)
    page = own.tab(profile)
    page.fill("#f-body", "Ana's half a thought")
    sign_out(page)
    for who, words in ((ben, ""), (anas, "Ana's half a thought")):
        become(profile, who)
        expect(own.tab(profile).locator("#f-body")).to_have_value(words)


def test_without_a_live_connection_too_a_room_is_gone_once_somebody_else_is_signed_in(own: Own) -> None:
    ana, ben = by_plain_requests(own), own.profile(1)
    ana.fill("#f-body", "Ana's half a thought")
    become(ana.context, ben)
    expect(ana.locator("[data-me]")).to_have_attribute("data-name", "Ben Okri")
    expect(ana.locator("#f-body")).to_have_value("")
    ana.wait_for_selector("html[data-http]")
    ana.context.clear_cookies()
    ana.wait_for_url(re.compile("/sign-in"))
    assert writers(own) == [("Welcome, everybody", 1)]
