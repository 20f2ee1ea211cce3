"""Closed accounts: what rests, who is told what, what goes on when they are open again."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Role
from forums.spaces.queries.views import space_for
from mentoring.matches.models import Match, MatchState, Offer, OfferState, Run, RunState
from mentoring.pairs.models import Pair
from mentoring.pairs.queries import mentees_of, paired, pairs_of, together
from tests.factories import mentoring as make
from tests.mentoring.pairs.test_ending import buddies, end, mentored, pairs, told

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def close(world, person):
    world.kernel.commit(lambda s: people_actions.deactivate(s, person_id=person, at=clock.now(), actor_id=world.admin))


def reopen(world, person):
    world.kernel.commit(lambda s: people_actions.reactivate(s, person_id=person, actor_id=world.admin))


def with_buddy(kernel, person):
    with kernel.reading() as session:
        return paired(session, "buddy", Role.LEARNER, [person]) == {person}


def asked(kernel):
    with kernel.reading() as session:
        return session.scalars(select(Offer.person_id).where(Offer.state == OfferState.PENDING)).all()


def test_a_mentorship_rests_while_the_mentor_is_away_keeps_its_place_and_goes_on(kernel):
    world, learner, mentor, pair = mentored(kernel, mentors=2)
    close(world, mentor)
    with kernel.reading() as session:
        found = session.get(Pair, pair.id)
        assert found.paused_at is not None
        assert found.ended_at is None
        assert paired(session, "mentorship", Role.LEARNER, [learner]) == set()
        assert mentees_of(session, world.academy, [mentor]) == {mentor: 1}
        assert space_for(session, world.viewer(learner), pair.space_id).may_post
    assert told(kernel, learner, "pair-paused") == 1
    make.settled(world)
    assert asked(kernel) == [], "nobody else is asked before she asks for somebody"
    reopen(world, mentor)
    with kernel.reading() as session:
        assert session.get(Pair, pair.id).paused_at is None
        assert paired(session, "mentorship", Role.LEARNER, [learner]) == {learner}
    assert told(kernel, learner, "pair-resumed") == 1
    make.settled(world)
    assert asked(kernel) == []


def test_who_does_not_want_to_wait_asks_for_somebody_else(kernel):
    world, learner, mentor, pair = mentored(kernel, mentors=2)
    close(world, mentor)
    end(world, learner, pair.id)
    make.settled(world)
    (other,) = asked(kernel)
    assert other != mentor
    reopen(world, mentor)
    with kernel.reading() as session:
        found = session.get(Pair, pair.id)
        assert found.ended_at is not None
        assert found.paused_at is None
        assert mentees_of(session, world.academy, [mentor]) == {mentor: 0}


def test_the_mentor_of_a_learner_who_is_away_may_wait_or_take_somebody_else(kernel):
    world, learner, mentor, pair = mentored(kernel)
    another = make.learner(world)
    close(world, learner)
    assert told(kernel, mentor, "pair-paused") == 1
    end(world, mentor, pair.id)
    make.published(world, "mentorship")
    assert [offer.state for offer in make.offers_to(world, mentor)] == [OfferState.ACCEPTED, OfferState.PENDING]
    make.accept(world, make.offers_to(world, mentor)[1])
    reopen(world, learner)
    with kernel.reading() as session:
        assert paired(session, "mentorship", Role.LEARNER, [learner, another]) == {another}
        assert mentees_of(session, world.academy, [mentor]) == {mentor: 1}


def test_a_lead_finds_somebody_for_whoever_waits_and_then_what_rested_ends(kernel):
    world, people = buddies(kernel, 2)
    away, waiting = people
    (before,) = pairs(kernel)
    close(world, away)
    new = make.learner(world)
    make.published(world, "buddy")
    with kernel.reading() as session:
        assert session.get(Pair, before.id).ended_at is not None
        assert session.get(Match, before.match_id).state == MatchState.ENDED
        assert together(session, "buddy", [waiting]).now == {frozenset((waiting, new))}
        runs = session.scalars(select(Run.state).order_by(Run.id)).all()
    assert runs == [RunState.PUBLISHED, RunState.PUBLISHED], "nobody is free, so the matcher is not asked"
    reopen(world, away)
    assert not with_buddy(kernel, away)
    assert with_buddy(kernel, waiting)
    with kernel.reading() as session:
        assert [line.pair_id for line in pairs_of(session, world.viewer(away))] == []


def test_of_three_two_go_on_without_the_third_and_one_alone_waits(kernel):
    world, people = buddies(kernel, 3)
    (pair,) = pairs(kernel)
    one, two, three = people
    close(world, one)
    assert pairs(kernel)[0].paused_at is None
    close(world, two)
    assert pairs(kernel)[0].paused_at is not None
    assert not with_buddy(kernel, three)
    reopen(world, one)
    assert pairs(kernel)[0].paused_at is None
    assert [told(kernel, person, "pair-resumed") for person in people] == [1, 0, 1]
    # Whoever leaves now leaves one here and one away: it rests again, and is not over.
    end(world, one, pair.id)
    found = pairs(kernel)[0]
    assert found.paused_at is not None
    assert found.ended_at is None
    reopen(world, two)
    assert with_buddy(kernel, three)


def test_a_pair_of_whom_both_are_away_goes_on_when_both_are_back(kernel):
    world, people = buddies(kernel, 2)
    for person in people:
        close(world, person)
    assert [told(kernel, person, "pair-paused") for person in people] == [0, 1]
    reopen(world, people[0])
    assert not with_buddy(kernel, people[0])
    reopen(world, people[1])
    assert with_buddy(kernel, people[0])


def test_open_questions_of_whoever_is_away_are_taken_back_and_somebody_else_is_asked(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    first, second = make.mentor(world, knows={"functional programming": 2}), make.mentor(world, knows={})
    make.published(world, "mentorship")
    assert asked(kernel) == [first]
    close(world, first)
    make.settled(world)
    assert asked(kernel) == [second]
    assert [offer.state for offer in make.offers_to(world, first)] == [OfferState.WITHDRAWN]
    close(world, learner)
    make.settled(world)
    assert asked(kernel) == []
    assert told(kernel, second, "offer-taken-back") == 1
    assert told(kernel, world.lead, "no-candidate") == 0
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Match).where(Match.state == MatchState.OFFERED)) == 0


def test_a_learner_who_is_back_is_asked_for_again(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    first, second = make.mentor(world, knows={"functional programming": 2}), make.mentor(world, knows={})
    make.published(world, "mentorship")
    close(world, learner)
    make.settled(world)
    assert asked(kernel) == []
    reopen(world, learner)
    make.settled(world)
    assert asked(kernel) == [second]
    assert first


def test_pages_say_that_it_rests_and_what_can_be_done(kernel, client_of):
    world, learner, mentor, pair = mentored(kernel)
    close(world, mentor)
    hers = client_of(learner)
    assert "You and Mentor 0 pause" in hers.get("/notices").text
    room = hers.get(f"/spaces/{encode(pair.space_id)}").text
    assert "It rests since" in room
    assert "Ask for somebody else" in room
    home = hers.get("/").text
    assert "pausing since" in home
    assert f"/people/{encode(mentor)}" not in home
    assert "pausing since" in hers.get("/mentoring").text
    ending = hers.get(f"/pairs/{encode(pair.id)}/end").text
    assert "You may also wait" in ending
    told_by_api = hers.get(f"/api/v1/pairs/{encode(pair.id)}").json
    assert told_by_api["paused_at"] is not None
    assert told_by_api["ended_at"] is None
    reopen(world, mentor)
    assert "You and Mentor 0 go on" in hers.get("/notices").text
    for path in ("/", "/mentoring", f"/spaces/{encode(pair.space_id)}"):
        page = hers.get(path).text
        assert "pausing" not in page
        assert "It rests" not in page
