"""The pages by which a lead opens a cohort and enrolls its people."""

from __future__ import annotations

import io
import re

import pytest

from academy.kernel.ids import encode
from academy.people.queries import members_of
from cohorts.roster import queries
from tests.factories import cohorts, people, tracks


def test_a_lead_creates_a_cohort_and_enrolls_people_by_forms_alone(kernel, client_of):
    made = cohorts.world(kernel)
    ben = people.member(kernel, made.academy, people.person(kernel, "Ben Okafor"), "member")
    lead = client_of(made.lead)
    form = lead.get("/cohorts/new").text
    track = re.search(r'<option value="([a-z2-7]{26})"[^>]*>A track', form)[1]
    sent = {
        "name": "Cohort Heron",
        "track": track,
        "starts_on": "2027-01-18",
        "zone": "Europe/Lisbon",
        "agreements": "Be kind.\n",
    }
    created = lead.post("/cohorts", data=sent)
    assert created.status_code == 303
    page = lead.get(created.location).text
    assert "Cohort Heron" in page
    assert "Ben Okafor" in lead.get(f"{created.location}/enroll").text
    assert lead.post(f"{created.location}/enroll", data={"people": [encode(ben)], "role": "learner"}).status_code == 303
    assert "1 learner" in lead.get(created.location).text
    assert client_of(ben).get(created.location).status_code == 200


def test_a_form_with_a_wrong_date_keeps_what_was_typed(kernel, client_of):
    made = cohorts.world(kernel)
    answer = client_of(made.lead).post(
        "/cohorts", data={"name": "Cohort Heron", "track": "x", "starts_on": "soon", "zone": "Europe/Lisbon"}
    )
    assert answer.status_code == 422
    assert 'value="Cohort Heron"' in answer.text
    assert "Write a date such as 2027-01-18." in answer.text
    assert "<title>Error:" in answer.text


def test_a_learner_finds_no_form_for_new_cohorts(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made)
    assert client_of(ana).get("/cohorts/new").status_code == 404


def test_somebody_signed_out_is_asked_to_sign_in(kernel, client):
    made = cohorts.world(kernel)
    answer = client.get(f"/cohorts/{encode(made.cohort)}")
    assert (answer.status_code, answer.location) == (303, f"/sign-in?next=/cohorts/{encode(made.cohort)}")


def _members(kernel, made):
    with kernel.reading() as session:
        return {m.face.name: m.role for m in members_of(session, made.cohort)}


def test_pasted_addresses_are_enrolled_and_what_is_unknown_stays_in_the_form(kernel, client_of):
    made = cohorts.world(kernel)
    for name in ("Ana", "Ben"):
        people.person(kernel, name, email=f"{name.lower()}@fernhill.example")
    lead = client_of(made.lead)
    url = f"/cohorts/{encode(made.cohort)}/enroll/addresses"
    pasted = "Ana <ANA@fernhill.example>; ben@fernhill.example, nobody@fernhill.example, oops"
    answer = lead.post(url, data={"addresses": pasted, "role": "mentor"})
    assert answer.status_code == 422
    assert "2 enrolled" in answer.text
    kept = re.search(r'name="addresses"[^>]*>\n([^<]*)</textarea>', answer.text)[1]
    assert kept.split() == ["nobody@fernhill.example", "oops"]
    assert _members(kernel, made) == {"Ana": "mentor", "Ben": "mentor"}
    assert lead.post(url, data={"addresses": "ana@fernhill.example", "role": "mentor"}).status_code == 303


def test_a_roster_file_is_taken_whole_or_not_at_all_and_twice_is_once(kernel, client_of):
    made = cohorts.world(kernel, seats=1)
    for name in ("Ana", "Ben", "Cy"):
        people.person(kernel, name, email=f"{name.lower()}@fernhill.example")
    lead = client_of(made.lead)
    url = f"/cohorts/{encode(made.cohort)}/enroll/file"

    def send(text):
        return lead.post(url, data={"roster": (io.BytesIO(text.encode()), "roster.csv")})

    wrong = send("email,role\nana@fernhill.example,\nzed@fernhill.example,\n")
    assert wrong.status_code == 422
    assert "Line 3: zed@fernhill.example has no account here." in wrong.text
    assert _members(kernel, made) == {}
    good = "role;email\n;ana@fernhill.example\nmentor;ben@fernhill.example\n;cy@fernhill.example\n"
    for _time in range(2):
        assert send(good).status_code == 303
        assert _members(kernel, made) == {"Ana": "learner", "Ben": "mentor"}
    assert "Waiting for a seat" in lead.get(f"/cohorts/{encode(made.cohort)}").text
    assert send("\xff").status_code == 422


