"""The local re-solve after a decision fell away: whoever lost a place gets another, and little else changes.

What is agreed stays. A free place is given first; only where none serves is a question taken back that nobody has
answered yet, so that its learner is asked for elsewhere (`matching.repair`). Nobody loses a place by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.people.models import Role
from matching import repair
from mentoring.matches.actions import facts, offers
from mentoring.matches.events import CandidatesExhausted
from mentoring.matches.models import MatchRole, Run, RunState
from mentoring.matches.policy import standing
from mentoring.pairs.models import PairKind
from mentoring.pairs.queries import begun_in_open, paired
from mentoring.profiles.queries import academy_of, hold_group, lock_people

if TYPE_CHECKING:
    from mentoring.matches.actions.facts import Asked, Candidate
    from mentoring.matches.policy import Standing


@dataclass(frozen=True)
class _Scene:
    """What a run's mentors and learners are to each other now, every id as text as the matcher wants it.

    `pairs` are the allowed (learner, mentor, score) of learners who may have somebody new, `places` how many people of
    this run each mentor may be asked for in all, `asked` the open offer of each learner, `fixed` those that stay.
    """

    pairs: list[tuple[str, str, int]]
    places: dict[str, int]
    asked: dict[str, Asked]
    fixed: frozenset[str]
    match_of: dict[tuple[str, str], Candidate]
    needing: frozenset[UUID]


def repair_run(session: Session, *, run_id: UUID, lost: Mapping[UUID, UUID] | None = None) -> list[UUID]:
    """Ask mentors for the learners of a published run who have none; return the learners asked for.

    At most `matching.repair.MOST` others are asked for elsewhere than before. `lost` names the matches that fell
    away with their learners: when nobody can be asked for one, the lead is told (`CandidatesExhausted`). Everybody
    concerned is held first, in the order of ids, and looked at afterwards: of two at once the second sees what the
    first has done.
    """
    run = session.get(Run, run_id)
    if run is None or run.state != RunState.PUBLISHED or run.kind != PairKind.MENTORSHIP:
        return []
    hold_group(session, run.group_id)
    if not begun_in_open(session, run.group_id):
        return []
    learner_of = lost or {}
    lock_people(session, facts.people_of(session, run_id) | set(learner_of.values()))
    scene = _scene(session, run, set(learner_of.values()))
    placed = _place(session, scene)
    for match_id, learner_id in learner_of.items():
        if learner_id in scene.needing and learner_id not in placed:
            emit(
                session,
                CandidatesExhausted(
                    actor_id=None, run_id=run_id, match_id=match_id, learner_id=learner_id, lead_id=run.asked_by
                ),
            )
    return placed


def _scene(session: Session, run: Run, also: Collection[UUID]) -> _Scene:
    found = facts.candidates(session, run.id)
    mentors, learners = {one.mentor_id for one in found}, {one.learner_id for one in found} | {*also}
    now = standing(session, group_id=run.group_id, kind=PairKind.MENTORSHIP, person_ids=mentors | learners)
    room = facts.places_of(session, academy_of(session, run.group_id), mentors, holding=False)
    asked, elsewhere, here = {}, Counter[UUID](), Counter[UUID]()
    for offer in facts.pending_of(session, mentors):
        if offer.run_id == run.id:
            asked[str(offer.learner_id)] = offer
            here[offer.mentor_id] += 1
        else:
            elsewhere[offer.mentor_id] += 1
    places = {mentor: max(0, free - elsewhere[mentor]) for mentor, free in room.items()}
    # Whose mentor lowered their number, or whose time is over, is not moved: that sorts itself out.
    at = clock.now()
    fixed = frozenset(
        learner
        for learner, offer in asked.items()
        if here[offer.mentor_id] > places.get(offer.mentor_id, 0) or offer.expires_at <= at
    )
    # Who waits for a pair that rests is asked for once they ask for somebody else, or their lead does.
    settled = now.taken | paired(session, run.kind, Role.LEARNER, learners, resting=True)
    needing = frozenset(one for one in learners - settled if Role.LEARNER in now.roles.get(one, ()))
    movable = needing | {UUID(learner) for learner in asked if learner not in fixed} - now.paired
    fitting = [one for one in found if one.learner_id in movable and _fits(now, one)]
    return _Scene(
        pairs=[(str(one.learner_id), str(one.mentor_id), one.score) for one in fitting],
        places={str(mentor): number for mentor, number in places.items()},
        asked=asked,
        fixed=fixed,
        match_of={(str(one.learner_id), str(one.mentor_id)): one for one in fitting},
        needing=needing,
    )


def _fits(now: Standing, one: Candidate) -> bool:
    return now.fits({one.mentor_id: MatchRole.MENTOR.value, one.learner_id: MatchRole.LEARNER.value})


def _place(session: Session, scene: _Scene) -> list[UUID]:
    """Take back and ask what the re-solve says, and return whom somebody is asked for who had nobody."""
    before = {learner: str(offer.mentor_id) for learner, offer in scene.asked.items()}
    after = dict(before)
    for most in (0, repair.MOST):
        changes = repair.mentors(scene.pairs, scene.places, after, fixed=scene.fixed, most=most)
        after |= {change.who: change.after for change in changes}
    changed = [learner for learner in sorted(after) if after[learner] != before.get(learner)]
    for learner in changed:
        if learner in scene.asked:
            offers.replace(session, scene.asked[learner])
    for learner in changed:
        one = scene.match_of[learner, after[learner]]
        offers.make(session, match_id=one.match_id, mentor_id=one.mentor_id, actor_id=None)
    return [UUID(learner) for learner in changed if learner not in before]
