"""A lead schedules a workshop that everybody sees in their own time, answers, and is asked again when it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from icalendar import Calendar, Event
from playwright.sync_api import expect

from academy.people.models import Role
from tests.journeys.conftest import PASSWORD, Cast
from tests.live import Live
from tests.visits import Visit

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys-lead")]


@dataclass(frozen=True)
class There:
    """What somebody sees of Thursday 16 January 2031, 16:00 and then of Thursday 23 January, 17:30 in Berlin.

    Worked out by hand: in January Auckland is twelve hours ahead of Berlin, New York six behind, Kolkata four and
    a half ahead.
    """

    name: str
    zone: str
    city: str
    answer: str
    first: str
    first_beside: str
    second: str
    second_beside: str


PEOPLE = [
    There(
        *("Kiri Tane", "Pacific/Auckland", "Auckland", "Going"),
        *("Friday 17 January, 04:00 to 05:30", "Thu 16 Jan, 16:00 in Berlin"),
        *("Friday 24 January, 05:30 to 07:00", "Thu 23 Jan, 17:30 in Berlin"),
    ),
    There(
        *("Joe Rivera", "America/New_York", "New York", "Maybe"),
        *("Thursday 16 January, 10:00 to 11:30", "16:00 in Berlin"),
        *("Thursday 23 January, 11:30 to 13:00", "17:30 in Berlin"),
    ),
    There(
        *("Asha Rao", "Asia/Kolkata", "Kolkata", "Can’t"),
        *("Thursday 16 January, 20:30 to 22:00", "16:00 in Berlin"),
        *("Thursday 23 January, 22:00 to 23:30", "17:30 in Berlin"),
    ),
]


def fill(visit: Visit, day: str, time: str) -> None:
    """Write date and time into the form, as the lead's own clock shows them."""
    visit.page.get_by_label("Date").fill(day)
    visit.page.get_by_label("Time", exact=True).fill(time)


