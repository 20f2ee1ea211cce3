"""Two acceptances at once: one place is given once, one learner goes to one mentor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict
from mentoring.matches.actions import offers, runs
from mentoring.matches.models import MatchHistory, Offer, OfferState
from mentoring.pairs.models import Pair
from mentoring.pairs.queries import mentees_of
from tests.factories import mentoring as make

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def _at_once(*deeds):
    """Do deeds at the same moment; return what each gave or raised."""
    start = Barrier(len(deeds))

    def do(deed):
        start.wait(10)
        try:
            return deed()
        except (Closed, Conflict) as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


@pytest.mark.parametrize("capacity", [1, 2])
def test_acceptances_at_once_never_exceed_a_capacity(kernel, capacity):
    world = make.world(kernel)
    for _ in range(5):
        make.learner(world)
    mentor = make.mentor(world, capacity=5)
    make.published(world, "mentorship")
    waiting = make.offers_to(world, mentor)
    assert len(waiting) == 5
    make.places(world, mentor, capacity)
    results = _at_once(*(lambda offer=offer: make.accept(world, offer) for offer in waiting))
    assert sum(isinstance(result, Pair) for result in results) == capacity
    with kernel.reading() as session:
        assert mentees_of(session, world.academy, [mentor]) == {mentor: capacity}
        states = session.scalars(select(Offer.state)).all()
    assert states.count(OfferState.ACCEPTED) == capacity
    assert states.count(OfferState.SUPERSEDED) == 5 - capacity


def test_one_offer_accepted_in_two_tabs_opens_one_room(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world, capacity=3)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    results = _at_once(*[lambda: make.accept(world, offer)] * 4)
    assert sum(isinstance(result, Pair) for result in results) == 1
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pair)) == 1


def test_two_mentors_who_accept_the_same_learner_at_once_give_her_one(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentors = [make.mentor(world), make.mentor(world)]
    run_id = make.published(world, "mentorship")
    asked = next(person for person in mentors if make.offers_to(world, person))
    other = next(person for person in mentors if person != asked)
    # As another cohort's run may: the same learner is offered to both.
    with kernel.reading() as session:
        (draft,) = [one for one in offers.facts.candidates(session, run_id) if one.mentor_id == other]
    kernel.commit(lambda s: offers.make(s, match_id=draft.match_id, mentor_id=other, actor_id=None))
    waiting = [make.offers_to(world, person)[0] for person in mentors]
    results = _at_once(*(lambda offer=offer: make.accept(world, offer) for offer in waiting))
    assert sum(isinstance(result, Pair) for result in results) == 1
    with kernel.reading() as session:
        states = sorted(session.scalars(select(Offer.state)).all())
    assert states == [OfferState.ACCEPTED, OfferState.SUPERSEDED]


def test_expiry_on_two_runners_at_once_is_one_transition(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    (offer,) = make.offers_to(world, mentor)
    with clock.travel(offer.expires_at + timedelta(seconds=1)):
        results = _at_once(*[lambda: kernel.commit(lambda s: offers.expire(s, offer_id=offer.id))] * 4)
    assert sorted(results) == [False, False, False, True]
    with kernel.reading() as session:
        steps = session.scalars(select(MatchHistory.after).where(MatchHistory.offer_id == offer.id)).all()
    assert steps.count(OfferState.EXPIRED) == 1


def test_publishing_from_two_tabs_opens_each_room_once(kernel):
    world = make.world(kernel)
    for _ in range(4):
        make.learner(world)
    run_id = make.proposed(world, "buddy")
    version = make.version_of(world, run_id)
    results = _at_once(*[lambda: make.publish(world, run_id, version)] * 3)
    assert sorted(results) == [False, False, True]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pair)) == 2


def test_two_leads_who_ask_at_once_ask_once(kernel):
    world = make.world(kernel)
    viewer = world.viewer(world.lead)
    asked = _at_once(
        *[lambda: kernel.commit(lambda s: runs.ask_run(s, viewer=viewer, group_id=world.cohort, kind="buddy"))] * 3
    )
    assert len(set(asked)) == 1
