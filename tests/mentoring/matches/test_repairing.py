"""The local re-solve: who is asked for instead, what stays, and what it costs."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import Role
from academy.people.queries import faces
from academy.tracks.actions import set_closed
from mentoring.matches.actions import repairing
from mentoring.matches.models import Match, MatchPerson, MatchState, Offer, OfferState
from tests.contracts.test_statements import counted
from tests.factories import mentoring as make
from tests.factories import proposals

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def pending(kernel):
    """Return who is asked for whom now, as (learner, mentor)."""
    with kernel.reading() as session:
        rows = session.execute(
            select(MatchPerson.person_id, Offer.person_id)
            .join(Offer, (Offer.match_id == MatchPerson.match_id) & (MatchPerson.role == "learner"))
            .where(Offer.state == OfferState.PENDING)
        )
        return sorted(tuple(row) for row in rows)


def answer(world, mentor, learner, act):
    """Let a mentor answer what they were asked about a learner."""
    with world.kernel.reading() as session:
        offer = session.scalars(
            select(Offer)
            .join(MatchPerson, MatchPerson.match_id == Offer.match_id)
            .where(Offer.person_id == mentor, MatchPerson.person_id == learner, Offer.state == OfferState.PENDING)
        ).one()
    return act(world, offer)


def notices(kernel, kind, person=None):
    with kernel.reading() as session:
        asked = select(Notice.person_id).where(Notice.kind == kind)
        return [found for found in session.scalars(asked) if person in (None, found)]


@BOTH
def test_a_free_place_is_given_before_a_question_is_taken_back(kernel):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, seeks={}), make.learner(world, seeks={})
    one, two, three = (make.mentor(world, knows={}) for _ in range(3))
    proposals.published(
        world,
        {(ana, one): 90, (ana, two): 80, (ana, three): 10, (ben, two): 85, (ben, three): 84},
        {ana: one, ben: two},
    )
    answer(world, one, ana, make.decline)
    make.settled(world)
    # By way of Ben the total would be greater; but he is asked for already, and a place is free.
    assert pending(kernel) == sorted([(ana, three), (ben, two)])
    assert notices(kernel, "offer-taken-back") == []


@BOTH
def test_where_no_place_is_free_another_learner_is_asked_for_elsewhere_and_the_mentor_told_kindly(kernel, client_of):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, "Ana", seeks={}), make.learner(world, "Ben", seeks={})
    one, two, three = (make.mentor(world, knows={}) for _ in range(3))
    proposals.published(world, {(ana, one): 90, (ana, two): 80, (ben, two): 85, (ben, three): 20}, {ana: one, ben: two})
    answer(world, one, ana, make.decline)
    make.settled(world)
    assert pending(kernel) == sorted([(ana, two), (ben, three)])
    assert notices(kernel, "offer-taken-back") == [two]
    told = client_of(two).get("/notices").text
    assert "You need not answer about Ben any more" in told
    assert "Would you mentor Ana?" in told
    with kernel.reading() as session:
        moved = session.scalars(select(Match.state).where(Match.score == 8500)).one()
    assert moved == MatchState.DROPPED


@BOTH
def test_an_accepted_pair_is_never_changed(kernel):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, seeks={}), make.learner(world, seeks={})
    one, two, three = (make.mentor(world, knows={}) for _ in range(3))
    proposals.published(world, {(ana, one): 90, (ana, two): 80, (ben, two): 85, (ben, three): 20}, {ana: one, ben: two})
    answer(world, two, ben, make.accept)
    answer(world, one, ana, make.decline)
    make.settled(world)
    assert pending(kernel) == []
    assert len(notices(kernel, "no-candidate", world.lead)) == 1


@BOTH
@pytest.mark.parametrize(("others", "asked"), [(4, True), (5, False)])
def test_at_most_four_others_change_for_one(kernel, others, asked):
    world = make.world(kernel, skilled=False)
    learners = [make.learner(world, seeks={}) for _ in range(others + 1)]
    mentors = [make.mentor(world, knows={}) for _ in range(others + 1)]
    last = make.mentor(world, knows={})
    now = {learner: mentors[at - 1] for at, learner in enumerate(learners)}
    scores = {(learner, now[learner]): 50 for learner in learners}
    # Each may have the mentor of the next, the last one a mentor who is free.
    scores |= {(learner, [*mentors[:others], last][at]): 40 for at, learner in enumerate(learners)}
    proposals.published(world, scores, now)
    before = pending(kernel)
    answer(world, now[learners[0]], learners[0], make.decline)
    make.settled(world)
    after = pending(kernel)
    assert (learners[0] in {learner for learner, _mentor in after}) is asked
    assert len(set(before) - set(after)) == (others + 1 if asked else 1)
    assert {learner for learner, _mentor in after} >= set(learners[1:])


@BOTH
def test_the_place_of_somebody_who_leaves_goes_to_whoever_had_none(kernel):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, seeks={}), make.learner(world, seeks={})
    one, two = (make.mentor(world, knows={}) for _ in range(2))
    proposals.published(world, {(ana, one): 90, (ana, two): 80, (ben, two): 85}, {ana: one, ben: two})
    answer(world, one, ana, make.decline)
    make.settled(world)
    assert pending(kernel) == [(ben, two)]
    kernel.commit(
        lambda s: people_actions.leave(s, group_id=world.cohort, person_id=ben, role=Role.LEARNER, actor_id=None)
    )
    make.settled(world)
    assert pending(kernel) == [(ana, two)]


@BOTH
def test_nobody_is_moved_from_a_mentor_who_wants_fewer_or_whose_time_is_over(kernel):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, seeks={}), make.learner(world, seeks={})
    one, two, three = (make.mentor(world, knows={}) for _ in range(3))
    run_id = proposals.published(
        world, {(ana, one): 90, (ana, two): 80, (ben, two): 85, (ben, three): 20}, {ana: one, ben: two}
    )
    make.places(world, two, 0)
    answer(world, one, ana, make.decline)
    make.settled(world)
    assert pending(kernel) == [(ben, two)]
    make.places(world, two, 1)
    with clock.travel(clock.now() + timedelta(days=8)):
        kernel.commit(lambda s: repairing.repair_run(s, run_id=run_id))
        assert pending(kernel) == [(ben, two)]
    kernel.commit(lambda s: repairing.repair_run(s, run_id=run_id))
    assert pending(kernel) == sorted([(ana, two), (ben, three)])


@BOTH
def test_of_two_re_solves_at_once_one_gives_the_last_place(kernel):
    world = make.world(kernel, skilled=False)
    ana, ben = make.learner(world, seeks={}), make.learner(world, seeks={})
    one, two, last = (make.mentor(world, knows={}) for _ in range(3))
    scores = {(ana, one): 90, (ben, two): 90, (ana, last): 50, (ben, last): 50}
    run_id = proposals.published(world, scores, {ana: one, ben: two})
    answer(world, one, ana, make.decline)
    answer(world, two, ben, make.decline)
    with kernel.reading() as session:
        lost = [
            (job["match_id"], job["learner_id"])
            for job in session.scalars(select(Job.payload).where(Job.kind == "matches.repair"))
        ]
    assert len(lost) == 2
    start = Barrier(4)

    def do(_number):
        start.wait(10)
        return kernel.commit(lambda s: repairing.repair_run(s, run_id=run_id))

    with ThreadPoolExecutor(4) as pool:
        placed = [learner for found in pool.map(do, range(4)) for learner in found]
    assert len(placed) == 1
    assert [mentor for _learner, mentor in pending(kernel)] == [last]


@BOTH
def test_two_cohorts_published_at_once_ask_one_mentor_with_one_place_once(kernel):
    world = make.world(kernel, skilled=False)
    other = make.beside(world, "Osprey")
    ana, ben = make.learner(world, seeks={}), make.learner(other, seeks={})
    shared = make.mentor(world, knows={})
    make.joins(other, shared, Role.MENTOR)
    one = proposals.proposed(world, {(ana, shared): 50}, {ana: shared})
    two = proposals.proposed(other, {(ben, shared): 50}, {ben: shared})
    start = Barrier(2)

    def do(place, run_id):
        start.wait(10)
        return make.publish(place, run_id)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(do, (world, other), (one, two))) == [True, True]
    assert len(pending(kernel)) == 1


@BOTH
def test_a_re_solve_that_comes_twice_asks_once(kernel):
    world = make.world(kernel, skilled=False)
    ana = make.learner(world, seeks={})
    one, two = (make.mentor(world, knows={}, capacity=3) for _ in range(2))
    run_id = proposals.published(world, {(ana, one): 90, (ana, two): 80}, {ana: one})
    answer(world, one, ana, make.decline)
    placed = [kernel.commit(lambda s: repairing.repair_run(s, run_id=run_id)) for _ in range(3)]
    assert placed == [[ana], [], []]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 2


def test_in_a_closed_cohort_nobody_is_asked(kernel):
    world = make.world(kernel, skilled=False)
    ana = make.learner(world, seeks={})
    one, two = (make.mentor(world, knows={}) for _ in range(2))
    proposals.published(world, {(ana, one): 90, (ana, two): 80}, {ana: one})
    answer(world, one, ana, make.decline)
    kernel.commit(lambda s: set_closed(s, group_id=world.cohort, closed=True))
    make.settled(world)
    assert pending(kernel) == []


@BOTH
def test_a_thousand_people_take_no_more_statements_than_thirty(kernel):
    asked = {}
    for size in (30, 1000):
        world = make.world(kernel, skilled=False)
        learners, run_id = proposals.crowd(world, size)
        loser = learners[0]
        with kernel.reading() as session:
            offer = session.scalars(
                select(Offer)
                .join(MatchPerson, MatchPerson.match_id == Offer.match_id)
                .where(MatchPerson.person_id == loser, Offer.state == OfferState.PENDING)
            ).one()
        make.decline(world, offer)
        with counted(kernel.database) as statements:
            placed = kernel.commit(lambda s, run_id=run_id: repairing.repair_run(s, run_id=run_id))
        assert placed == [loser]
        asked[size] = len(statements)
    assert asked[1000] == asked[30]


def test_a_lead_reads_the_pairs_of_a_large_cohort_fifty_at_a_time(kernel, client_of):
    world = make.world(kernel, skilled=False)
    learners, _run = proposals.crowd(world, 60)
    here = f"/groups/{encode(world.cohort)}/matches?kind=mentorship"
    lead = client_of(world.lead)
    first = lead.get(here).text
    assert first.count('<li class="card pair">') == 50
    assert "<dt>matches</dt><dd>60</dd>" in first
    assert "From the start" not in first
    link = re.search(rf'href="({re.escape(here).replace("&", "&amp;")}&amp;after=[^"#]+)#pairs"', first)
    second = lead.get(link[1].replace("&amp;", "&")).text
    assert second.count('<li class="card pair">') == 10
    assert "More of these" not in second
    assert "From the start" in second
    with kernel.reading() as session:
        names = [face.name for face in faces(session, learners).values()]
    assert all((f"<b>{name}</b>" in first) is not (f"<b>{name}</b>" in second) for name in names)
    # What was reached from a proposal that is gone begins anew.
    assert lead.get(f"{here}&after={encode(world.cohort)}").text.count('<li class="card pair">') == 50


def test_the_lead_reads_that_nobody_is_being_asked(kernel, client_of):
    world = make.world(kernel)
    make.learner(world, "Ana"), make.learner(world, "Ben")
    mentor = make.mentor(world, capacity=2)
    run_id = make.proposed(world, "mentorship")
    make.places(world, mentor, 1)
    make.publish(world, run_id)
    page = client_of(world.lead).get(f"/groups/{encode(world.cohort)}/matches?kind=mentorship").text
    assert page.count("Nobody is being asked") == 1
    assert len(notices(kernel, "no-candidate", world.lead)) == 1