def schedule(lead: Visit, cast: Cast, title: str) -> str:
    """Schedule a workshop by the form, and return its address."""
    lead.go(f"/workshops?group={cast.cohort}")
    lead.page.get_by_role("link", name="Schedule a workshop").click()
    lead.page.get_by_label("Title").fill(title)
    fill(lead, "2031-01-16", "16:00")
    expect(lead.page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    lead.page.get_by_label("Length in minutes").fill("90")
    lead.page.get_by_label("Link to the call").fill("https://meet.example.org/kestrel")
    lead.page.get_by_label("Agenda").fill("1. Settle\n2. **Show** one thing")
    lead.page.get_by_role("button", name="Check times").click()
    expect(lead.page.locator("#checked h2")).to_have_text("Thursday 16 January, 16:00 your time")
    lead.page.get_by_role("button", name="Schedule it").click()
    expect(lead.page.get_by_role("status").filter(has_text="Scheduled.")).to_be_visible()
    return urlsplit(lead.page.url).path


def move(lead: Visit) -> None:
    """Move it by the form."""
    lead.page.get_by_role("link", name="Move or change").click()
    expect(lead.page.get_by_label("Date")).to_have_value("2031-01-16")
    expect(lead.page.get_by_label("Time", exact=True)).to_have_value("16:00")
    fill(lead, "2031-01-23", "17:30")
    lead.page.get_by_role("button", name="Save the change").click()
    expect(lead.page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()


def sees(visit: Visit, there: There, when: str, beside: str) -> None:
    """Expect weekday, date and time in one's own zone, and the other zone beside it."""
    mine = visit.page.locator(".at-mine")
    expect(mine).to_contain_text(when)
    expect(mine).to_contain_text(f"{there.city} time")
    expect(visit.page.locator(".at-other")).to_contain_text(beside)


def answer(visit: Visit, there: There) -> None:
    """Answer by the form."""
    asked = visit.page.locator("form.rsvp")
    asked.get_by_role("radio", name=there.answer).check()
    asked.get_by_role("button").click()
    expect(visit.page.locator("form.rsvp").get_by_role("button", name="Change my answer")).to_be_visible()
    expect(visit.page.locator("form.rsvp").get_by_role("radio", name=there.answer)).to_be_checked()


def event_of(letter: EmailMessage, method: str) -> Event:
    """Return the one event of a letter's invitation, with what every invitation must have checked."""
    parts = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) == 1
    assert parts[0].get_param("method") == method
    calendar = Calendar.from_ical(parts[0].get_payload(decode=True))
    assert calendar["METHOD"] == method
    events = calendar.walk("VEVENT")
    assert len(events) == 1
    event = events[0]
    attendees = event["ATTENDEE"]
    assert not isinstance(attendees, list)
    assert str(attendees).lower() == f"mailto:{letter['To'].addresses[0].addr_spec}".lower()
    assert len(letter["To"].addresses) == 1
    return event


def letters(live: Live, email: str, number: int) -> list[EmailMessage]:
    """Wait for so many letters to somebody, and return them."""
    live.mail.wait(lambda: len(live.mail.to(email)) >= number)
    return live.mail.to(email)


def test_everybody_sees_a_workshop_in_their_own_time_answers_and_is_asked_again_when_it_moves(
    live: Live, cast: Cast, visits: Callable[..., Visit]
) -> None:
    ids: dict[str, UUID] = {there.name: cast.add(there.name, zone=there.zone) for there in PEOPLE}
    emails = {there.name: cast.emails[ids[there.name]] for there in PEOPLE}
    lead = visits(cast.world.lead)
    screens: dict[str, Visit] = {}
    for there in PEOPLE:
        visit = screens[there.name] = visits()
        visit.sign_in(emails[there.name], PASSWORD)
        visit.go("/notices")
        expect(visit.page.locator("html[data-live=on]")).to_have_count(1)
    before = {name: visit.badge("inbox") for name, visit in screens.items()}

    path = schedule(lead, cast, "Role-play circle")
    expect(lead.page.locator(".at-mine")).to_contain_text("Thursday 16 January, 16:00 to 17:30")
    expect(lead.page.locator(".at-other")).to_have_count(0)

    # Everybody hears of it at once and sees it in their own time.
    for there in PEOPLE:
        visit = screens[there.name]
        visit.expect_badge("inbox", before[there.name] + 1)
        visit.page.reload()
        notice = visit.page.locator(".notice").filter(has_text="New workshop: Role-play circle")
        day, _comma, hours = there.first.partition(", ")
        expect(notice).to_contain_text(f"{day}, {hours.split()[0]} your time")
        notice.get_by_role("link").click()
        visit.page.wait_for_url(f"**{path}")
        sees(visit, there, there.first, there.first_beside)
        expect(visit.page.locator(".prose strong")).to_have_text("Show")
        expect(visit.page.locator("form.rsvp input:checked")).to_have_count(0)
        answer(visit, there)
    lead.page.reload()
    expect(lead.page.locator(".goers")).to_contain_text("Kiri Tane")
    for name in ("Joe Rivera", "Asha Rao"):  # maybe and can't are only counted
        expect(lead.page.locator(".goers")).not_to_contain_text(name)
    expect(lead.page.locator("[aria-labelledby=goers]")).to_contain_text("1 said maybe, 1 can’t, 0 have not answered")

    # The letters of the first round.
    firsts = {}
    for there in PEOPLE:
        (letter,) = letters(live, emails[there.name], 1)
        event = firsts[there.name] = event_of(letter, "REQUEST")
        assert int(event["SEQUENCE"]) == 0
        assert event["SUMMARY"] == "Role-play circle"
        assert event["DTSTART"].params["TZID"] == "Europe/Berlin"
        assert event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M") == "2031-01-16 16:00"
        assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
        words = letter.get_body(("plain",))
        assert words is not None
        day, _comma, hours = there.first.partition(", ")
        assert f"{day} 2031, {hours} ({there.city} time)" in words.get_content()
        raw = letter.as_string()
        assert not any(other in raw for name, other in emails.items() if name != there.name)
    assert len({str(event["UID"]) for event in firsts.values()}) == 1

    # The lead moves it: everybody sees the new time, and is asked again.
    for there in PEOPLE:
        screens[there.name].go("/notices")
        expect(screens[there.name].page.locator("html[data-live=on]")).to_have_count(1)
    before = {name: visit.badge("inbox") for name, visit in screens.items()}
    move(lead)
    for there in PEOPLE:
        visit = screens[there.name]
        visit.expect_badge("inbox", before[there.name] + 1)
        visit.page.reload()
        notice = visit.page.locator(".notice").filter(has_text="Changed: Role-play circle")
        expect(notice).to_contain_text("Say again whether you")
        notice.get_by_role("link").click()
        sees(visit, there, there.second, there.second_beside)
        expect(visit.page.locator("form.rsvp input:checked")).to_have_count(0)
        expect(visit.page.locator("form.rsvp").get_by_role("button", name="Send my answer")).to_be_visible()
        answer(visit, there)

    # The letters of the second round replace the entries of the first.
    for there in PEOPLE:
        first, second = letters(live, emails[there.name], 2)
        event = event_of(second, "REQUEST")
        assert str(event["UID"]) == str(firsts[there.name]["UID"])
        assert int(event["SEQUENCE"]) > 0
        assert event["DTSTART"].dt.strftime("%Y-%m-%d %H:%M") == "2031-01-23 17:30"
        assert event.decoded("DTSTAMP") >= firsts[there.name].decoded("DTSTAMP")
        assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
        assert first["Message-ID"] != second["Message-ID"]

    # Called off: it says so, and leaves their calendars.
    lead.page.locator("details", has_text="Cancel it").locator("summary").click()
    lead.page.get_by_role("button", name="Cancel this workshop").click()
    expect(lead.page.get_by_role("status").filter(has_text="Cancelled.")).to_be_visible()
    for there in PEOPLE:
        third = letters(live, emails[there.name], 3)[2]
        event = event_of(third, "CANCEL")
        assert str(event["UID"]) == str(firsts[there.name]["UID"])
        assert event["STATUS"] == "CANCELLED"
        assert int(event["SEQUENCE"]) > 1
        screens[there.name].go(path)
        expect(screens[there.name].page.get_by_text("This workshop was cancelled.")).to_be_visible()
        expect(screens[there.name].page.locator("form.rsvp")).to_have_count(0)
    assert {there.name: len(live.mail.to(emails[there.name])) for there in PEOPLE} == dict.fromkeys(ids, 3)


def test_scheduling_answering_and_moving_work_by_forms_with_scripts_off(
    live: Live, cast: Cast, visits: Callable[..., Visit]
) -> None:
    ids = {there.name: cast.add(there.name, zone=there.zone) for there in PEOPLE}
    lead = visits(cast.world.lead, scripts=False)
    path = schedule(lead, cast, "Quiet circle")
    screens = {there.name: visits(ids[there.name], scripts=False) for there in PEOPLE}
    for there in PEOPLE:
        visit = screens[there.name]
        visit.go("/workshops")
        visit.page.get_by_role("link", name="Quiet circle").first.click()
        visit.page.wait_for_url(f"**{path}")
        sees(visit, there, there.first, there.first_beside)
        answer(visit, there)
    lead.go(path)
    move(lead)
    for there in PEOPLE:
        visit = screens[there.name]
        visit.go(path)
        sees(visit, there, there.second, there.second_beside)
        expect(visit.page.locator("form.rsvp input:checked")).to_have_count(0)
        answer(visit, there)
        _first, second = letters(live, cast.emails[ids[there.name]], 2)
        assert int(event_of(second, "REQUEST")["SEQUENCE"]) > 0


def test_a_lead_opens_a_cohort_enrolls_people_and_its_room_is_there(cast: Cast, visits: Callable[..., Visit]) -> None:
    """Before any of that there is a cohort; both ways of making one, with scripts and without."""
    nia = cast.add("Nia Mensah")
    for scripts in (True, False):
        lead = visits(cast.world.lead, scripts=scripts)
        name = f"Cohort Osprey {'live' if scripts else 'plain'}"
        lead.go("/cohorts")
        lead.page.get_by_role("link", name="New cohort").click()
        lead.page.get_by_role("textbox", name="Name").fill(name)
        lead.page.get_by_label("First day").fill((date.today() + timedelta(days=7)).isoformat())
        lead.page.get_by_label("Agreements").fill("Stories stay in this room.")
        lead.page.get_by_role("button", name="Create the cohort").click()
        expect(lead.page.get_by_role("heading", level=1)).to_have_text(name)
        lead.page.get_by_role("link", name="Enroll people").click()
        lead.page.wait_for_url("**/enroll*")
        # By name, as the journeys share an organization: in a large one the page offers a hundred people.
        lead.page.goto(f"{lead.page.url.partition('#')[0].partition('?')[0]}?q=Nia+Mensah")
        lead.page.get_by_role("checkbox", name="Nia Mensah").check()
        lead.page.get_by_label("As", exact=True).select_option(str(Role.LEARNER))
        lead.page.get_by_role("button", name="Enroll").click()
        expect(lead.page.locator("[aria-labelledby=who]")).to_contain_text("Nia Mensah")
        hers = visits(nia, scripts=scripts)
        hers.go("/spaces")
        hers.page.get_by_role("link", name=name).click()
        expect(hers.page.get_by_role("heading", level=1)).to_have_text(name)
        expect(hers.page.locator("[data-composer]")).to_be_visible()
