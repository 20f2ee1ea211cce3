"""The pages by which a lead opens a cohort and enrolls its people."""

from __future__ import annotations

import re

from academy.kernel.ids import encode
from tests.factories import cohorts, people


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
    assert "Ben Okafor" in page
    assert lead.post(f"{created.location}/enroll", data={"people": [encode(ben)], "role": "learner"}).status_code == 303
    assert "1 learners" in lead.get(created.location).text
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
