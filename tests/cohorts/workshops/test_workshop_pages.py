"""Pages of workshops, read and used as plain links and forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.people import actions as people
from academy.tracks import actions as tracks
from tests.factories import people as make
from tests.factories import workshops as factory

ClientOf = Callable[[UUID], FlaskClient]

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)
START = datetime(2027, 1, 14, 15, tzinfo=UTC)
PAGE_BUDGET = 8


@pytest.fixture(autouse=True)
def _january() -> Iterator[None]:
    with clock.travel(NOW):
        yield


def words(html: str) -> str:
    """Return the text of a page, spaces made even."""
    main = html[html.index("<main") : html.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split()).replace(" ,", ",")


def form(cohort: factory.Cohort, **other: str) -> dict[str, str]:
    return {
        "group": encode(cohort.group_id),
        "id": encode(new_id()),
        "title": "Role-play circle",
        "date": "2027-01-14",
        "time": "16:00",
        "zone": "Europe/Berlin",
        "minutes": "60",
        "facilitator": encode(cohort.facilitator),
        "venue_url": "https://meet.example/kestrel",
        "capacity": "",
        "agenda": "1. **Settle**\n2. <script>alert(1)</script>",
        **other,
    }


def statements(kernel: Kernel, client: FlaskClient, url: str) -> int:
    client.get(url)  # what is asked once a minute is known now
    seen: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(kernel.database.engine, "before_cursor_execute", count)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(kernel.database.engine, "before_cursor_execute", count)
    return sum(not s.startswith("PRAGMA") for s in seen)


def test_a_lead_schedules_and_everybody_reads_it_in_their_own_zone(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel)
    lead = client_of(cohort.lead)
    assert lead.get(f"/workshops/new?group={encode(cohort.group_id)}").status_code == 200
    done = lead.post("/workshops", data=form(cohort))
    assert done.status_code == 303
    url = done.headers["Location"]
    new_york = client_of(cohort.learners[2])
    page = words(new_york.get(url).text)
    assert "Thursday 14 January, 10:00 to 11:00 New York time" in page
    assert "That is 16:00 in Berlin, where it was planned." in page
    html = new_york.get(url).text
    assert "<strong>Settle</strong>" in html
    assert "<script>alert" not in html
    listed = words(new_york.get("/workshops").text)
    assert "Thursday 14 January" in listed
    assert "10:00 to 11:00 (16:00 in Berlin)" in listed
    assert "One workshop waits for your answer." in listed
    same_clock = words(client_of(cohort.lead).get(url).text)
    assert "That is" not in same_clock


def test_the_other_zones_day_is_named_when_it_is_another_one(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=1, zones=["Pacific/Auckland"])
    workshop_id = factory.workshop(kernel, cohort)
    page = words(client_of(cohort.learners[0]).get(f"/workshops/{encode(workshop_id)}").text)
    assert "Friday 15 January, 04:00 to 05:00 Auckland time" in page
    assert "That is Thu 14 Jan, 16:00 in Berlin, where it was planned." in page


def test_what_was_typed_is_kept_when_something_is_wrong(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel)
    sent = form(cohort, time="02:30", date="2027-03-28", title='A "quoted" title', capacity="many", agenda="Keep me")
    again = client_of(cohort.lead).post("/workshops", data=sent)
    assert again.status_code == 422
    assert "Write a whole number." in words(again.text)
    again = client_of(cohort.lead).post("/workshops", data={**sent, "capacity": "9"})
    assert again.status_code == 422
    assert "The next time that does is 03:00." in words(again.text)
    assert "<title>Error:" in again.text
    for kept in ("A &#34;quoted&#34; title", "Keep me", 'value="02:30"', f'value="{sent["id"]}"', 'value="9"'):
        assert kept in again.text
    assert words(client_of(cohort.lead).get("/workshops").text).count("Role-play") == 0


def test_checking_times_shows_everybodys_hours_and_saves_nothing(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel)
    for person_id in (*cohort.learners[:2], cohort.facilitator):
        kernel.commit(partial(people.set_hours, person_id=person_id, hours=[(d, 540, 1020) for d in range(5)]))
    lead = client_of(cohort.lead)
    page = lead.post("/workshops", data=form(cohort, check="1", title=""))
    assert page.status_code == 200
    text = words(page.text)
    assert "Thursday 14 January, 16:00 your time" in text
    assert "It falls inside the working day of all 3 people who have said when they work." in text
    assert "One person has not said when they work." in text
    # Nine to five in Lisbon, Lagos and Berlin is 10:00 to 17:00 in Berlin for all three.
    assert "Thu 14 Jan: 10:00 to 17:00, 3 of 4 people work" in text
    assert "Sat 16 Jan: nobody works that long" in text
    late = words(lead.post("/workshops", data=form(cohort, check="1", time="17:30")).text)
    assert "It falls inside the working day of 0 of 3 people." in late
    by_address = lead.get(
        f"/workshops/new?group={encode(cohort.group_id)}&date=2027-01-14&time=16:00&zone=Europe/Berlin&minutes=60"
    )
    assert "It falls inside the working day of all 3 people" in words(by_address.text)
    assert "Nothing is planned right now." in words(lead.get("/workshops").text)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"time": ""}, "Please fill this in."),
        ({"date": "14 January"}, "Write a date such as 2027-01-18."),
        ({"date": "2027-03-28", "time": "02:30"}, "The next time that does is 03:00."),
        ({"zone": "Mars/Olympus"}, "Choose a zone from the list"),
        ({"date": "0099-01-01"}, "Write a date such as 2027-01-18."),
        ({"date": "9999-12-31"}, "Write a date such as 2027-01-18."),
        ({"minutes": "1000000000"}, "a length of 5 to 600 minutes"),
        ({"date": "2026-10-25", "time": "02:30"}, "this time comes twice. The first one is meant."),
    ],
)
def test_checking_a_time_that_is_none_says_so(
    kernel: Kernel, client_of: ClientOf, other: dict[str, str], said: str
) -> None:
    cohort = factory.cohort(kernel, learners=1)
    page = client_of(cohort.lead).post("/workshops", data=form(cohort, check="1", **other))
    assert page.status_code == 200
    assert said in words(page.text)


def test_answers_work_as_a_plain_form(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort, capacity=1)
    url = f"/workshops/{encode(workshop_id)}"
    ana, ben, _ = (client_of(person_id) for person_id in cohort.learners)
    assert ana.post(f"{url}/answer", data={"answer": "going", "asked": "0"}).status_code == 303
    assert "You are coming" in words(ana.get(url).text)
    full = ben.post(f"{url}/answer", data={"answer": "going", "asked": "0"})
    assert full.status_code == 409
    assert "All seats are taken. Your answer stays as it was" in words(full.text)
    empty = ben.post(f"{url}/answer", data={})
    assert empty.status_code == 422
    assert ben.post(f"{url}/answer", data={"answer": "declined"}).status_code == 303
    shown = words(ben.get(url).text)
    assert "0 said maybe, 1 can’t, 1 have not answered." in shown


def test_only_names_of_those_who_come_are_shown(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=0)
    names = {
        state: factory.learner(kernel, cohort, name=f"Person who is {state}")
        for state in ("going", "maybe", "declined")
    }
    workshop_id = factory.workshop(kernel, cohort)
    for state, person_id in names.items():
        factory.answer(kernel, workshop_id, person_id, state)
    page = words(client_of(cohort.lead).get(f"/workshops/{encode(workshop_id)}").text)
    assert "Person who is going" in page
    assert "Person who is maybe" not in page
    assert "Person who is declined" not in page


def test_the_door_opens_ten_minutes_before_and_closes_at_the_end(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    url = f"/workshops/{encode(workshop_id)}"
    ana = client_of(cohort.learners[0])
    link = 'href="https://meet.example/kestrel"'
    with clock.travel(START.replace(hour=14, minute=49, second=50)):
        early = ana.get(f"{url}/join")
        assert "The door opens at 14:50 on Thursday 14 January" in words(early.text)
        assert link not in early.text
        assert f"{url}/join" not in ana.get(url).text
        assert link not in ana.get(url).text
    for at in (START.replace(hour=14, minute=50, second=1), START.replace(minute=59, second=50)):
        with clock.travel(at):
            door = ana.get(f"{url}/join")
            assert link in door.text
            assert "Camera on or off, as you like" in words(door.text)
            assert "captions" in words(door.text)
            assert f"{url}/join" in ana.get(url).text
    with clock.travel(START.replace(hour=16, second=1)):
        assert link not in ana.get(f"{url}/join").text
        assert "It ended at" in words(ana.get(f"{url}/join").text)


def test_who_was_not_asked_finds_no_door_and_strangers_nothing(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    url = f"/workshops/{encode(workshop_id)}"
    stranger, learner = client_of(make.person(kernel)), client_of(cohort.learners[0])
    other = client_of(factory.cohort(kernel, learners=0, name="Other").lead)
    for client in (stranger, other):
        for path in ("", "/join", "/edit"):
            assert client.get(url + path).status_code == 404
        for path in ("/answer", "/move", "/cancel"):
            assert client.post(url + path, data={"version": "1", "answer": "going"}).status_code == 404
        assert client.get(f"/workshops/new?group={encode(cohort.group_id)}").status_code == 404
        assert client.post("/workshops", data=form(cohort)).status_code == 404
        assert "Role-play" not in client.get("/workshops").text
    assert learner.get(f"{url}/edit").status_code == 403
    assert learner.post(f"{url}/move", data=form(cohort, version="1")).status_code == 403
    assert learner.post(f"{url}/cancel", data={"version": "1"}).status_code == 403
    assert learner.post("/workshops", data=form(cohort)).status_code in {403, 404}
    assert learner.get("/workshops/new").status_code == 404


def test_a_closed_cohort_is_not_offered_and_what_was_written_for_it_is_kept(
    kernel: Kernel, client_of: ClientOf
) -> None:
    cohort = factory.cohort(kernel)
    lead, choice = client_of(cohort.lead), f"/workshops/new?group={encode(cohort.group_id)}"
    assert choice in lead.get("/workshops").text
    kernel.commit(lambda s: tracks.set_closed(s, group_id=cohort.group_id, closed=True))
    assert choice not in lead.get("/workshops").text
    opened = lead.get(f"/workshops/new?group={encode(cohort.group_id)}")
    assert opened.status_code == 409
    assert "This cohort is closed" in words(opened.text)
    sent = lead.post("/workshops", data=form(cohort, title="My own words"))
    assert sent.status_code == 409
    assert "My own words" in sent.text
    assert "This cohort is closed" in words(sent.text)
    stranger = client_of(make.person(kernel))
    assert stranger.get(f"/workshops/new?group={encode(cohort.group_id)}").status_code == 404


def test_moving_by_form_and_who_was_slower_sees_their_words_again(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    url = f"/workshops/{encode(workshop_id)}"
    lead, second = client_of(cohort.lead), client_of(cohort.facilitator)
    edit = lead.get(f"{url}/edit")
    assert 'value="2027-01-14"' in edit.text
    assert 'value="16:00"' in edit.text
    assert 'name="version" value="1"' in edit.text
    assert lead.post(f"{url}/move", data=form(cohort, version="1", time="17:00")).status_code == 303
    slower = second.post(f"{url}/move", data=form(cohort, version="1", title="My own words"))
    assert slower.status_code == 409
    assert "My own words" in slower.text
    assert "2027-01-14 17:00" in words(slower.text)
    assert 'name="version" value="2"' in slower.text
    assert second.post(f"{url}/move", data=form(cohort, version="2", title="My own words")).status_code == 303
    assert "My own words" in words(lead.get(url).text)


def test_cancelling_by_form(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    url = f"/workshops/{encode(workshop_id)}"
    lead = client_of(cohort.lead)
    assert lead.post(f"{url}/cancel", data={"version": "7"}).status_code == 409
    assert lead.post(f"{url}/cancel", data={"version": "1"}).status_code == 303
    page = words(client_of(cohort.learners[0]).get(url).text)
    assert "This workshop was cancelled." in page
    assert "Send my answer" not in page
    assert client_of(cohort.learners[0]).post(f"{url}/answer", data={"answer": "going"}).status_code == 409
    assert "Cancelled" in words(client_of(cohort.learners[0]).get("/workshops").text)


def test_notices_tell_it_in_ones_own_time(kernel: Kernel, client_of: ClientOf) -> None:
    cohort = factory.cohort(kernel, learners=1, zones=["America/New_York"])
    workshop_id = factory.workshop(kernel, cohort, title="<b>Circle</b>")
    inbox = client_of(cohort.learners[0]).get("/notices").text
    assert "New workshop: <b>Circle</b>" in words(inbox)
    assert "<b>Circle" not in inbox
    assert "Thursday 14 January, 10:00 your time." in words(inbox)
    assert f"/workshops/{encode(workshop_id)}" in inbox


def test_hostile_words_stay_words_on_every_page(kernel: Kernel, client_of: ClientOf) -> None:
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    cohort = factory.cohort(kernel, learners=0, name=evil)
    ana = factory.learner(kernel, cohort, name=evil)
    lead = client_of(cohort.lead)
    done = lead.post("/workshops", data=form(cohort, title=evil, agenda=f"{evil}\n[x](javascript:alert(3))"))
    url = done.headers["Location"]
    assert client_of(ana).post(f"{url}/answer", data={"answer": "going"}).status_code == 303
    for path in ("/workshops", url, f"{url}/edit", f"{url}/join", "/notices"):
        html = lead.get(path).text
        assert "<img src=x" not in html
        assert "<script>alert" not in html
        assert 'href="javascript' not in html


@pytest.mark.parametrize("who", ["lead", "learner"])
def test_pages_ask_few_questions_however_much_there_is(kernel: Kernel, client_of: ClientOf, who: str) -> None:
    cohort = factory.cohort(kernel, learners=2)
    first = factory.workshop(kernel, cohort)
    factory.workshop(kernel, cohort, wall_start="2027-01-05T13:30", minutes=30)
    url = f"/workshops/{encode(first)}"
    client = client_of(cohort.lead if who == "lead" else cohort.learners[0])
    paths = ["/workshops", url, f"{url}/join"]
    if who == "lead":
        paths += [
            f"{url}/edit",
            f"/workshops/new?group={encode(cohort.group_id)}&date=2027-01-14&time=16:00&zone=UTC&minutes=60",
        ]
    with clock.travel(NOW.replace(hour=14)):
        few = {path: statements(kernel, client, path) for path in paths}
    with clock.travel(NOW.replace(minute=1)):
        for number in range(20):
            factory.learner(kernel, cohort)
            factory.workshop(kernel, cohort, wall_start=f"2027-01-{number + 6:02}T10:00")
        factory.workshop(kernel, cohort, wall_start="2027-01-05T14:00", minutes=10)
    with clock.travel(NOW.replace(hour=14)):
        many = {path: statements(kernel, client, path) for path in paths}
    assert few == many
    assert max(many.values()) <= PAGE_BUDGET
