"""Ending a pair: what becomes of its room, who is told what, who is free, and who is looked after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from academy.kernel.access import Closed, Missing
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import Role
from forums.posts.policy import require_post
from forums.spaces.queries.views import space_for
from mentoring.matches.models import Match, MatchState, Offer, OfferState, Run, RunState
from mentoring.pairs import actions
from mentoring.pairs.models import Pair, Parting
from mentoring.pairs.queries import mentees_of, paired, pairs_of, together
from tests.factories import mentoring as make

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

REASON = "Between us: we never found the hours."


def end(world, person, pair_id, reason=""):
    viewer = world.viewer(person)
    return world.kernel.commit(lambda s: actions.end(s, viewer=viewer, pair_id=pair_id, reason=reason))


def pairs(kernel):
    with kernel.reading() as session:
        return list(session.scalars(select(Pair).order_by(Pair.id)))


def told(kernel, person, kind="pair-parted"):
    with kernel.reading() as session:
        return len(session.scalars(select(Notice.id).where(Notice.person_id == person, Notice.kind == kind)).all())


def mentored(kernel, mentors=1):
    """Make a learner whose first mentor has accepted; the others are further candidates."""
    world = make.world(kernel)
    learner = make.learner(world, "Ana")
    for number in range(mentors):
        make.mentor(world, f"Mentor {number}")
    make.published(world, "mentorship")
    with kernel.reading() as session:
        offer = session.scalars(select(Offer)).one()
    pair = make.accept(world, offer)
    return world, learner, offer.person_id, pair


def buddies(kernel, number):
    world = make.world(kernel)
    people = [make.learner(world, f"Learner{number}") for number in range(number)]
    make.published(world, "buddy")
    return world, people


def test_either_side_ends_a_mentorship_and_both_read_on(kernel):
    world, learner, mentor, pair = mentored(kernel)
    assert end(world, learner, pair.id, REASON) is True
    with kernel.reading() as session:
        for person in (learner, mentor):
            space = space_for(session, world.viewer(person), pair.space_id)
            assert not space.may_post
            with pytest.raises(Closed):
                require_post(space)
            assert pairs_of(session, world.viewer(person)) == []
        assert together(session, "mentorship", [learner]).before == {frozenset((learner, mentor))}
        assert mentees_of(session, world.academy, [mentor]) == {mentor: 0}
        assert session.scalars(select(Parting.reason)).all() == [REASON]
        assert session.get(Match, pair.match_id).state == MatchState.ENDED
    assert told(kernel, mentor) == 1
    assert told(kernel, learner) == 0


def test_ending_twice_is_refused_kindly_and_keeps_the_first_reason(kernel):
    world, learner, mentor, pair = mentored(kernel)
    end(world, learner, pair.id, REASON)
    with pytest.raises(Closed):
        end(world, mentor, pair.id, "Another one")
    with kernel.reading() as session:
        assert session.scalars(select(Parting.reason)).all() == [REASON]


def test_nobody_else_ends_a_pair(kernel):
    world, _learner, _mentor, pair = mentored(kernel)
    for person in (world.lead, world.admin, make.learner(world)):
        with pytest.raises(Missing):
            end(world, person, pair.id)


def test_the_ledger_says_that_a_pair_ended_and_neither_whose_nor_why(kernel):
    world, learner, mentor, pair = mentored(kernel)
    end(world, learner, pair.id, REASON)
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "PairParted")).one()
        everything = " ".join(str(one) for one in session.scalars(select(Entry.facts)))
    assert entry.actor_id is None
    assert str(learner) not in str(entry.facts)
    assert str(mentor) not in str(entry.facts)
    assert "Between us" not in everything


def test_after_an_end_the_learners_next_candidate_is_asked_and_never_the_same_again(kernel):
    world, learner, mentor, pair = mentored(kernel, mentors=2)
    end(world, learner, pair.id)
    make.settled(world)
    with kernel.reading() as session:
        (offer,) = session.scalars(select(Offer).where(Offer.state == OfferState.PENDING)).all()
    assert offer.person_id != mentor


def test_without_another_candidate_the_lead_is_told(kernel):
    world, learner, _mentor, pair = mentored(kernel)
    end(world, learner, pair.id)
    make.settled(world)
    assert told(kernel, world.lead, "no-candidate") == 1


def test_of_three_the_two_others_go_on_in_their_room(kernel):
    world, people = buddies(kernel, 3)
    (pair,) = pairs(kernel)
    leaver, *others = people
    assert end(world, leaver, pair.id, REASON) is False
    with kernel.reading() as session:
        with pytest.raises(Missing):
            space_for(session, world.viewer(leaver), pair.space_id)
        for person in others:
            assert space_for(session, world.viewer(person), pair.space_id).may_post
            (line,) = pairs_of(session, world.viewer(person))
            assert len(line.others) == 1
        found = together(session, "buddy", people)
    assert found.now == {frozenset(others)}
    assert found.before == {frozenset((leaver, other)) for other in others}
    assert [told(kernel, person) for person in others] == [1, 1]


def test_buddies_who_part_are_proposed_to_the_lead_anew_and_to_nobody_before(kernel):
    world, people = buddies(kernel, 4)
    for pair in pairs(kernel):
        with kernel.reading() as session:
            (one, *_rest) = [p for p in people if any(x.pair_id == pair.id for x in pairs_of(session, world.viewer(p)))]
        end(world, one, pair.id)
    with kernel.reading() as session:
        (run,) = session.scalars(select(Run).where(Run.state == RunState.ASKED)).all()
        assert (run.asked_by, run.kind) == (world.lead, "buddy")
        assert paired(session, "buddy", Role.LEARNER, people) == set()
    answer = make.answer_of(world, run.id)["answer"]
    proposed = {frozenset(group["members"]) for group in answer["groups"]}
    assert len(proposed) == 2
    with kernel.reading() as session:
        before = {frozenset(map(str, pair)) for pair in together(session, "buddy", people).before}
    assert not proposed & before


def test_whoever_leaves_the_cohort_ends_what_they_were_in_there(kernel):
    world, people = buddies(kernel, 2)
    leaver, other = people
    kernel.commit(
        lambda s: people_actions.leave(
            s, group_id=world.cohort, person_id=leaver, role=Role.LEARNER, actor_id=world.lead
        )
    )
    (pair,) = pairs(kernel)
    assert pair.ended_at is not None
    assert told(kernel, other) == 1
    with kernel.reading() as session:
        assert session.scalars(select(Run.state).order_by(Run.id)).all() == [RunState.PUBLISHED, RunState.ASKED]
        assert session.scalars(select(Parting.id)).all() == []


def test_a_mentor_who_leaves_the_cohort_hands_the_learner_on(kernel):
    world, learner, mentor, _pair = mentored(kernel, mentors=2)
    kernel.commit(
        lambda s: people_actions.leave(
            s, group_id=world.cohort, person_id=mentor, role=Role.MENTOR, actor_id=world.lead
        )
    )
    assert told(kernel, learner) == 1
    make.settled(world)
    with kernel.reading() as session:
        (offer,) = session.scalars(select(Offer).where(Offer.state == OfferState.PENDING)).all()
    assert offer.person_id != mentor


def test_of_two_who_end_it_at_once_one_does_and_one_mentor_is_asked(kernel):
    world, learner, mentor, pair = mentored(kernel, mentors=3)
    start = Barrier(2)

    def do(person):
        start.wait(10)
        try:
            return end(world, person, pair.id, str(person))
        except Closed as closed:
            return closed

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(do, (learner, mentor)))
    assert sum(result is True for result in results) == 1
    make.settled(world)
    with kernel.reading() as session:
        assert len(session.scalars(select(Parting.id)).all()) == 1
        assert len(session.scalars(select(Offer.id).where(Offer.state == OfferState.PENDING)).all()) == 1


def test_of_three_two_who_leave_at_once_leave_nobody_paired(kernel):
    world, people = buddies(kernel, 3)
    (pair,) = pairs(kernel)
    start = Barrier(2)

    def do(person):
        start.wait(10)
        return end(world, person, pair.id)

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(do, people[:2]))
    assert results == [False, True]
    with kernel.reading() as session:
        assert paired(session, "buddy", Role.LEARNER, [people[0]]) == set()
        assert all(pairs_of(session, world.viewer(person)) == [] for person in people)


def test_the_page_says_what_happens_and_the_room_says_that_it_ended(kernel, client_of):
    world, learner, mentor, pair = mentored(kernel)
    address = f"/pairs/{encode(pair.id)}/end"
    client = client_of(learner)
    room = f"/spaces/{encode(pair.space_id)}"
    assert address in client.get(room).text
    page = client.get(address).text
    for said in ("read-only for both", "not why", "This can&#39;t be undone"):
        assert said in page or said.replace("&#39;", "'") in page
    sent = client.post(address, data={"reason": REASON})
    assert sent.headers["Location"].endswith(room)
    assert "What you did together has ended" in client.get(room).text
    his = client_of(mentor)
    for path in ("/notices", room, address):
        assert "Between us" not in his.get(path).text
    assert "Your mentorship with Ana has ended" in his.get("/notices").text
    assert his.post(address, data={"reason": ""}).status_code == 409
