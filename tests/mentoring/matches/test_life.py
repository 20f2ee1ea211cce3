"""Whatever order people accept, decline, leave, end, come back in: nobody is placed twice, nobody loses a place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from academy.kernel import clock, mail
from academy.kernel.access import Closed, Conflict, Missing
from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people.models import Membership, Person, Role
from mentoring.matches.actions import facts, offers, repairing
from mentoring.matches.models import Match, MatchHistory, MatchPerson, MatchState, Offer, OfferState
from mentoring.matches.policy import standing
from mentoring.matches.reactions import LETTER, SOLVE
from mentoring.pairs import actions as pair_actions
from mentoring.pairs.models import Pair
from mentoring.profiles.models import MentorProfile
from tests.factories import mentoring as make
from tests.factories import proposals

LEARNERS, MENTORS = 3, 3
LEGAL = {
    ("", "draft"),
    ("draft", "offered"),
    ("draft", "dropped"),
    ("draft", "settled"),
    ("offered", "settled"),
    ("offered", "dropped"),
    ("settled", "ended"),
    ("", "pending"),
    *(("pending", state.value) for state in OfferState if state != OfferState.PENDING),
}
WHICH = st.integers(0, 11)
SCORES = st.lists(st.integers(0, 99), min_size=LEARNERS * MENTORS, max_size=LEARNERS * MENTORS)


class Life(RuleBasedStateMachine):
    """A small cohort with three buddies, mentors of one to three places, and what may happen to them."""

    kernel: ClassVar[Kernel]

    @initialize(
        scores=SCORES,
        places=st.lists(st.integers(1, 3), min_size=3, max_size=3),
    )
    def begin(self, scores: list[int], places: list[int]) -> None:
        self.world = make.world(self.kernel, skilled=False)
        self.learners = [make.learner(self.world, f"Learner {n}", seeks={}) for n in range(LEARNERS)]
        self.mentors = [make.mentor(self.world, f"Mentor {n}", knows={}, capacity=places[n]) for n in range(MENTORS)]
        self.everybody = [*self.learners, *self.mentors]
        self.more: dict[UUID, int] = {}
        self.kernel.commit(
            lambda s: pair_actions.open_pair(
                s,
                kind="buddy",
                people=dict.fromkeys(self.learners, Role.LEARNER),
                academy_group_id=self.world.academy,
                cohort_group_id=self.world.cohort,
            )
        )
        self._propose(scores)

    @rule(scores=SCORES)
    def propose_for_those_without(self, scores: list[int]) -> None:
        with self.nobody_loses_but():
            self._propose(scores)

    def _propose(self, scores: list[int]) -> None:
        """Let a lead propose, greedily, and publish."""
        with self.kernel.reading() as session:
            now = standing(session, group_id=self.world.cohort, kind="mentorship", person_ids=self.everybody)
            free = facts.places_of(session, self.world.academy, self.mentors, holding=True)
        worth, first = {}, {}
        for at, learner in enumerate(self.learners):
            for place, mentor in enumerate(self.mentors):
                if learner not in now.taken and now.fits({learner: "learner", mentor: "mentor"}):
                    worth[learner, mentor] = scores[at * MENTORS + place]
                    if learner not in first and free[mentor]:
                        first[learner] = mentor
                        free[mentor] -= 1
        worth = {two: score for two, score in worth.items() if two[0] in first}
        proposals.published(self.world, worth, first)

    @rule(which=WHICH, say=st.sampled_from(["accept", "decline", "expire"]))
    def answer(self, which: int, say: str) -> None:
        waiting = self._pending()
        if not waiting:
            return
        offer = waiting[which % len(waiting)]
        allowed = {offer.learner_id}
        if say == "accept" and self._load()[offer.mentor_id] + 1 >= self._places()[offer.mentor_id]:
            # With a mentor's last place, others whom they were asked about are asked for elsewhere.
            allowed |= {other.learner_id for other in waiting if other.mentor_id == offer.mentor_id}
        with self.nobody_loses_but(*allowed):
            viewer = self.world.viewer(offer.mentor_id)
            both: dict[str, Any] = {"viewer": viewer, "offer_id": offer.offer_id, "version": offer.version}
            try:
                if say == "accept":
                    self.kernel.commit(lambda s: offers.accept(s, **both))
                elif say == "decline":
                    self.kernel.commit(lambda s: offers.decline(s, **both, reason=""))
                else:
                    with clock.travel(offer.expires_at + timedelta(seconds=1)):
                        self.kernel.commit(lambda s: offers.expire(s, offer_id=offer.offer_id))
            except (Closed, Conflict):
                assert self._pending() == waiting, "who is refused has changed nothing"
        if say == "expire":  # its job has the time of then
            lost = {offer.match_id: offer.learner_id}
            self._looking_after(lambda s: repairing.repair_run(s, run_id=offer.run_id, lost=lost))

    @rule(which=WHICH)
    def leave_the_cohort_or_come_back(self, which: int) -> None:
        person = self.everybody[which % len(self.everybody)]
        who: dict[str, Any] = {"group_id": self.world.cohort, "person_id": person, "actor_id": None}
        who["role"] = Role.LEARNER if person in self.learners else Role.MENTOR
        with self.nobody_loses_but(person, *self._with(person)):
            try:
                self.kernel.commit(lambda s: people_actions.leave(s, **who))
            except Missing:
                self.kernel.commit(lambda s: people_actions.join(s, **who))

    @rule(which=WHICH, side=st.integers(0, 1))
    def end_a_pair(self, which: int, side: int) -> None:
        going_on = [(pair, members) for pair, members in self._pairs() if pair.ended_at is None]
        if not going_on:
            return
        pair, members = going_on[which % len(going_on)]
        person = sorted(members)[side]
        with self.nobody_loses_but(*members):
            viewer = self.world.viewer(person)
            self.kernel.commit(lambda s: pair_actions.end(s, viewer=viewer, pair_id=pair.id, reason=""))

    @rule(which=WHICH)
    def close_an_account(self, which: int) -> None:
        person = self.everybody[which % len(self.everybody)]
        with self.nobody_loses_but(person, *self._with(person)):
            self.kernel.commit(
                lambda s: people_actions.deactivate(s, person_id=person, at=clock.now(), actor_id=self.world.admin)
            )

    @rule(which=WHICH)
    def open_it_again(self, which: int) -> None:
        person = self.everybody[which % len(self.everybody)]
        with self.nobody_loses_but():
            self.kernel.commit(lambda s: people_actions.reactivate(s, person_id=person, actor_id=self.world.admin))

    @rule(which=WHICH, scores=SCORES)
    def be_away_while_a_lead_goes_on(self, which: int, scores: list[int]) -> None:
        """Close a mentor's account, propose to those without, have all accepted, open it again: rare by chance."""
        for _ in self._pending():
            self.answer(0, "accept")
        busy = [mentor for mentor in self.mentors if self._load()[mentor]]
        away = self.everybody.index(busy[which % len(busy)]) if busy else which
        self.close_an_account(away)
        self.propose_for_those_without(scores)
        for _ in self._pending():
            self.answer(0, "accept")
        self.open_it_again(away)

    @rule(which=WHICH, number=st.integers(0, 2))
    def want_more_or_fewer(self, which: int, number: int) -> None:
        with self.nobody_loses_but():
            make.places(self.world, self.mentors[which % MENTORS], number)

    @rule()
    def look_after_everybody(self) -> None:
        self._looking_after(lambda _session: None)

    def _looking_after(self, also: Any) -> None:
        """Do the jobs: what is agreed stays as it is, and nobody loses a place by it."""
        agreed = {pair.id: (pair.paused_at, pair.ended_at) for pair, _members in self._pairs()}
        with self.nobody_loses_but():
            self.kernel.commit(also)
            self.kernel.runner.run_due()
        assert {pair.id: (pair.paused_at, pair.ended_at) for pair, _members in self._pairs()} == agreed

    @contextmanager
    def nobody_loses_but(self, *people: UUID) -> Iterator[None]:
        """Check that whoever is asked for, or has somebody, is or has so afterwards but for these people."""
        before = self._placed()
        yield
        assert before - self._placed() <= set(people)

    def _placed(self) -> set[UUID]:
        live = {
            person
            for pair, members in self._pairs()
            if pair.kind == "mentorship" and pair.ended_at is None and pair.paused_at is None
            for person in members
        }
        return (live | {offer.learner_id for offer in self._pending()}) & set(self.learners)

    def _with(self, person: UUID) -> set[UUID]:
        found = {offer.learner_id for offer in self._pending() if offer.mentor_id == person}
        for pair, members in self._pairs():
            if pair.ended_at is None and person in members:
                found |= members
        return found

    def _pending(self) -> list[facts.Asked]:
        with self.kernel.reading() as session:
            return facts.pending_of(session, self.mentors)

    def _pairs(self) -> list[tuple[Pair, set[UUID]]]:
        with self.kernel.reading() as session:
            found = session.scalars(
                select(Pair).where(Pair.cohort_group_id == self.world.cohort).order_by(Pair.id)
            ).all()
            members: dict[UUID, set[UUID]] = {}
            groups = [pair.group_id for pair in found]
            for row in session.execute(
                select(Membership.group_id, Membership.person_id).where(
                    Membership.group_id.in_(groups), Membership.until_at.is_(None)
                )
            ):
                members.setdefault(row.group_id, set()).add(row.person_id)
        return [(pair, members[pair.group_id]) for pair in found]

    def _load(self) -> Counter[UUID]:
        """Count the mentees of each mentor, of mentorships that rest too."""
        return Counter(
            person
            for pair, members in self._pairs()
            if pair.kind == "mentorship" and pair.ended_at is None
            for person in members & set(self.mentors)
        )

    def _places(self) -> dict[UUID, int]:
        with self.kernel.reading() as session:
            rows = session.execute(
                select(MentorProfile.person_id, MentorProfile.capacity).where(
                    MentorProfile.group_id == self.world.academy
                )
            )
            return {row.person_id: row.capacity for row in rows}

    @invariant()
    def nobody_is_in_two_pairs_of_a_kind_nor_waits_twice(self) -> None:
        held: Counter[tuple[str, UUID]] = Counter()
        for pair, members in self._pairs():
            if pair.ended_at is None and pair.paused_at is None:
                held.update((pair.kind, person) for person in members & set(self.learners))
        waiting = self._pending()
        held.update(("mentorship", offer.learner_id) for offer in waiting)
        assert not [two for two, number in held.items() if number > 1]
        # A mentor has no more than there is room for, but where fewer were wanted afterwards.
        now = self._load() + Counter(offer.mentor_id for offer in waiting)
        for mentor, places in self._places().items():
            assert now[mentor] <= max(places, self.more.get(mentor, 0))
        self.more = dict(now)

    @invariant()
    def only_who_is_here_is_asked_and_only_with_two_here_a_pair_goes_on(self) -> None:
        with self.kernel.reading() as session:
            now = standing(session, group_id=self.world.cohort, kind="mentorship", person_ids=self.everybody)
            open_ = set(session.scalars(select(Person.id).where(Person.deactivated_at.is_(None))))
        for offer in self._pending():
            assert now.fits({offer.learner_id: "learner", offer.mentor_id: "mentor"}, offered=True)
        for pair, members in self._pairs():
            if pair.ended_at is None:
                assert (pair.paused_at is None) is (len(members & open_) > 1)

    @invariant()
    def every_state_is_legal_and_so_is_every_step(self) -> None:
        with self.kernel.reading() as session:
            of = select(MatchPerson.match_id).where(MatchPerson.person_id.in_(self.everybody))
            states = dict(map(tuple, session.execute(select(Match.id, Match.state).where(Match.id.in_(of)))))
            answers = dict(
                map(tuple, session.execute(select(Offer.match_id, Offer.state).where(Offer.match_id.in_(of))))
            )
            steps = session.execute(
                select(MatchHistory.before, MatchHistory.after).where(MatchHistory.match_id.in_(of))
            )
            assert {tuple(step) for step in steps} <= LEGAL
        came = {pair.match_id: pair for pair, _members in self._pairs() if pair.match_id}
        assert set(came) <= set(states)
        for match_id, state in states.items():
            answer, pair = answers.get(match_id), came.get(match_id)
            if state == MatchState.DRAFT:
                assert (answer, pair) == (None, None)
            elif state == MatchState.OFFERED:
                assert (answer, pair) == (OfferState.PENDING, None)
            elif state == MatchState.DROPPED:
                assert answer not in {OfferState.PENDING, OfferState.ACCEPTED}
                assert pair is None
            else:
                assert answer == OfferState.ACCEPTED
                assert pair is not None
                assert (pair.ended_at is not None) is (state == MatchState.ENDED)


def test_whatever_happens_nobody_is_placed_twice_and_nobody_loses_a_place_by_others(kernel: Kernel) -> None:
    Life.kernel = kernel
    with kernel.quiet(SOLVE, LETTER, mail.KIND):
        run_state_machine_as_test(
            Life,
            # Not made smaller where it fails: with a database that would take many minutes.
            settings=settings(
                max_examples=14,
                stateful_step_count=20,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
