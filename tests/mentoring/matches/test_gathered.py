"""What the matcher is told is gathered at once: little is asked, however many there are, and nobody comes in twice."""

from __future__ import annotations

import pytest

from academy.kernel.ids import encode
from academy.people.models import Role
from mentoring.matches.actions.asking import asking_for
from mentoring.matches.queries.gathered import gathered
from mentoring.matches.queries.proposed import matching_for
from tests.contracts.test_statements import MOST, counted
from tests.factories import mentoring as make
from tests.factories import proposals

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@BOTH
@pytest.mark.parametrize("kind", ["buddy", "mentorship"])
def test_everything_is_gathered_in_two_statements(kernel, kind):
    world = make.world(kernel)
    make.learner(world), make.mentor(world)
    proposals.crowd(world, 30)
    with counted(kernel.database) as statements, kernel.reading() as session:
        asked = asking_for(session, world.cohort, kind).ask
    assert len(statements) == 2
    assert len(asked["people" if kind == "buddy" else "learners"]) == (31 if kind == "buddy" else 1)


@BOTH
def test_a_mentor_of_another_cohort_who_learns_here_is_nobodys_mentor_here(kernel):
    world = make.world(kernel)
    other = make.beside(world, "Osprey")
    both = make.mentor(other)
    make.joins(world, both, Role.LEARNER)
    learner, mentor = make.learner(world), make.mentor(world)
    with kernel.reading() as session:
        found = gathered(session, world.cohort, "mentorship")
        asked = asking_for(session, world.cohort, "mentorship").ask
    assert found.places == {mentor: 1}
    assert found.learners == {both, learner}
    assert [one["id"] for one in asked["mentors"]] == [str(mentor)]
    assert {one["id"] for one in asked["learners"]} == {str(both), str(learner)}


@BOTH
def test_places_are_what_is_left_of_a_number_after_mentees_and_questions_that_wait(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    mentor, lowered = make.mentor(world, capacity=5), make.mentor(world, capacity=0)
    make.published(world, "mentorship")
    make.accept(world, make.offers_to(world, mentor)[0])
    with kernel.reading() as session:
        assert gathered(session, world.cohort, "mentorship").places == {mentor: 3, lowered: 0}
    make.places(world, mentor, 1)
    with kernel.reading() as session:
        assert gathered(session, world.cohort, "mentorship").places == {mentor: 0, lowered: 0}


@pytest.mark.parametrize("people", [4, 30])
def test_the_pages_of_two_people_ask_little_with_both_chosen(kernel, client_of, people):
    world = make.world(kernel)
    for number in range(people):
        make.learner(world, f"Learner {number}")
    make.proposed(world, "buddy")
    viewer = world.viewer(world.lead)
    with kernel.reading() as session:
        first, second = matching_for(session, viewer, world.cohort, "buddy").matches[:2]
    one, other = first.people[0][0].id, second.people[0][0].id
    lead = client_of(world.lead)
    for page in ("why", "swap"):
        address = f"/groups/{encode(world.cohort)}/matches/{page}?kind=buddy&one={encode(one)}&other={encode(other)}"
        lead.get(address)  # by now the matcher knows the graph
        kernel.kept.pop("shown", None)
        with counted(kernel.database) as statements:
            shown = lead.get(address).text
        assert "of 100" in shown
        assert len(statements) <= MOST, (page, statements)
