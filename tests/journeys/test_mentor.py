"""A mentor accepts a match that the matcher proposed: live, side by side; by forms alone; and what a no keeps to itself."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import expect

from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Role
from mentoring.profiles.actions import offer_mentoring
from tests.browsing import Browsing, reachable
from tests.factories import people, skills
from tests.journeys.conftest import PASSWORD, Cast
from tests.live import Live
from tests.visits import RoomPage, Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys-mentor")]

TUESDAY_MORNING = [(1, 9 * 60, 12 * 60)]
MATCHER = 60_000  # milliseconds: it starts in a process of its own on a busy machine
REASON = "Between us: after last spring I would rather not, zqxv-private."


def ready(cast: Cast, person: UUID, *, capacity: int = 0) -> None:
    """Say in which language and when somebody works, and for how many people a mentor has room."""

    def work(session) -> None:
        people_actions.set_languages(session, person_id=person, languages=["en"])
        people_actions.set_hours(session, person_id=person, hours=TUESDAY_MORNING)
        if capacity:
            offer_mentoring(
                session, person_id=person, group_id=cast.world.academy, capacity=capacity, offers="Patience."
            )

    cast.kernel.commit(work)


def learner(cast: Cast, name: str) -> UUID:
    """Enroll a learner who wants Haskell."""
    found = cast.add(name, zone="UTC")
    ready(cast, found)
    skills.wants(cast.kernel, found, {"Haskell": 3})
    return found


def mentor(cast: Cast, name: str, knows: str = "use functional programming") -> UUID:
    """Enroll a mentor who knows one thing well and has one place."""
    found = cast.add(name, Role.MENTOR, zone="UTC")
    ready(cast, found, capacity=1)
    skills.has(cast.kernel, found, {knows: 4})
    return found


def propose(visit: Visit, cast: Cast) -> None:
    """Let the lead ask the matcher for mentors, and wait for the answer as the page is able to."""
    page = visit.go(f"/groups/{cast.cohort}/matches")
    page.get_by_role("link", name="Mentors").click()
    page.get_by_role("button", name="Propose mentors").click()
    proposed = page.get_by_role("heading", name="Proposed, not published yet")
    waiting = page.get_by_role("link", name="Look again")
    for _ in range(60):
        if not waiting.is_visible():
            break
        page.wait_for_timeout(1000)
        if waiting.is_visible():
            waiting.click()
    expect(proposed).to_be_visible(timeout=MATCHER)


def test_a_lead_asks_a_mentor_accepts_and_both_meet_in_a_room(cast: Cast, visits: Callable[..., Visit]) -> None:
    tom, maja = learner(cast, "Tom Abara"), mentor(cast, "Maja Lind")
    lead, his, hers = visits(cast.world.lead), visits(), visits()
    his.sign_in(cast.emails[tom], PASSWORD)
    hers.sign_in(cast.emails[maja], PASSWORD)
    for visit in (his, hers):
        visit.go("/notices")
        expect(visit.page.locator("html[data-live=on]")).to_have_count(1)
    before = {visit: visit.badge("inbox") for visit in (his, hers)}

    propose(lead, cast)
    card = lead.page.locator("li.pair")
    expect(card).to_have_count(1)
    for said in ("Tom Abara", "Maja Lind", "Haskell", "functional programming", "Tuesday"):
        expect(card).to_contain_text(said)
    assert hers.badge("inbox") == before[hers]  # nobody is told before the lead publishes
    lead.page.get_by_role("button", name="Ask these mentors").click()
    expect(lead.page.get_by_role("status").filter(has_text="Each mentor has been asked")).to_be_visible()
    expect(card).to_contain_text("Asked, answer by")

    # She hears of it while she looks, reads why, and says yes.
    hers.expect_badge("inbox", before[hers] + 1)
    assert his.badge("inbox") == before[his]  # the learner is not told of an offer that may be declined
    hers.page.reload()
    hers.page.get_by_role("link", name="Would you mentor Tom Abara?").click()
    expect(hers.page.get_by_role("heading", level=1)).to_have_text("Would you mentor Tom Abara?")
    why = hers.page.locator("ul.why").first
    for said in ("Haskell", "functional programming", "Tuesday"):
        expect(why).to_contain_text(said)
    hers.page.get_by_role("button", name="Accept").click()
    hers.page.wait_for_url("**/spaces/*")
    room = RoomPage(hers)
    room.live()

    # He hears of it too, and both are in one room, live.
    his.expect_badge("inbox", before[his] + 1)
    his.page.reload()
    his.page.locator(".notices").get_by_role("link", name="Maja Lind").first.click()
    his.page.wait_for_url("**/spaces/*")
    assert his.page.url.split("?")[0].split("#")[0] == hers.page.url.split("?")[0].split("#")[0]
    other = RoomPage(his)
    other.live()
    expect(his.page.locator("aside.side")).to_contain_text("Maja Lind")
    expect(hers.page.locator("aside.side")).to_contain_text("Tom Abara")
    room.say("Hello Tom, shall we begin on Tuesday?")
    expect(other.message("shall we begin on Tuesday?")).to_have_count(1)
    other.say("Gladly.")
    expect(room.message("Gladly.")).to_have_count(1)

    # Their room is theirs: the lead who runs the cohort finds no way in.
    lead.go("/spaces")
    expect(lead.page.locator(f'a[href*="{hers.page.url.rsplit("/", 1)[1][:26]}"]')).to_have_count(0)
    lead.go(f"/groups/{cast.cohort}/matches?kind=mentorship")
    expect(lead.page.locator("li.pair")).to_contain_text("Accepted")


def test_a_no_stays_private_and_the_next_candidate_is_asked(
    live: Live, cast: Cast, visits: Callable[..., Visit]
) -> None:
    tom = learner(cast, "Tom Abara")
    first, second = mentor(cast, "Maja Lind", "Haskell"), mentor(cast, "Noor Haddad")
    admin = people.member(cast.kernel, cast.world.academy, cast.person("Adi Min"), Role.ADMIN)
    lead, hers, next_ = visits(cast.world.lead), visits(first), visits(second)
    propose(lead, cast)
    expect(lead.page.locator("li.pair")).to_contain_text("Maja Lind")
    lead.page.get_by_role("button", name="Ask these mentors").click()
    next_.go("/notices")
    expect(next_.page.locator("html[data-live=on]")).to_have_count(1)
    before = next_.badge("inbox")

    hers.go("/offers")
    hers.page.get_by_role("link", name="Read and answer").click()
    hers.page.locator("details.decline > summary").click()
    hers.page.get_by_label("Why not this time?").fill(REASON)
    expect(hers.page.locator(".priv")).to_contain_text("Tom Abara and the program lead never see yours")
    hers.page.get_by_role("button", name="Decline this offer").click()
    expect(hers.page.get_by_role("status").filter(has_text="You have declined")).to_be_visible()

    # The next candidate is asked at once, and accepts.
    next_.expect_badge("inbox", before + 1)
    next_.go("/offers")
    next_.page.get_by_role("link", name="Read and answer").click()
    next_.page.get_by_role("button", name="Accept").click()
    next_.page.wait_for_url("**/spaces/*")

    # Nobody but an admin ever reads why, on any page that they can reach.
    for person in (tom, second, cast.world.lead, first, admin):
        pages = reachable(Browsing(live.url, live.cookie(person)), each=6)
        assert len(pages) > 8
        assert [path for path, page in pages.items() if "zqxv-private" in page.text] == []
    logged = live.server.log.read_text()
    assert "zqxv-private" not in logged
    assert all("zqxv-private" not in letter.as_string() for letter in live.mail.letters)


def test_an_offer_to_somebody_else_is_nobody_elses(live: Live, cast: Cast, visits: Callable[..., Visit]) -> None:
    tom, maja = learner(cast, "Tom Abara"), mentor(cast, "Maja Lind")
    lead = visits(cast.world.lead)
    propose(lead, cast)
    lead.page.get_by_role("button", name="Ask these mentors").click()
    expect(lead.page.locator("li.pair")).to_contain_text("Asked, answer by")
    hers = Browsing(live.url, live.cookie(maja))
    offer = next(link for link in hers.links(hers.get("/offers")) if link.startswith("/offers/"))
    accept = next(form for form in hers.forms(offer) if form.action.endswith("/accept"))
    version = accept.values()["version"]
    for person in (tom, cast.world.lead):
        browsing = Browsing(live.url, live.cookie(person))
        assert browsing.get(offer).status_code == 404
        for verb in ("accept", "decline"):
            answer = browsing.post(f"{offer}/{verb}", {"version": version, "reason": "not mine"})
            assert answer.status_code == 404, (verb, answer.status_code)
    # She accepts in two tabs at once: one room, and the second tab is told kindly.
    answers = [hers.send(accept), hers.send(accept)]
    assert answers[0].status_code == 303
    assert answers[1].status_code in {303, 409}
    rooms = [link for link in hers.links(hers.get("/offers")) if link.startswith("/spaces/")]
    assert len(set(rooms)) == 1


def test_asking_and_accepting_work_by_forms_with_scripts_off(cast: Cast, visits: Callable[..., Visit]) -> None:
    tom, maja = learner(cast, "Tom Abara"), mentor(cast, "Maja Lind")
    lead, his, hers = (visits(person, scripts=False) for person in (cast.world.lead, tom, maja))
    propose(lead, cast)
    expect(lead.page.locator("li.pair")).to_contain_text("Haskell")
    lead.page.get_by_role("button", name="Ask these mentors").click()
    expect(lead.page.get_by_role("status").filter(has_text="Each mentor has been asked")).to_be_visible()
    hers.go("/notices")
    hers.page.get_by_role("link", name="Would you mentor Tom Abara?").click()
    hers.page.get_by_role("button", name="Accept").click()
    hers.page.wait_for_url("**/spaces/*")
    room = RoomPage(hers)
    room.box.fill("Hello Tom")
    hers.page.get_by_role("button", name="Send").click()
    expect(room.message("Hello Tom")).to_have_count(1)
    his.go("/notices")
    his.page.locator(".notices").get_by_role("link", name="Maja Lind").first.click()
    his.page.wait_for_url("**/spaces/*")
    expect(RoomPage(his).message("Hello Tom")).to_have_count(1)


def test_a_no_with_its_reason_works_by_forms_with_scripts_off(cast: Cast, visits: Callable[..., Visit]) -> None:
    learner(cast, "Tom Abara")
    maja = mentor(cast, "Maja Lind")
    lead, hers = visits(cast.world.lead, scripts=False), visits(maja, scripts=False)
    propose(lead, cast)
    lead.page.get_by_role("button", name="Ask these mentors").click()
    hers.go("/offers")
    hers.page.get_by_role("link", name="Read and answer").click()
    hers.page.locator("details.decline > summary").click()
    hers.page.get_by_label("Why not this time?").fill(REASON)
    hers.page.get_by_role("button", name="Decline this offer").click()
    expect(hers.page.get_by_role("status").filter(has_text="You have declined")).to_be_visible()
    # Whom to ask instead is worked out a moment later, and a page without scripts is opened again to see it.
    told = lead.go("/notices").get_by_text("No mentor is left to ask for Tom Abara")
    for _ in range(20):
        if told.is_visible():
            break
        lead.page.wait_for_timeout(500)
        lead.go("/notices")
    expect(told).to_be_visible()
    assert encode(maja) not in lead.page.locator(".notices").inner_html()
    assert "zqxv-private" not in lead.page.content()


def test_a_learner_ends_a_mentorship_and_the_next_mentor_is_asked(
    live: Live, cast: Cast, visits: Callable[..., Visit]
) -> None:
    tom = learner(cast, "Tom Abara")
    first, second = mentor(cast, "Maja Lind", "Haskell"), mentor(cast, "Noor Haddad")
    lead, his, hers, next_ = visits(cast.world.lead), visits(tom), visits(first), visits(second)
    propose(lead, cast)
    lead.page.get_by_role("button", name="Ask these mentors").click()
    hers.go("/offers")
    hers.page.get_by_role("link", name="Read and answer").click()
    hers.page.get_by_role("button", name="Accept").click()
    hers.page.wait_for_url("**/spaces/*")
    room = RoomPage(hers)
    room.live()
    room.say("Hello Tom")
    next_.go("/notices")
    expect(next_.page.locator("html[data-live=on]")).to_have_count(1)
    before = next_.badge("inbox")

    # He reads what happens, says why if he likes, and ends it; her room closes before her eyes.
    his.go("/notices")
    his.page.locator(".notices").get_by_role("link", name="Maja Lind").first.click()
    his.page.wait_for_url("**/spaces/*")
    his.page.get_by_role("link", name="End this mentorship").click()
    expect(his.page.get_by_role("heading", level=1)).to_have_text("End your mentorship with Maja Lind?")
    expect(his.page.locator("main")).to_contain_text("read-only for both of you")
    his.page.get_by_label("Why, if you like to say").fill(REASON)
    his.page.get_by_role("button", name="End it").click()
    his.page.wait_for_url("**/spaces/*")
    expect(his.page.locator("main")).to_contain_text("What you did together has ended")
    expect(his.page.locator("main")).to_contain_text("Hello Tom")
    expect(room.box).to_be_disabled()

    # She is told kindly, the next candidate is asked, and the lead sees that somebody else is asked.
    hers.go("/notices")
    expect(hers.page.locator(".notices")).to_contain_text("Your mentorship with Tom Abara has ended")
    next_.expect_badge("inbox", before + 1)
    lead.go(f"/groups/{cast.cohort}/matches?kind=mentorship")
    expect(lead.page.locator("li.pair")).to_have_count(1)
    expect(lead.page.locator("li.pair")).to_contain_text("Noor Haddad")
    expect(lead.page.locator("li.pair")).to_contain_text("Asked, answer by")
    for person in (second, cast.world.lead, first):
        pages = reachable(Browsing(live.url, live.cookie(person)), each=6)
        assert [path for path, page in pages.items() if "zqxv-private" in page.text] == []
    assert "zqxv-private" not in live.server.log.read_text()
