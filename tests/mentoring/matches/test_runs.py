"""Asking the matcher, keeping its answer, publishing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from academy.kernel import offload
from academy.kernel.access import Conflict, Missing, Refused
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import Group, GroupAncestor, Membership, Role
from forums.spaces.models import Follow, Space
from matching.types import Reason
from mentoring.matches.actions import runs
from mentoring.matches.models import Match, MatchHistory, MatchPerson, MatchState, Offer, Run, RunState, Unplaced
from mentoring.pairs.models import Pair
from mentoring.person_data.actions import erase_matches
from tests.factories import mentoring as make
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def _count(kernel, table, *where):
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def _people_of(kernel, match_id):
    with kernel.reading() as session:
        rows = session.execute(select(MatchPerson).where(MatchPerson.match_id == match_id)).scalars()
        return {row.person_id: row.role for row in rows}


def test_a_lead_asks_and_the_matcher_process_answers(kernel):
    world = make.world(kernel)
    learner, mentor = make.learner(world), make.mentor(world)
    run_id = make.asked(world, "mentorship")
    assert kernel.runner.run_due() >= 1
    with kernel.reading() as session:
        run = session.get(Run, run_id)
        assert (run.state, run.error) == (RunState.PROPOSED, None)
        assert run.settings["placed"] == 1
        match = session.scalars(select(Match).where(Match.run_id == run_id)).one()
        told = session.scalars(select(Notice).where(Notice.person_id == world.lead)).one()
    assert _people_of(kernel, match.id) == {learner: "learner", mentor: "mentor"}
    assert (told.kind, told.ref) == ("run-ready", run_id)


def test_the_web_asks_nothing_of_who_may_not_propose(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    outsider = people.person(kernel)
    for person, refusal in ((learner, Refused), (world.admin, Refused), (outsider, Missing)):
        viewer = world.viewer(person)
        with pytest.raises(refusal):
            kernel.commit(lambda s, v=viewer: runs.ask_run(s, viewer=v, group_id=world.cohort, kind="buddy"))
    assert _count(kernel, Run) == 0


def test_asking_twice_while_it_is_worked_out_is_asking_once(kernel):
    world = make.world(kernel)
    assert make.asked(world, "buddy") == make.asked(world, "buddy")
    assert make.asked(world, "mentorship") != make.asked(world, "buddy")
    assert _count(kernel, Run) == 2


def test_an_answer_that_comes_twice_is_kept_once(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    run_id = make.asked(world, "buddy")
    answer = make.answer_of(world, run_id)
    kept = [kernel.commit(lambda s: runs.keep_answer(s, run_id=run_id, **answer)) for _ in range(2)]
    assert kept == [True, False]
    assert _count(kernel, Match) == 1
    assert _count(kernel, MatchHistory) == 1


def test_a_newer_answer_replaces_a_proposal_that_was_not_published(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    first = make.proposed(world, "buddy")
    second = make.proposed(world, "buddy")
    with kernel.reading() as session:
        states = {row.id: row.state for row in session.execute(select(Run.id, Run.state))}
        dropped = session.scalars(select(Match.state).where(Match.run_id == first)).all()
    assert states == {first: RunState.REPLACED, second: RunState.PROPOSED}
    assert set(dropped) == {MatchState.DROPPED}
    with pytest.raises(Conflict):
        make.publish(world, first, version=2)
    assert _count(kernel, Pair) == 0


def test_a_published_proposal_stays_when_a_newer_one_comes(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    first = make.published(world, "buddy")
    make.learner(world), make.learner(world)
    make.proposed(world, "buddy")
    with kernel.reading() as session:
        assert session.get(Run, first).state == RunState.PUBLISHED


def test_publishing_buddies_opens_each_pair_a_room_under_the_academy_and_tells_them(kernel):
    world = make.world(kernel)
    ana, ben = make.learner(world, "Ana Silva"), make.learner(world, "Ben Okafor")
    run_id = make.published(world, "buddy")
    with kernel.reading() as session:
        pair = session.scalars(select(Pair)).one()
        group = session.get(Group, pair.group_id)
        space = session.get(Space, pair.space_id)
        members = session.execute(select(Membership.person_id, Membership.role).where(Membership.group_id == group.id))
        assert {tuple(row) for row in members} == {(ana, "learner"), (ben, "learner")}
        above = set(session.scalars(select(GroupAncestor.ancestor_id).where(GroupAncestor.group_id == group.id)))
        assert world.academy in above
        assert world.cohort not in above
        assert (group.kind, pair.kind, pair.cohort_group_id) == ("pair", "buddy", world.cohort)
        assert (space.kind, space.title, space.group_id) == ("pair", "Ana and Ben", group.id)
        assert set(session.scalars(select(Follow.person_id).where(Follow.space_id == space.id))) == {ana, ben}
        told = session.execute(select(Notice.person_id, Notice.ref).where(Notice.kind == "buddy"))
        assert {tuple(row) for row in told} == {(ana, pair.id), (ben, pair.id)}
        assert session.get(Match, pair.match_id).state == MatchState.SETTLED
        assert session.get(Run, run_id).state == RunState.PUBLISHED


def test_three_learners_become_a_trio_in_one_room(kernel):
    world = make.world(kernel)
    three = {make.learner(world, name) for name in ("Ana Silva", "Ben Okafor", "Chidi Eze")}
    make.published(world, "buddy")
    with kernel.reading() as session:
        pair = session.scalars(select(Pair)).one()
        members = set(session.scalars(select(Membership.person_id).where(Membership.group_id == pair.group_id)))
        title = session.get(Space, pair.space_id).title
    assert members == three
    assert title == "Ana, Ben and Chidi"


def test_publishing_twice_is_once(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    run_id = make.proposed(world, "buddy")
    version = make.version_of(world, run_id)
    assert make.publish(world, run_id, version) is True
    assert make.publish(world, run_id, version) is False
    assert _count(kernel, Pair) == 1


def test_publishing_needs_the_right_to_propose(kernel):
    world = make.world(kernel)
    learner = make.learner(world)
    run_id = make.proposed(world, "buddy")
    for person, refusal in ((learner, Refused), (people.person(kernel), Missing)):
        viewer = world.viewer(person)
        with pytest.raises(refusal):
            kernel.commit(lambda s, v=viewer: runs.publish(s, viewer=v, run_id=run_id, version=2))
    with kernel.reading() as session:
        assert session.get(Run, run_id).state == RunState.PROPOSED


def test_buddies_of_whom_one_has_left_meanwhile_are_not_brought_together(kernel):
    world = make.world(kernel)
    make.learner(world)
    leaver = make.learner(world)
    run_id = make.proposed(world, "buddy")
    kernel.commit(
        lambda s: people_actions.leave(
            s, group_id=world.cohort, person_id=leaver, role=Role.LEARNER, actor_id=world.lead
        )
    )
    make.publish(world, run_id)
    assert _count(kernel, Pair) == 0
    assert _count(kernel, Match, Match.state == MatchState.DROPPED) == 1


def test_people_of_whom_one_blocked_the_other_are_not_brought_together(kernel):
    world = make.world(kernel)
    ana, ben = make.learner(world), make.learner(world)
    run_id = make.proposed(world, "buddy")
    kernel.commit(lambda s: people_actions.block(s, person_id=ben, blocked_id=ana))
    make.publish(world, run_id)
    assert _count(kernel, Pair) == 0


def test_who_has_a_buddy_is_not_proposed_again(kernel):
    world = make.world(kernel)
    make.learner(world), make.learner(world)
    make.published(world, "buddy")
    new = [make.learner(world), make.learner(world)]
    run_id = make.proposed(world, "buddy")
    with kernel.reading() as session:
        match = session.scalars(select(Match).where(Match.run_id == run_id)).one()
    assert set(_people_of(kernel, match.id)) == set(new)


def test_who_could_not_be_placed_is_kept_with_the_reason(kernel):
    world = make.world(kernel)
    alone = make.learner(world, languages=["is"])
    make.mentor(world, languages=["en"])
    run_id = make.proposed(world, "mentorship")
    with kernel.reading() as session:
        row = session.scalars(select(Unplaced).where(Unplaced.run_id == run_id)).one()
    assert row.person_id == alone
    assert row.reasons[0]["reasons"] == {Reason.NO_SHARED_LANGUAGE: 1}


def test_a_mentor_never_gets_more_offers_than_places(kernel):
    world = make.world(kernel)
    learners = [make.learner(world) for _ in range(4)]
    full, roomy = make.mentor(world, capacity=1), make.mentor(world, capacity=2)
    make.published(world, "mentorship")
    assert [len(make.offers_to(world, person)) for person in (full, roomy)] == [1, 2]
    assert _count(kernel, Unplaced) == len(learners) - 3


def test_every_step_is_in_the_history_and_in_the_ledger(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    make.accept(world, offer)
    with kernel.reading() as session:
        steps = session.execute(
            select(MatchHistory.before, MatchHistory.after, MatchHistory.offer_id.is_not(None)).order_by(
                MatchHistory.id
            )
        )
        assert [tuple(step) for step in steps] == [
            ("", "draft", False),
            ("draft", "offered", False),
            ("", "pending", True),
            ("pending", "accepted", True),
            ("offered", "settled", False),
        ]
        kinds = set(session.scalars(select(Entry.kind)))
    assert {
        "RunAsked",
        "RunProposed",
        "MatchProposed",
        "RunPublished",
        "OfferMade",
        "OfferAccepted",
        "PairOpened",
    } <= kinds


def test_a_run_that_the_matcher_refuses_fails_and_its_lead_is_told(kernel):
    world = make.world(kernel)
    run_id = make.asked(world, "buddy")
    kernel.commit(lambda s: runs.fail_run(s, run_id=run_id, error="ValueError: no"))
    with kernel.reading() as session:
        assert session.get(Run, run_id).state == RunState.FAILED
        assert session.scalars(select(Notice.kind).where(Notice.person_id == world.lead)).all() == ["run-ready"]
    assert make.asked(world, "buddy") != run_id


def test_offers_wait_seven_days(kernel):
    world = make.world(kernel)
    make.learner(world)
    mentor = make.mentor(world)
    make.published(world, "mentorship")
    offer = make.offers_to(world, mentor)[0]
    assert (offer.expires_at - offer.offered_at).total_seconds() == 7 * 24 * 3600
    assert _count(kernel, Offer) == 1


@pytest.mark.parametrize(
    ("kind", "state", "waits"), [("timeout", RunState.FAILED, False), ("died", RunState.ASKED, True)]
)
def test_a_matcher_that_gives_no_answer_is_asked_again_or_the_lead_is_told(kernel, monkeypatch, kind, state, waits):
    def unable(*_args, **_more):
        raise offload.SolveFailed(kind, "no answer")

    monkeypatch.setattr(offload, "solve", unable)
    world = make.world(kernel)
    run_id = make.asked(world, "buddy")
    kernel.runner.run_due()
    with kernel.reading() as session:
        assert session.get(Run, run_id).state == state
        job = session.scalars(select(Job).where(Job.kind == "matches.solve")).one()
        assert (job.done_at is None) is waits
        assert job.failed_at is None


def test_nobodys_id_stands_in_why_somebody_else_could_not_be_placed(kernel):
    world = make.world(kernel)
    ana, ben = make.learner(world), make.learner(world)
    kernel.commit(lambda s: people_actions.block(s, person_id=ana, blocked_id=ben))
    make.proposed(world, "buddy")

    def said():
        with kernel.reading() as session:
            return {row.person_id: str(row.reasons) for row in session.scalars(select(Unplaced))}

    assert str(ben) not in said()[ana]
    assert "'earlier': 1" in said()[ana]
    kernel.commit(lambda s: erase_matches(s, ben))
    assert set(said()) == {ana}
    assert str(ben) not in said()[ana]
