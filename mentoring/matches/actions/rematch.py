"""Looking after whoever lost a place by a decision that fell away, without making everything anew."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people.models import Group
from mentoring.matches.actions import facts, offers
from mentoring.matches.actions.transitions import move_match
from mentoring.matches.events import RunAsked
from mentoring.matches.models import Match, MatchPerson, MatchRole, MatchState, Run, RunState
from mentoring.matches.queries import proposed
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from mentoring.pairs.events import PairParted


def after_parting(session: Session, event: PairParted) -> None:
    """Let the match of a pair that ended end with it, and look for somebody new for whoever stays."""
    if event.match_id is not None and event.ended:
        move_match(session, event.match_id, MatchState.SETTLED, MatchState.ENDED, actor_id=None)
    if event.cohort_group_id is None or not _goes_on(session, event.cohort_group_id):
        return
    if event.kind == PairKind.BUDDY:
        ask_buddies(session, event.cohort_group_id)
    elif event.match_id is not None:
        ask_next(session, event.match_id)


def ask_next(session: Session, match_id: UUID) -> None:
    """Ask the next candidate of the learner of a mentorship that ended; who left their cohort needs nobody."""
    found = session.execute(
        select(Match.run_id, MatchPerson.person_id)
        .join(MatchPerson, (MatchPerson.match_id == Match.id) & (MatchPerson.role == MatchRole.LEARNER))
        .where(Match.id == match_id)
    ).one_or_none()
    if found is None:
        return
    run = session.get_one(Run, found.run_id)
    if facts.learns_in(session, run.group_id, found.person_id):
        offers.offer_next(session, run=run, learner_id=found.person_id, last_match_id=match_id)


def ask_buddies(session: Session, group_id: UUID) -> UUID | None:
    """Ask the matcher about those of a cohort who have no buddy now; returns the run, for its lead to publish.

    It is asked in the name of whoever asked for the buddies published there last: nobody is brought together behind
    their back. Where none were ever published, none is asked. What is being worked out is asked anew, as it knows
    nothing of who is free now.
    """
    proposed.hold_group(session, group_id)
    lead_id = session.scalar(
        select(Run.asked_by)
        .where(Run.group_id == group_id, Run.kind == PairKind.BUDDY, Run.state == RunState.PUBLISHED)
        .order_by(Run.asked_at.desc(), Run.id.desc())
        .limit(1)
    )
    if lead_id is None:
        return None
    session.execute(
        update(Run)
        .where(Run.group_id == group_id, Run.kind == PairKind.BUDDY, Run.state == RunState.ASKED)
        .values(state=RunState.REPLACED.value, version=Run.version + 1)
    )
    run_id = new_id()
    session.add(
        Run(
            id=run_id,
            group_id=group_id,
            kind=PairKind.BUDDY.value,
            state=RunState.ASKED.value,
            version=1,
            settings={"seed": 0},
            asked_by=lead_id,
            asked_at=clock.now(),
        )
    )
    session.flush()
    emit(session, RunAsked(actor_id=None, run_id=run_id, group_id=group_id, kind=PairKind.BUDDY.value))
    return run_id


def _goes_on(session: Session, group_id: UUID) -> bool:
    """Say whether a cohort is open: in one that is closed nothing new begins."""
    return session.scalar(select(Group.id).where(Group.id == group_id, Group.closed_at.is_(None))) is not None
