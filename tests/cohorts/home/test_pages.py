"""Home answers "what now?"; people are shown to those who share a cohort with them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.people import actions
from academy.people.models import Role
from cohorts.workshops import actions as workshops
from mentoring.pairs import actions as pairs
from tests.factories import cohorts, people, skills, tracks


def buttons(page: str) -> list[str]:
    return re.findall(r'class="btn btn-p[^"]*"[^>]*>(?:<svg.*?</svg>)?<span>([^<]*)', page)


def test_a_learner_finds_exactly_one_filled_button_which_leads_to_the_next_activity(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana Silva")
    page = client_of(ana).get("/").text
    assert buttons(page) == ["Continue"]
    assert "Reading 1" in page
    assert "Your journey" in page
    assert "Ana" in page


def test_a_live_workshop_comes_before_everything_else(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana")
    soon = clock.now() + timedelta(minutes=30)
    kernel.commit(
        lambda s: workshops.schedule(
            s,
            viewer=people.viewer(kernel, made.lead),
            group_id=made.cohort,
            title="Practice lab",
            agenda_md="",
            agenda_html="",
            wall_start=soon.strftime("%Y-%m-%dT%H:%M"),
            zone="UTC",
            minutes=60,
            venue_url="https://meet.example.org/lab",
            facilitator_id=made.lead,
        )
    )
    with clock.travel(soon - timedelta(minutes=5)):
        assert buttons(client_of(ana).get("/").text) == ["Join"]


def test_a_new_lead_is_led_to_a_track_then_to_a_cohort(kernel, client_of):
    academy = tracks.academy(kernel)
    priya = people.member(kernel, academy, people.person(kernel, "Priya"), Role.LEAD)
    lead = client_of(priya)
    assert buttons(lead.get("/").text) == ["Publish a track"]
    refused = lead.get("/cohorts/new").text
    assert "none is published yet" in refused
    assert 'name="starts_on"' not in refused
    tracks.published(kernel, academy)
    assert buttons(lead.get("/").text) == ["Create a cohort"]
    assert 'name="starts_on"' in lead.get("/cohorts/new").text


def test_who_has_not_said_what_people_are_matched_by_is_asked_to(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana Silva")
    kernel.commit(lambda s: actions.set_languages(s, person_id=ana, languages=["en"]))
    assert "yours are not said yet" in client_of(ana).get("/").text
    kernel.commit(lambda s: actions.set_hours(s, person_id=ana, hours=[(0, 540, 1020)]))
    page = client_of(ana).get("/").text
    assert "yours are not said yet" not in page
    assert "once your program lead has matched the cohort" in page


def test_an_admin_without_a_cohort_is_taken_to_the_cohorts(kernel, client_of):
    made = cohorts.world(kernel)
    with kernel.reading() as session:
        top = people.queries.organization(session).id
    dana = people.member(kernel, top, people.person(kernel, "Dana"), Role.ADMIN)
    page = client_of(dana).get("/").text
    assert buttons(page) == ["Open"]
    assert encode(made.cohort) in page


def test_somebody_new_finds_a_quiet_page_without_a_button(kernel, client_of):
    cohorts.world(kernel)
    page = client_of(people.person(kernel, "Eve")).get("/").text
    assert buttons(page) == []
    assert "Nothing is waiting for you" in page


def test_the_greeting_follows_the_clock_of_the_viewer(kernel, client_of):
    cohorts.world(kernel)
    kolkata = people.person(kernel, "Arjun", zone="Asia/Kolkata")
    lisbon = people.person(kernel, "Sofia", zone="Europe/Lisbon")
    with clock.travel(datetime(2036, 1, 15, 3, 0, tzinfo=UTC)):
        assert "Good morning, Arjun" in client_of(kolkata).get("/").text
        assert "Hello, Sofia" in client_of(lisbon).get("/").text
    with clock.travel(datetime(2036, 1, 15, 20, 0, tzinfo=UTC)):
        assert "Good evening, Sofia" in client_of(lisbon).get("/").text


def test_a_person_is_shown_to_who_shares_a_cohort_and_to_nobody_else(kernel, client_of):
    made = cohorts.world(kernel)
    ana, ben = (cohorts.enrolled(kernel, made, name) for name in ("Ana Silva", "Ben Okafor"))
    eve = people.person(kernel, "Eve")
    skills.esco(kernel)
    skills.has(kernel, ben, {"Haskell": 4, "database": 2})
    page = client_of(ana).get(f"/people/{encode(ben)}").text
    assert "Ben Okafor" in page
    assert "Haskell" in page
    assert "database" not in page
    assert client_of(eve).get(f"/people/{encode(ben)}").status_code == 404
    assert "Ben Okafor" in client_of(ana).get("/people?q=okaf").text
    assert "Ben Okafor" not in client_of(ana).get("/people?q=silva").text


def test_a_pair_shows_on_home_and_is_nobody_elses_to_see(kernel, client_of):
    made = cohorts.world(kernel)
    ana, ben, eve = (cohorts.enrolled(kernel, made, name) for name in ("Ana", "Ben", "Eve"))
    kernel.commit(
        lambda s: pairs.open_pair(
            s,
            kind="buddy",
            people={ana: Role.LEARNER, ben: Role.LEARNER},
            academy_group_id=made.academy,
            cohort_group_id=made.cohort,
        )
    )
    assert "Your learning buddy" in client_of(ana).get("/").text
    assert "Your learning buddy" not in client_of(eve).get("/").text
    assert "Ana and Ben" not in client_of(eve).get(f"/people/{encode(ben)}").text
    assert "Ana and Ben" not in client_of(made.lead).get(f"/people/{encode(ben)}").text


def test_a_mentor_of_no_cohort_is_met_through_the_pair_alone(kernel, client_of):
    made = cohorts.world(kernel)
    ana, eve = (cohorts.enrolled(kernel, made, name) for name in ("Ana", "Eve"))
    mo = people.member(kernel, made.academy, people.person(kernel, "Mo Haddad"), Role.MEMBER)
    kernel.commit(
        lambda s: pairs.open_pair(
            s,
            kind="mentorship",
            people={ana: Role.LEARNER, mo: Role.MENTOR},
            academy_group_id=made.academy,
            cohort_group_id=made.cohort,
        )
    )
    page = client_of(ana).get(f"/people/{encode(mo)}")
    assert page.status_code == 200
    assert "Ana and Mo" not in page.text
    assert client_of(eve).get(f"/people/{encode(mo)}").status_code == 404


def test_hours_outside_the_working_day_are_said_in_words(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana")
    kernel.commit(lambda s: actions.set_hours(s, person_id=ana, hours=[(d, 540, 1020) for d in range(7)]))
    kernel.commit(lambda s: actions.set_hours(s, person_id=made.lead, hours=[(0, 540, 600)]))
    day = clock.now() + timedelta(days=2)
    kernel.commit(
        lambda s: workshops.schedule(
            s,
            viewer=people.viewer(kernel, made.lead),
            group_id=made.cohort,
            title="Late lab",
            agenda_md="",
            agenda_html="",
            wall_start=day.strftime("%Y-%m-%dT22:30"),
            zone="Europe/Lisbon",
            minutes=60,
            venue_url="",
            facilitator_id=made.lead,
        )
    )
    page = client_of(ana).get("/").text
    assert "Outside the working hours of: you, Ling" in page