def test_a_cohort_is_changed_and_the_slower_of_two_leads_loses_nothing(kernel, client_of):
    made = cohorts.world(kernel)
    lead = client_of(made.lead)
    url = f"/cohorts/{encode(made.cohort)}/edit"
    form = {"name": "Cohort Wren", "starts_on": "2027-01-11", "zone": "Europe/Lisbon", "seats": "12", "version": "1"}
    assert lead.post(url, data={**form, "agreements": "Be kind."}).status_code == 303
    slower = lead.post(url, data={**form, "name": "Cohort Owl", "seats": ""})
    assert slower.status_code == 409
    assert 'value="Cohort Owl"' in slower.text
    assert "“Cohort Wren”" in slower.text
    with kernel.reading() as session:
        line = queries.cohort_for(session, people.viewer(kernel, made.lead), made.cohort)
    assert (line.name, line.starts_on.isoformat(), line.zone, line.seats) == (
        "Cohort Wren",
        "2027-01-11",
        "Europe/Lisbon",
        12,
    )
    assert "Cohort Wren" in lead.get(f"/spaces/{encode(made.space)}").text


def test_a_cohort_is_closed_and_opened_by_its_lead(kernel, client_of):
    made = cohorts.world(kernel)
    ana = cohorts.enrolled(kernel, made, "Ana")
    lead, hers = client_of(made.lead), client_of(ana)
    page = f"/cohorts/{encode(made.cohort)}"
    assert lead.post(f"{page}/close", data={"version": "1"}).status_code == 303
    assert "nothing new begins" in hers.get(page).text
    said = {"body": "Still here.", "nonce": "n" * 32, "seen": "0"}
    assert hers.post(f"/spaces/{encode(made.space)}/posts", data=said).status_code == 303
    assert lead.post(f"{page}/enroll", data={"people": [encode(ana)], "role": "mentor"}).status_code == 409
    assert lead.post(f"/groups/{encode(made.cohort)}/matches", data={"kind": "buddy"}).status_code == 409
    assert lead.post(f"{page}/open", data={"version": "1"}).status_code == 409
    assert lead.post(f"{page}/open", data={"version": "2"}).status_code == 303
    assert lead.post(f"{page}/enroll", data={"people": [encode(ana)], "role": "mentor"}).status_code == 303


def test_a_lead_moves_a_cohort_to_the_newer_version_of_its_track(kernel, client_of):
    made = cohorts.world(kernel)
    lead = client_of(made.lead)
    page = f"/cohorts/{encode(made.cohort)}"
    assert "A newer version" not in lead.get(page).text
    newer = tracks.published(kernel, made.academy, tracks.pack(modules=3, title="A better track"))
    assert "version 2 is published" in lead.get(page).text
    sent = {"before": encode(made.version), "after": encode(newer)}
    assert lead.post(f"{page}/upgrade", data=sent).status_code == 303
    assert "A better track" in lead.get(page).text
    assert lead.post(f"{page}/upgrade", data=sent).status_code == 409


@pytest.mark.parametrize(("to", "reason", "status"), [("1", "need", 303), ("2", "need", 422), ("1", "", 422)])
def test_the_waitlist_is_shown_to_leads_and_moved_with_a_reason(kernel, client_of, to, reason, status):
    made = cohorts.world(kernel, seats=1)
    _seated, _first, second = (cohorts.enrolled(kernel, made, name) for name in ("Ana", "Ben", "Cy"))
    lead = client_of(made.lead)
    page = f"/cohorts/{encode(made.cohort)}"
    sent = {"person": encode(second), "to": to, "reason": reason}
    assert lead.post(f"{page}/waitlist/move", data=sent).status_code == status
    order = re.findall(r"<b>(Ben|Cy)</b>", lead.get(page).text)
    assert order == (["Cy", "Ben"] if status == 303 else ["Ben", "Cy"])


def test_who_waits_for_a_seat_is_told_so_and_shown_nobody(kernel, client_of):
    made = cohorts.world(kernel, seats=1)
    cohorts.enrolled(kernel, made, "Ana Petrov")
    ben, eve = cohorts.enrolled(kernel, made, "Ben"), people.person(kernel, "Eve")
    page = f"/cohorts/{encode(made.cohort)}"
    shown = client_of(ben).get(page)
    assert shown.status_code == 200
    assert "You wait for a seat." in shown.text
    assert "Ana Petrov" not in shown.text
    assert client_of(eve).get(page).status_code == 404
    assert client_of(ben).get(f"/spaces/{encode(made.space)}").status_code == 404


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_cohort_begins_within_the_calendar(kernel, client_of, day):
    made = cohorts.world(kernel)
    form = {"name": "Cohort Wren", "starts_on": day, "zone": "Asia/Tokyo", "seats": "", "version": "1"}
    answer = client_of(made.lead).post(f"/cohorts/{encode(made.cohort)}/edit", data=form)
    assert answer.status_code == 422
    assert "Choose a day from 2000 to 2199." in answer.text
    assert f'value="{day}"' in answer.text
