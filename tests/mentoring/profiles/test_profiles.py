"""What mentors offer: capacity, words, and their own page."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from academy.kernel.access import Invalid
from academy.kernel.ids import encode
from academy.people.models import GroupKind, Role
from mentoring.profiles.actions import offer_mentoring
from mentoring.profiles.models import MentorProfile
from tests.factories import mentoring as make
from tests.factories import people


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_offering_again_changes_the_one_profile(kernel):
    world = make.world(kernel, skilled=False)
    mentor = people.member(kernel, world.cohort, people.person(kernel), Role.MENTOR)
    for capacity, words in ((2, "Queries"), (4, " Queries and models ")):
        kernel.commit(
            lambda s, c=capacity, w=words: offer_mentoring(
                s, person_id=mentor, group_id=world.academy, capacity=c, offers=w
            )
        )
    with kernel.reading() as session:
        profile = session.scalars(select(MentorProfile)).one()
    assert (profile.person_id, profile.group_id) == (mentor, world.academy)
    assert (profile.capacity, profile.offers) == (4, "Queries and models")


@pytest.mark.parametrize(
    ("capacity", "offers", "field"), [(-1, "", "capacity"), (21, "", "capacity"), (1, "x" * 1001, "offers")]
)
def test_an_impossible_offer_is_refused_by_field(kernel, capacity, offers, field):
    world = make.world(kernel, skilled=False)
    mentor = people.person(kernel)
    with pytest.raises(Invalid) as refusal:
        kernel.commit(
            lambda s: offer_mentoring(s, person_id=mentor, group_id=world.academy, capacity=capacity, offers=offers)
        )
    assert list(refusal.value.errors) == [field]
    with kernel.reading() as session:
        assert session.scalars(select(MentorProfile)).all() == []


def test_a_mentor_keeps_what_they_offer_on_their_own_page(kernel, client_of):
    world = make.world(kernel)
    learner, mentor = make.learner(world, "Maria Lopes"), make.mentor(world, "Ana Silva")
    client = client_of(mentor)
    assert "Fernhill Academy" in client.get("/mentoring").text
    sent = {"group": encode(world.academy), "capacity": "3", "offers": "Types & <patience>"}
    done = client.post("/mentoring", data=sent)
    assert (done.status_code, done.headers["Location"]) == (303, "/mentoring")
    page = client.get("/mentoring").text
    assert 'value="3"' in page
    assert "Types &amp; &lt;patience&gt;" in page
    make.published(world, "mentorship")
    make.accept(world, make.offers_to(world, mentor)[0])
    assert "Maria Lopes" in client.get("/mentoring").text
    assert "Ana Silva" in client_of(learner).get("/mentoring").text


def test_a_form_that_is_wrong_comes_back_with_what_was_typed(kernel, client_of):
    world = make.world(kernel)
    mentor = make.mentor(world)
    sent = {"group": encode(world.academy), "capacity": "many", "offers": "Patience and time"}
    answer = client_of(mentor).post("/mentoring", data=sent)
    assert answer.status_code == 422
    assert "Please write a whole number." in answer.text
    assert "Patience and time" in answer.text
    assert 'value="many"' in answer.text


def test_only_mentors_of_an_academy_offer_in_it(kernel, client_of):
    world = make.world(kernel)
    other = people.group(kernel, GroupKind.ACADEMY, "Elsewhere")
    learner, mentor = make.learner(world), make.mentor(world)
    for person, academy in ((learner, world.academy), (world.lead, world.academy), (mentor, other)):
        sent = {"group": encode(academy), "capacity": "5", "offers": ""}
        assert client_of(person).post("/mentoring", data=sent).status_code == 404
    with kernel.reading() as session:
        assert session.scalars(select(MentorProfile.capacity)).all() == [1]
    assert "You are not a mentor in any cohort yet" in client_of(learner).get("/mentoring").text
