"""A learner joins her cohort's discussion: side by side with others in real time, and by forms alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from academy.kernel.ids import encode
from academy.people.models import Role
from tests.browsing import Browsing
from tests.factories import forums
from tests.journeys.conftest import PASSWORD, Cast
from tests.live import Live
from tests.visits import RoomPage, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys-learner")]


def enter(visit: Visit, cast: Cast) -> RoomPage:
    """Find the room from home, as people do."""
    visit.page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Rooms").click()
    visit.page.locator("#main").get_by_role("link", name="Cohort Kestrel").first.click()
    visit.page.wait_for_url(f"**{cast.room}*")
    return RoomPage(visit)


def test_two_learners_and_a_facilitator_talk_in_real_time(live: Live, cast: Cast, visits: Callable[..., Visit]) -> None:
    ana, ben = cast.add("Ana Petrov"), cast.add("Ben Okafor", zone="Africa/Lagos")
    ingrid = cast.add("Ingrid Moe", Role.FACILITATOR, "Europe/Berlin")
    forums.say(live.kernel, ben, cast.world.space, "I have read the first chapter.")
    forums.say(live.kernel, ingrid, cast.world.space, "Good. What **stayed** with you?")

    screens: dict[str, RoomPage] = {}
    for name, person in (("Ana", ana), ("Ben", ben), ("Ingrid", ingrid)):
        visit = visits()
        visit.sign_in(cast.emails[person], PASSWORD)
        if name == "Ana":
            visit.expect_badge("rooms", 2)
        screens[name] = enter(visit, cast)
        screens[name].live()
    hers, his, guides = screens["Ana"], screens["Ben"], screens["Ingrid"]

    # What was said before she came stands under a heading, and is read once she has seen it.
    expect(hers.page.locator("#msgs li.new")).to_have_count(1)
    expect(hers.page.locator("#msgs li.new h2")).to_contain_text("New since")
    expect(hers.page.locator("#msgs li.new + .msg .body")).to_have_text("I have read the first chapter.")
    expect(hers.message("What stayed with you?").locator("strong")).to_have_text("stayed")
    expect(hers.page.locator("[data-here]")).to_have_text("3 here now")
    hers.page.bring_to_front()
    hers.visit.expect_badge("rooms", 0)

    # Who writes is seen while they write.
    hers.box.press_sequentially("The part about listening", delay=5)
    for other in (his, guides):
        expect(other.page.locator("[data-typing]")).to_have_text("Ana Petrov is writing…")
    hers.box.press("Enter")
    for screen in screens.values():
        expect(screen.message("The part about listening")).to_have_count(1)
    for other in (his, guides):
        expect(other.page.locator("[data-typing]")).to_have_text("")
    expect(hers.message("The part about listening")).not_to_have_class(re.compile("is-sending"))

    # A reply quotes what it answers.
    his.act("The part about listening", role="link", name="Reply")
    expect(his.page.locator("[data-replying]")).to_contain_text("Ana Petrov")
    his.say("Me too, and it is hard.")
    for screen in screens.values():
        quote = screen.message("Me too, and it is hard.").locator("blockquote")
        expect(quote).to_contain_text("Ana Petrov")
        expect(quote).to_contain_text("The part about listening")

    # A reaction, by somebody and then by one more.
    guides.act("Me too, and it is hard.", role="button", name="React: heart")
    for screen in (hers, his):
        expect(screen.message("Me too").get_by_role("button", name="heart, 1 person")).to_be_visible()
    hers.message("Me too").get_by_role("button", name="heart, 1 person").click()
    for screen in (his, guides):
        expect(screen.message("Me too").get_by_role("button", name="heart, 2 people")).to_be_visible()
    mine = hers.message("Me too").get_by_role("button", name="heart, 2 people, including you")
    expect(mine).to_have_attribute("aria-pressed", "true")

    # An edit says that it is one.
    his.act("Me too, and it is hard.", role="link", name="Edit")
    expect(his.box).to_have_value("Me too, and it is hard.")
    his.say("Me too, and it gets easier.")
    for screen in screens.values():
        expect(screen.message("Me too, and it gets easier.").locator(".edited")).to_have_text("edited")
        expect(screen.message("it is hard")).to_have_count(0)

    # A removal leaves a tombstone and no words.
    his.page.once("dialog", lambda dialog: dialog.accept())
    his.act("Me too, and it gets easier.", role="link", name="Remove")
    for screen in screens.values():
        expect(screen.message("Ben Okafor removed this message.")).to_have_count(1)
        expect(screen.page.get_by_text("it gets easier")).to_have_count(0)

    # Everybody sees the same now, and the same after opening the room anew.
    seen = {name: screen.words() for name, screen in screens.items()}
    assert seen["Ana"] == seen["Ben"] == seen["Ingrid"]
    hers.page.reload()
    expect(hers.messages()).to_have_count(len(seen["Ana"]))
    assert hers.words() == seen["Ana"]
    logged = Browsing(live.url, live.cookie(ana)).get(f"/api/v1{cast.room}/events?since=0").text
    assert "it gets easier" not in logged
    assert "it is hard" not in logged


def test_a_mention_reaches_the_inbox_while_she_looks_elsewhere_and_is_read_in_the_room(
    cast: Cast, visits: Callable[..., Visit]
) -> None:
    ana, ben = cast.add("Ana Petrov"), cast.add("Ben Okafor")
    hers, his = visits(ana), visits(ben)
    hers.go("/notices")
    expect(hers.page.locator("html[data-live=on]")).to_have_count(1)
    hers.expect_badge("inbox", 0)
    his.go(cast.room)
    room = RoomPage(his)
    room.live()
    room.say("@Ana Petrov what do you think?")
    hers.expect_badge("inbox", 1)
    expect(hers.page.locator("#say")).to_contain_text("You have a new notice")
    hers.page.reload()
    notice = hers.page.get_by_role("link", name="Ben Okafor mentioned you in")
    expect(notice).to_be_visible()
    expect(hers.page.locator(".notices")).to_contain_text("what do you think?")
    notice.click()
    hers.page.wait_for_url(f"**{cast.room}*")
    expect(RoomPage(hers).message("what do you think?").locator(".mention.is-me")).to_have_text("@Ana Petrov")
    hers.page.bring_to_front()
    hers.expect_badge("inbox", 0)


def test_what_is_marked_unread_in_one_tab_is_unread_in_the_other(
    live: Live, cast: Cast, visits: Callable[..., Visit]
) -> None:
    ana, ben = cast.add("Ana Petrov"), cast.add("Ben Okafor")
    for number in (1, 2, 3):
        forums.say(live.kernel, ben, cast.world.space, f"Thought {number}")
    visit = visits(ana)
    visit.go("/notices")
    other: Page = visit.page
    visit.expect_badge("rooms", 3)
    visit.page = visit.context.new_page()
    visit.go(cast.room)
    room = RoomPage(visit)
    room.live()
    visit.page.bring_to_front()
    visit.expect_badge("rooms", 0)
    room.act("Thought 2", role="button", name="Mark unread from here")
    visit.expect_badge("rooms", 2)
    expect(visit.page.locator("#msgs li.new + .msg .body")).to_have_text("Thought 2")
    visit.page = other
    visit.page.reload()
    visit.expect_badge("rooms", 2)


def test_older_messages_are_behind_a_real_button(live: Live, cast: Cast, visits: Callable[..., Visit]) -> None:
    ana, ben = cast.add("Ana Petrov"), cast.add("Ben Okafor")
    for number in range(1, 71):
        forums.say(live.kernel, ben, cast.world.space, f"Line {number:03}")
    for scripts in (True, False):
        visit = visits(ana, scripts=scripts)
        visit.go(cast.room)
        room = RoomPage(visit)
        expect(room.message("Line 070")).to_have_count(1)
        expect(room.message("Line 001")).to_have_count(0)
        visit.page.get_by_role("link", name="Older messages").click()
        expect(room.message("Line 001")).to_have_count(1)
        assert room.words() == sorted(room.words())


def test_the_discussion_works_by_forms_with_scripts_off(live: Live, cast: Cast, visits: Callable[..., Visit]) -> None:
    ana, ben = cast.add("Ana Petrov"), cast.add("Ben Okafor", zone="Africa/Lagos")
    forums.say(live.kernel, ben, cast.world.space, "I have read the first chapter.")
    hers, his = visits(scripts=False), visits(scripts=False)
    for visit, person in ((hers, ana), (his, ben)):
        visit.sign_in(cast.emails[person], PASSWORD)
        enter(visit, cast)
    she, he = RoomPage(hers), RoomPage(his)
    expect(hers.page.locator("#msgs li.new + .msg .body")).to_have_text("I have read the first chapter.")
    hers.page.get_by_role("button", name="Mark as read").click()
    hers.expect_badge("rooms", 0)
    expect(hers.page.locator("#msgs li.new")).to_have_count(0)

    she.box.fill("The part about listening, @Ben Okafor")
    hers.page.get_by_role("button", name="Send").click()
    expect(she.message("The part about listening")).to_have_count(1)
    hers.page.reload()
    expect(she.message("The part about listening")).to_have_count(1)

    his.go("/notices")
    his.page.get_by_role("link", name="Ana Petrov mentioned you in").click()
    expect(he.message("The part about listening")).to_have_count(1)
    his.page.get_by_role("button", name="Mark as read").click()
    his.expect_badge("inbox", 0)

    he.act("The part about listening", role="link", name="Reply")
    expect(his.page.locator("[data-replying]")).to_contain_text("Ana Petrov")
    he.box.fill("Me too, and it is hard.")
    his.page.get_by_role("button", name="Send").click()
    expect(he.message("Me too").locator("blockquote")).to_contain_text("The part about listening")

    hers.go(cast.room)
    she.act("Me too", role="button", name="React: heart")
    expect(she.message("Me too").get_by_role("button", name="heart, 1 person, including you")).to_be_visible()
    she.message("Me too").get_by_role("button", name="heart, 1 person, including you").click()
    expect(she.message("Me too").locator(".re")).to_have_count(0)

    his.go(cast.room)
    he.act("Me too", role="link", name="Edit")
    his.page.get_by_label("Message").fill("Me too, and it gets easier.")
    his.page.get_by_role("button", name="Save changes").click()
    expect(he.message("it gets easier").locator(".edited")).to_have_text("edited")
    he.act("Me too", role="link", name="Remove")
    his.page.get_by_role("button", name="Remove for everybody").click()
    expect(he.message("Ben Okafor removed this message.")).to_have_count(1)

    hers.go(cast.room)
    expect(she.message("Ben Okafor removed this message.")).to_have_count(1)
    assert "it gets easier" not in hers.page.content()
    she.act("I have read", role="button", name="Mark unread from here")
    hers.page.wait_for_url("**/spaces")
    hers.expect_badge("rooms", 1)  # the removed one is nothing to read


def test_a_form_that_is_sent_twice_stores_one_message(live: Live, cast: Cast) -> None:
    ana = cast.add("Ana Petrov")
    browsing = Browsing(live.url, live.cookie(ana))
    form = next(f for f in browsing.forms(cast.room) if f.action.endswith("/posts"))
    first, second = (browsing.send(form, {"body": "Said once"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    other = browsing.send(form, {"body": "Other words under the same nonce"})
    assert other.status_code == 409
    assert "Other words under the same nonce" in other.text
    page = browsing.get(cast.room).text
    assert page.count("Said once") == 1
    assert encode(cast.world.space) in page
