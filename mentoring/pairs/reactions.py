"""Consequences of people coming together: each is told, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel.events import within
from academy.notices.actions import notify
from academy.people.events import AccountClosed, AccountReopened, MemberLeft
from academy.people.models import GroupKind
from mentoring.pairs import actions, queries
from mentoring.pairs.events import PairOpened, PairParted, PairPaused, PairResumed, PartnerLeft
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BUDDY = "buddy"
OFFER_ACCEPTED = "offer-accepted"
PARTNER_LEFT = "partner-left"
PARTED = "pair-parted"
PAUSED = "pair-paused"
RESUMED = "pair-resumed"


def tell(session: Session, event: PairOpened) -> None:
    """Put the new pair into the inbox of everybody in it; whoever accepted knows already."""
    kind = BUDDY if event.kind == PairKind.BUDDY else OFFER_ACCEPTED
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=kind, ref=event.pair_id, actor_id=event.actor_id)


def tell_of_parting(session: Session, event: PartnerLeft) -> None:
    """Tell those who stay."""
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=PARTNER_LEFT, ref=event.pair_id, actor_id=None)


def tell_of_end(session: Session, event: PairParted) -> None:
    """Tell the others, kindly: that it ended, or that two go on; not by whom or why."""
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=PARTED, ref=event.pair_id, actor_id=None)


def tell_of_pause(session: Session, event: PairPaused | PairResumed) -> None:
    """Tell those who are here that it rests, or goes on."""
    kind = PAUSED if isinstance(event, PairPaused) else RESUMED
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=kind, ref=event.pair_id, actor_id=None)


def rest_or_go_on(session: Session, event: AccountClosed | AccountReopened) -> None:
    """Let the pairs of somebody whose account is closed rest until it is open again."""
    actions.rest_or_go_on(session, person_id=event.person_id)


def end_of_member(session: Session, event: MemberLeft) -> None:
    """End what somebody who leaves a cohort that goes on was in there, as what they leave."""
    if event.group_kind == GroupKind.COHORT and queries.begun_in_open(session, event.group_id):
        actions.leave_of_cohort(session, person_id=event.person_id, role=event.role, cohort_group_id=event.group_id)


REACTIONS = [
    within(PairOpened, tell),
    within(PartnerLeft, tell_of_parting),
    within(PairParted, tell_of_end),
    within(MemberLeft, end_of_member),
    within(AccountClosed, rest_or_go_on),
    within(AccountReopened, rest_or_go_on),
    within(PairPaused, tell_of_pause),
    within(PairResumed, tell_of_pause),
]
