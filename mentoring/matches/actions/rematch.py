"""Looking after whoever lost a place by a decision that fell away, without making everything anew."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.people.models import Membership, Person, Role
from mentoring.matches.actions.transitions import move_match
from mentoring.matches.events import RunAsked
from mentoring.matches.models import MatchState, Run, RunState
from mentoring.pairs.models import Pair, PairKind
from mentoring.pairs.queries import begun_in_open, paired
from mentoring.profiles.queries import hold_group

if TYPE_CHECKING:
    from mentoring.pairs.events import PairParted


def after_parting(session: Session, event: PairParted) -> None:
    """Let the match of a pair that ended end with it; ask the matcher about buddies who are free now."""
    if event.match_id is not None and event.ended:
        move_match(session, event.match_id, MatchState.SETTLED, MatchState.ENDED, actor_id=None)
    if event.kind != PairKind.BUDDY or event.cohort_group_id is None:
        return
    if begun_in_open(session, event.cohort_group_id) and _somebody_free(session, event):
        ask_buddies(session, event.cohort_group_id)


def _somebody_free(session: Session, event: PairParted) -> bool:
    """Say whether anybody who was in a pair of buddies is here and has nobody now."""
    members = select(Membership.person_id).join(Pair, Pair.group_id == Membership.group_id)
    here = set(
        session.scalars(
            select(Membership.person_id)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.group_id == event.cohort_group_id,
                Membership.role == Role.LEARNER,
                Membership.until_at.is_(None),
                Membership.person_id.in_(members.where(Pair.id == event.pair_id)),
                Person.deactivated_at.is_(None),
            )
        )
    )
    return bool(here - paired(session, PairKind.BUDDY, Role.LEARNER, here))


def ask_buddies(session: Session, group_id: UUID) -> UUID | None:
    """Ask the matcher about those of a cohort who have no buddy now; returns the run, for its lead to publish.

    It is asked in the name of whoever asked for the buddies published there last: nobody is brought together behind
    their back. Where none were ever published, none is asked. What is being worked out is asked anew, as it knows
    nothing of who is free now.
    """
    hold_group(session, group_id)
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
