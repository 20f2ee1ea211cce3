"""The feed: what three foreign parsers read of it, whose it is, and what can't be smuggled into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import ics
import pytest
import vobject
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from academy.bridges.calendars import actions, engine, queries
from academy.bridges.calendars.engine import Dated
from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people.engine import new_token
from tests.factories import people

ICAL_JS = Path(__file__).parents[2] / "browser" / "vendor" / "ical.min.js"
STAMP = datetime(2026, 11, 22, 9, tzinfo=UTC)
SITE = "https://academy.example.org"

Read = dict[str, tuple[str, str, str]]
"""What a parser read: by UID, (start, end, summary), the times as UTC or as a day."""


def meeting(uid: str, wall: datetime, zone: str, title: str = "Circle", **more: object) -> Dated:
    at = wall.replace(tzinfo=ZoneInfo(zone))
    return Dated(uid=uid, title=title, url=f"/workshops/{uid}", at=at.astimezone(UTC), minutes=90, zone=zone, **more)


def written(things: Sequence[Dated], name: str = "Fernhill") -> bytes:
    return engine.feed(things, name=name, site=SITE, stamp=STAMP)


def wanted(things: Sequence[Dated]) -> Read:
    found = {}
    for thing in things:
        if thing.at is None:
            assert thing.on
            spans = (thing.on.isoformat(), (thing.on + timedelta(days=1)).isoformat())
        else:
            spans = tuple(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (thing.at, thing.at + timedelta(minutes=thing.minutes)))
        found[thing.uid] = (*spans, thing.title)
    return found


def _when(value: date | datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value.isoformat()


def by_vobject(text: bytes) -> Read:
    events = vobject.readOne(text.decode()).vevent_list
    return {e.uid.value: (_when(e.dtstart.value), _when(e.dtend.value), e.summary.value) for e in events}


def by_ics(text: bytes) -> Read:
    found = {}
    for event in ics.Calendar(text.decode()).events:
        if event.all_day:
            # Its end is the last day, where the text says the day after.
            spans = (event.begin.date().isoformat(), event.end.date().isoformat())
        else:
            spans = (_when(event.begin.datetime), _when(event.end.datetime))
        found[event.uid] = (*spans, event.name)
    return found


READ_IN_A_BROWSER = """
async ([code, text]) => {
  const { default: ICAL } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
  const when = (time) => time.isDate ? time.toString() : time.toJSDate().toISOString().replace(".000", "");
  return Object.fromEntries(calendar.getAllSubcomponents("vevent").map((part) => {
    const event = new ICAL.Event(part);
    return [event.uid, [when(event.startDate), when(event.endDate), event.summary]];
  }));
}
"""


def by_ical_js(browser: Browser, text: bytes) -> Read:
    page = browser.new_page()
    try:
        found = page.evaluate(READ_IN_A_BROWSER, [ICAL_JS.read_text(encoding="utf-8"), text.decode()])
    finally:
        page.close()
    return {uid: tuple(told) for uid, told in found.items()}


ACROSS = [
    meeting("before-berlin", datetime(2026, 10, 22, 10, 0), "Europe/Berlin"),
    meeting("after-berlin", datetime(2026, 10, 29, 10, 0), "Europe/Berlin"),
    # It ends in the hour that the clocks show twice.
    meeting("on-the-day-berlin", datetime(2026, 10, 25, 1, 30), "Europe/Berlin"),
    meeting("before-new-york", datetime(2026, 10, 29, 17, 30), "America/New_York"),
    meeting("after-new-york", datetime(2026, 11, 5, 17, 30), "America/New_York"),
    meeting("spring-new-york", datetime(2027, 3, 18, 17, 30), "America/New_York"),
    meeting("spring-berlin", datetime(2027, 4, 1, 10, 0), "Europe/Berlin"),
    meeting("kolkata", datetime(2026, 10, 29, 9, 15), "Asia/Kolkata", sequence=3),
    meeting("utc", datetime(2026, 10, 29, 9, 15), "UTC"),
    meeting("off", datetime(2026, 10, 30, 9, 15), "Europe/Berlin", cancelled=True),
    Dated(uid="week", title="Week 3 begins: Asking", url="/deliveries/x", on=date(2026, 10, 26)),
]
"""10:00 in Berlin is 08:00 UTC before 25 October 2026 and 09:00 after it; New York follows a week later."""


@pytest.mark.browser
def test_three_foreign_parsers_read_it_alike_across_a_change_of_clocks(chromium: Browser) -> None:
    text = written(ACROSS)
    told = wanted(ACROSS)
    assert (told["before-berlin"][0], told["after-berlin"][0]) == ("2026-10-22T08:00:00Z", "2026-10-29T09:00:00Z")
    assert (told["before-new-york"][0], told["after-new-york"][0]) == ("2026-10-29T21:30:00Z", "2026-11-05T22:30:00Z")
    assert by_vobject(text) == told
    assert by_ical_js(chromium, text) == told
    # ics.py shows a whole day without its end.
    assert {uid: (a, "" if uid == "week" else b, c) for uid, (a, b, c) in by_ics(text).items()} == {
        uid: (a, "" if uid == "week" else b, c) for uid, (a, b, c) in told.items()
    }


def test_zones_are_written_once_and_for_the_years_that_are_needed() -> None:
    lines = written(ACROSS).decode().split("\r\n")
    assert sorted(line for line in lines if line.startswith("TZID:")) == [
        "TZID:America/New_York", "TZID:Asia/Kolkata", "TZID:Europe/Berlin",
    ]  # fmt: skip
    assert len(lines) < 250, "a zone's history since 1900 would be thousands of lines"


def test_clocks_change_at_the_hour_at_which_they_do() -> None:
    rules = engine.zone_rules("Europe/Berlin", 2026, 2026).decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20260329T020000" in rules
    assert "BEGIN:STANDARD\r\nDTSTART:20261025T030000" in rules
    assert "RDATE" not in rules
    rules = engine.zone_rules("America/New_York", 2026, 2026).decode()
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20260308T020000" in rules
    assert "BEGIN:STANDARD\r\nDTSTART:20261101T020000" in rules


def test_a_cancelled_meeting_says_so_under_its_own_uid_and_sequence() -> None:
    event = next(e for e in vobject.readOne(written(ACROSS).decode()).vevent_list if e.uid.value == "off")
    assert event.status.value == "CANCELLED"
    event = next(e for e in vobject.readOne(written(ACROSS).decode()).vevent_list if e.uid.value == "kolkata")
    assert (event.sequence.value, event.status.value) == ("3", "CONFIRMED")
    assert event.url.value == f"{SITE}/workshops/kolkata"


HOSTILE = [
    "Circle\r\nATTENDEE:mailto:x@example.org",
    "Circle\nEND:VEVENT\nBEGIN:VEVENT",
    "a, b; c: d \\ e \\n f",
    "\u2028BEGIN:VALARM\u2029",
    "\u202egnp.exe\u202c",
    "é" * 80 + "日本語のとても長い題名" * 20,
    "👩‍👩‍👧‍👦" * 30,
    "\x00\x07\x1b[31m",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_no_words_break_out_of_their_line(title: str, chromium: Browser) -> None:
    things = [meeting("one", datetime(2026, 10, 29, 10, 0), "Europe/Berlin", title, line=title, place=title)]
    text = written(things, name=title)
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    clean = engine.one_line(title)
    assert by_vobject(text)["one"][2] == clean
    if "\\n" not in clean:  # ics.py takes an escaped backslash before an n for a line break
        assert by_ics(text)["one"][2] == clean
    assert by_ical_js(chromium, text)["one"][2] == clean
    [event] = vobject.readOne(text.decode()).vevent_list
    assert {child.name for child in event.getChildren()} == {
        "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "TRANSP", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "STATUS",
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_whatever_a_title_is_it_is_read_as_it_stands(title: str) -> None:
    text = written([meeting("one", datetime(2026, 10, 29, 10, 0), "Europe/Berlin", title)])
    [event] = vobject.readOne(text.decode()).vevent_list
    said = event.summary.value if hasattr(event, "summary") else ""
    assert said == engine.one_line(title)


def test_the_tag_names_what_is_said_and_not_when() -> None:
    later = engine.feed(ACROSS, name="Fernhill", site=SITE, stamp=STAMP + timedelta(hours=5))
    assert engine.tag(later) == engine.tag(written(ACROSS))
    assert engine.tag(written(ACROSS[1:])) != engine.tag(written(ACROSS))


@pytest.mark.parametrize(
    ("first", "starts", "begin", "end", "weeks"),
    [
        (date(2026, 11, 1), 0, date(2026, 10, 26), date(2026, 12, 6), 6),
        (date(2026, 11, 1), 6, date(2026, 11, 1), date(2026, 12, 5), 5),
        (date(2027, 2, 1), 0, date(2027, 2, 1), date(2027, 2, 28), 4),
    ],
)
def test_a_month_is_shown_in_whole_weeks(first: date, starts: int, begin: date, end: date, weeks: int) -> None:
    found = engine.month(first, starts)
    assert (found[0][0], found[-1][-1], len(found)) == (begin, end, weeks)


# over HTTP


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana")


def made(kernel: Kernel, person: UUID) -> str:
    token = new_token()
    kernel.commit(lambda s: actions.make_feed(s, person_id=person, token=token))
    return f"/calendar/{token}.ics"


def test_the_address_is_the_only_key_and_no_cookie_is_set(kernel: Kernel, client: FlaskClient, ana: UUID) -> None:
    answer = client.get(made(kernel, ana))
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert "Set-Cookie" not in answer.headers
    assert "private" in answer.headers["Cache-Control"]
    again = client.get(answer.request.path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/calendar/not-an-address.ics").status_code == 404


def test_a_new_address_ends_the_old_one_and_revoking_ends_both(
    kernel: Kernel, client: FlaskClient, client_of: Callable[[UUID], FlaskClient], ana: UUID
) -> None:
    old = made(kernel, ana)
    new = made(kernel, ana)
    assert [client.get(url).status_code for url in (old, new)] == [404, 200]
    with kernel.reading() as session:
        assert queries.feed_made(session, people.viewer(kernel, ana)) is not None
    client_of(ana).post("/calendar/feed/revoke")
    assert client.get(new).status_code == 404
    client_of(ana).post("/calendar/feed/revoke")


def test_the_page_shows_the_address_once(
    client_of: Callable[[UUID], FlaskClient], client: FlaskClient, ana: UUID
) -> None:
    mine = client_of(ana)
    answer = mine.post("/calendar/feed")
    assert answer.headers["Cache-Control"] == "no-store"
    address = answer.text.split('readonly value="')[1].split('"')[0]
    assert client.get(address[address.index("/calendar") :]).status_code == 200
    page = mine.get("/calendar").text
    assert address not in page
    assert "Make a new address" in page


def test_a_deactivated_person_has_no_feed(kernel: Kernel, client: FlaskClient, ana: UUID) -> None:
    url = made(kernel, ana)
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert client.get(url).status_code == 404
    kernel.commit(lambda s: people_actions.reactivate(s, person_id=ana, actor_id=None))
    assert client.get(url).status_code == 404, "an address of before stays closed"


def test_the_database_holds_no_address(kernel: Kernel, ana: UUID) -> None:
    token = made(kernel, ana).split("/")[-1].removesuffix(".ics")
    with kernel.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM calendar_feeds").all()
        told = connection.exec_driver_sql("SELECT * FROM ledger").all()
    assert token not in json.dumps([[str(value) for value in row] for row in [*rows, *told]])


def test_one_feed_can_be_read_only_so_often(kernel: Kernel, client: FlaskClient, ana: UUID) -> None:
    url = made(kernel, ana)
    met = [client.get(url).status_code for _ in range(62)]
    assert (met[0], met[-1]) == (200, 429)
