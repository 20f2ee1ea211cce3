"""Answers to offers: yes, no, too late, and who is asked next."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Missing
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import Membership, Role
from mentoring.matches.actions import offers
from mentoring.matches.models import Match, MatchHistory, MatchState, Offer, OfferState
from mentoring.pairs.models import Pair
from tests.factories import mentoring as make

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

BETTER = {"functional programming": 2}
WEAKER = {"functional programming": 1}


def _state(kernel, offer):
    with kernel.reading() as session:
        return session.get(Offer, offer.id).state


def _notices(kernel, person, kind):
    with kernel.reading() as session:
        return session.scalars(select(Notice).where(Notice.person_id == person, Notice.kind == kind)).all()


def _later(kernel, *, days=0.0, seconds=0.0):
    """Do the jobs that are due by then."""
    with clock.travel(clock.now() + timedelta(days=days, seconds=seconds)):
        kernel.runner.run_due()


def test_accepting_opens_a_room_with_both_in_their_roles_and_tells_both(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world, "Maria Lopes"), make.mentor(world, "Ana Silva")
    make.published(world, "mentorship")
    pair = make.accept(world, make.offers_to(world, mentor)[0])
    with kernel.reading() as session:
        rows = session.execute(
            select(Membership.person_id, Membership.role).where(Membership.group_id == pair.group_id)
        )
        assert {tuple(row) for row in rows} == {(mentor, "mentor"), (learner, "learner")}
        assert session.get(Match, pair.match_id).state == MatchState.SETTLED
    assert pair.kind == "mentorship"
    assert [notice.ref for notice in _notices(kernel, learner, "offer-accepted")] == [pair.id]
    # The mentor did it herself and stands in the room; her inbox had the question.
    assert len(_notices(kernel, mentor, "offer")) == 1


def test_only_who_was_asked_can_answer(kernel):
    world = make.world(kernel)
    learner, mentor, other = make.learner(world), make.mentor(world), make.mentor(world, knows=WEAKER)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    for person in (learner, other, world.lead, world.admin):
        viewer = world.viewer(person)
        for verb in ("accept", "decline"):
            more = {"reason": ""} if verb == "decline" else {}
            with pytest.raises(Missing):
                kernel.commit(
                    lambda s, v=viewer, verb=verb, more=more: getattr(offers, verb)(
                        s, viewer=v, offer_id=offer.id, version=1, **more
                    )
                )
    assert _state(kernel, offer) == OfferState.PENDING


def test_accepting_twice_opens_one_room(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    make.accept(world, offer)
    with pytest.raises(Closed, match="accepted this offer already"):
        make.accept(world, offer)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Pair)) == 1


def test_a_stale_version_is_a_conflict_and_changes_nothing(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    with pytest.raises(Conflict):
        make.accept(world, offer, version=offer.version + 1)
    with pytest.raises(Conflict):
        make.decline(world, offer, version=offer.version + 1)
    assert _state(kernel, offer) == OfferState.PENDING


def test_after_seven_days_it_is_too_late_even_before_the_job_ran(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    with clock.travel(offer.expires_at), pytest.raises(Closed, match="time for this offer is over"):
        make.accept(world, offer)
    with clock.travel(offer.expires_at - timedelta(seconds=30)):
        make.accept(world, offer)
    assert _state(kernel, offer) == OfferState.ACCEPTED


def test_declining_asks_the_next_candidate_and_never_the_same_again(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    first, second = make.mentor(world, knows=BETTER), make.mentor(world, knows=WEAKER)
    make.published(world, "mentorship")
    make.decline(world, make.offers_to(world, first)[0], "Too much going on.")
    assert make.offers_to(world, second) == [], "whom to ask instead is a job of its own"
    make.settled(world)
    (offer,) = make.offers_to(world, second)
    assert offer.state == OfferState.PENDING
    make.decline(world, offer)
    make.settled(world)
    assert len(make.offers_to(world, first)) == len(make.offers_to(world, second)) == 1
    (told,) = _notices(kernel, world.lead, "no-candidate")
    assert told.ref == offer.match_id
    # Nor by another run: a no stays a no.
    make.published(world, "mentorship")
    assert len(make.offers_to(world, first)) == len(make.offers_to(world, second)) == 1
    assert learner


def test_the_next_candidate_needs_a_free_place(kernel):
    world = make.world(kernel)
    make.learner(world, "Maria"), make.learner(world, "Nuno", seeks={"SQL": 3}, languages=["is"])
    first = make.mentor(world, knows=BETTER)
    both = make.mentor(world, knows={**WEAKER, "SQL": 4}, languages=["en", "is"])
    make.published(world, "mentorship")
    # The second mentor's one place waits for Nuno.
    assert [len(make.offers_to(world, mentor)) for mentor in (first, both)] == [1, 1]
    make.decline(world, make.offers_to(world, first)[0])
    make.settled(world)
    assert len(make.offers_to(world, both)) == 1
    assert len(_notices(kernel, world.lead, "no-candidate")) == 1


def test_why_somebody_declined_is_told_to_nobody(kernel, client_of):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    make.decline(world, make.offers_to(world, mentor)[0], "She reminds me of my sister")
    assert make.offers_to(world, mentor)[0].reason == "She reminds me of my sister"
    with kernel.reading() as session:
        ledger = json.dumps([list(row) for row in session.execute(select(Entry.kind, Entry.facts))])
    assert "OfferDeclined" in ledger
    assert "sister" not in ledger
    group = encode(world.cohort)
    for person, paths in (
        (world.lead, [f"/groups/{group}/matches?kind=mentorship", "/notices"]),
        (learner, ["/notices", "/offers"]),
    ):
        for path in paths:
            page = client_of(person).get(path)
            assert page.status_code == 200
            assert "sister" not in page.text


def test_an_offer_that_nobody_answers_expires_and_the_next_candidate_is_asked(kernel):
    world = make.world(kernel)
    make.learner(world)
    first, second = make.mentor(world, knows=BETTER), make.mentor(world, knows=WEAKER)
    make.published(world, "mentorship")
    _later(kernel, days=6.9)
    assert make.offers_to(world, first)[0].state == OfferState.PENDING
    _later(kernel, days=7, seconds=2)
    assert make.offers_to(world, first)[0].state == OfferState.EXPIRED
    assert make.offers_to(world, second)[0].state == OfferState.PENDING


def test_two_runners_expire_an_offer_once(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    with clock.travel(offer.expires_at + timedelta(seconds=1)):
        done = [kernel.commit(lambda s: offers.expire(s, offer_id=offer.id)) for _ in range(2)]
    assert done == [True, False]
    _later(kernel, days=8)
    with kernel.reading() as session:
        steps = session.scalars(select(MatchHistory.after).where(MatchHistory.offer_id == offer.id)).all()
    assert sorted(steps) == ["expired", "pending"]
    assert len(_notices(kernel, world.lead, "no-candidate")) == 1


def test_a_mentor_is_reminded_at_half_and_four_fifths_of_the_time_while_it_waits(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    reminded = []
    for days in (3.4, 3.6, 5.5, 5.7):
        _later(kernel, days=days)
        reminded.append(len(_notices(kernel, mentor, "offer-reminder")))
    assert reminded == [0, 1, 1, 2]


def test_who_has_answered_is_not_reminded(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    make.accept(world, make.offers_to(world, mentor)[0])
    _later(kernel, days=8)
    assert _notices(kernel, mentor, "offer-reminder") == []
    assert make.offers_to(world, mentor)[0].state == OfferState.ACCEPTED


def test_a_capacity_lowered_meanwhile_keeps_the_offer_and_lets_nobody_in(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    mentor = make.mentor(world, capacity=2)
    make.published(world, "mentorship")
    one, two = make.offers_to(world, mentor)
    make.accept(world, one)
    make.places(world, mentor, 1)
    with pytest.raises(Conflict, match="places"):
        make.accept(world, two)
    assert _state(kernel, two) == OfferState.PENDING
    make.places(world, mentor, 0)
    with kernel.reading() as session:
        assert session.scalars(select(Pair.ended_at)).all() == [None]
    make.places(world, mentor, 2)
    make.accept(world, two)


def test_the_last_place_supersedes_what_else_waits_for_it(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    mentor, second = make.mentor(world, knows=BETTER, capacity=2), make.mentor(world, knows=WEAKER, capacity=0)
    make.published(world, "mentorship")
    one, two = make.offers_to(world, mentor)
    make.places(world, mentor, 1)
    make.places(world, second, 1)
    make.accept(world, one)
    assert _state(kernel, two) == OfferState.SUPERSEDED
    with pytest.raises(Closed):
        make.accept(world, two)
    make.settled(world)
    assert len(_notices(kernel, world.lead, "no-candidate")) == 1, "the second mentor had no place when proposed"


def test_a_learner_who_leaves_takes_the_question_with_them(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    first, second = make.mentor(world, knows=BETTER), make.mentor(world, knows=WEAKER)
    make.published(world, "mentorship")
    offer = make.offers_to(world, first)[0]
    kernel.commit(
        lambda s: people_actions.leave(
            s, group_id=world.cohort, person_id=learner, role=Role.LEARNER, actor_id=world.lead
        )
    )
    assert _state(kernel, offer) == OfferState.WITHDRAWN
    with pytest.raises(Closed, match="taken back"):
        make.accept(world, offer)
    make.settled(world)
    assert make.offers_to(world, second) == []
    assert _notices(kernel, world.lead, "no-candidate") == []
    assert [notice.ref for notice in _notices(kernel, first, "offer-taken-back")] == [offer.id]


def test_a_mentor_who_leaves_hands_the_question_on(kernel):
    world = make.world(kernel)
    make.learner(world)
    first, second = make.mentor(world, knows=BETTER), make.mentor(world, knows=WEAKER)
    make.published(world, "mentorship")
    kernel.commit(
        lambda s: people_actions.leave(s, group_id=world.cohort, person_id=first, role=Role.MENTOR, actor_id=world.lead)
    )
    assert make.offers_to(world, first)[0].state == OfferState.WITHDRAWN
    make.settled(world)
    assert make.offers_to(world, second)[0].state == OfferState.PENDING


def test_a_block_takes_the_offer_back_without_a_word(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    kernel.commit(lambda s: people_actions.block(s, person_id=learner, blocked_id=mentor))
    assert make.offers_to(world, mentor)[0].state == OfferState.WITHDRAWN


def test_a_manager_found_out_meanwhile_is_no_mentor(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    kernel.commit(lambda s: people_actions.set_manager(s, person_id=learner, manager_id=mentor))
    with pytest.raises(Closed, match="no longer fits"):
        make.accept(world, make.offers_to(world, mentor)[0])


def test_a_deactivated_learner_is_not_brought_together_with_anybody(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    make.published(world, "mentorship")
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=learner, at=clock.now(), actor_id=None))
    with pytest.raises(Closed):
        make.accept(world, make.offers_to(world, mentor)[0])


class Kept:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.sent = []

    def send(self, message, name) -> None:
        self.sent.append(message)


def test_the_mentor_also_gets_one_mail_with_a_link(kernel, monkeypatch):
    kept = Kept()
    monkeypatch.setattr(kernel, "mail", kept)
    world = make.world(kernel)
    make.learner(world, "Maria Lopes")
    mentor = make.mentor(world, "Ana Silva")
    make.published(world, "mentorship")
    _later(kernel, seconds=1)
    offer = make.offers_to(world, mentor)[0]
    (letter,) = kept.sent
    assert letter["To"].addresses[0].display_name == "Ana Silva"
    assert "Maria Lopes" in letter["Subject"]
    text = letter.get_content()
    assert f"{kernel.settings.base_url.rstrip('/')}/offers/{encode(offer.id)}" in text
    with kernel.reading() as session:
        assert session.scalars(select(Job.payload).where(Job.kind == "mail.send")).all() == [{}]


def test_no_mail_is_written_about_an_offer_that_was_answered_at_once(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    make.decline(world, make.offers_to(world, mentor)[0])
    _later(kernel, seconds=1)
    with kernel.reading() as session:
        assert session.scalars(select(Job.payload).where(Job.kind == "mail.send")).all() == []
