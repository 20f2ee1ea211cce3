"""Consequences in matching: the matcher's job, notices, the mail of an offer, and what time does to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from academy.kernel import mail
from academy.kernel.events import within, within_all
from academy.kernel.jobs import enqueue
from academy.notices.actions import notify
from academy.people.events import AccountClosed, AccountReopened, MemberLeft, PersonBlocked
from mentoring.matches.actions import explaining, facts, offers, rematch
from mentoring.matches.events import (
    CandidatesExhausted,
    OfferDeclined,
    OfferEnded,
    OfferExpired,
    OfferMade,
    OfferReminded,
    OfferReplaced,
    OfferSuperseded,
    OfferWithdrawn,
    RunAsked,
    RunFailed,
    RunProposed,
)
from mentoring.matches.policy import REMINDERS, WINDOW
from mentoring.pairs.events import PairParted
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

SOLVE = "matches.solve"
EXPLAIN = "matches.explain"
EXPIRE = "offers.expire"
REMIND = "offers.remind"
LETTER = "offers.letter"
REPAIR = "matches.repair"
"""Kinds of jobs."""

OFFER = "offer"
OFFER_REMINDER = "offer-reminder"
OFFER_TAKEN_BACK = "offer-taken-back"
RUN_READY = "run-ready"
NO_CANDIDATE = "no-candidate"
"""Kinds of notices."""


def solve(session: Session, event: RunAsked) -> None:
    """Put the asking into the matcher's hands."""
    enqueue(session, SOLVE, {"run_id": str(event.run_id)}, unique_key=f"solve:{event.run_id}")


def tell_lead(session: Session, event: RunProposed | RunFailed) -> None:
    """Tell whoever asked that there is something to look at."""
    notify(session, person_id=event.lead_id, kind=RUN_READY, ref=event.run_id, actor_id=None)


def ask_mentor(session: Session, event: OfferMade) -> None:
    """Tell the mentor, here and by mail, remind them twice, and let the offer end with its time."""
    notify(session, person_id=event.person_id, kind=OFFER, ref=event.offer_id, actor_id=event.actor_id)
    offer = {"offer_id": str(event.offer_id)}
    expires_at = facts.asked(session, event.offer_id).expires_at
    for percent in REMINDERS:
        at = expires_at - WINDOW + WINDOW * percent / 100
        key = f"offer-remind:{event.offer_id}:{percent}"
        enqueue(session, REMIND, offer, run_at=at, unique_key=key)
    # A moment later, so that a clock that lags behind does not find it still in time.
    late = expires_at + timedelta(seconds=1)
    enqueue(session, EXPIRE, offer, run_at=late, unique_key=f"offer-expire:{event.offer_id}")
    if mail.KIND not in session.info.get("muted", ()):
        enqueue(session, LETTER, offer, unique_key=f"offer-letter-of:{event.offer_id}")


def explain(session: Session, events: Sequence[OfferMade]) -> None:
    """Have the matcher say why those fit who are asked after others."""
    for run_id, match_ids in explaining.unexplained(session, [event.match_id for event in events]).items():
        enqueue(session, EXPLAIN, {"run_id": str(run_id), "match_ids": [str(one) for one in match_ids]})


def remind_mentor(session: Session, event: OfferReminded) -> None:
    """Remind the mentor that somebody waits."""
    notify(session, person_id=event.person_id, kind=OFFER_REMINDER, ref=event.offer_id, actor_id=None)


def tell_no_candidate(session: Session, event: CandidatesExhausted) -> None:
    """Tell the lead that a learner has no candidate left."""
    notify(session, person_id=event.lead_id, kind=NO_CANDIDATE, ref=event.match_id, actor_id=None)


def look_after(session: Session, event: OfferEnded) -> None:
    """Have somebody else asked for the learner of an offer that came to nothing."""
    _promise_repair(session, event.run_id, event.learner_id, event.match_id, type(event).__name__)


def look_after_parting(session: Session, event: PairParted) -> None:
    """Look for somebody new for whoever stays: among a learner's candidates, for buddies with the matcher."""
    rematch.after_parting(session, event)
    if event.kind == PairKind.MENTORSHIP and event.match_id is not None:
        found = facts.proposed_in(session, event.match_id)
        if found is not None:
            _promise_repair(session, *found, event.match_id, type(event).__name__)


def _promise_repair(session: Session, run_id: UUID, learner_id: UUID, match_id: UUID, why: str) -> None:
    work = {"run_id": str(run_id), "learner_id": str(learner_id), "match_id": str(match_id)}
    enqueue(session, REPAIR, work, unique_key=f"repair:{match_id}:{why}")


def tell_taken_back(session: Session, event: OfferWithdrawn | OfferReplaced) -> None:
    """Tell whoever was asked that nothing is expected of them any more; never why."""
    notify(session, person_id=event.person_id, kind=OFFER_TAKEN_BACK, ref=event.offer_id, actor_id=None)


def take_back_of_member(session: Session, event: MemberLeft) -> None:
    """Take back the offers of somebody who is no longer a mentor, or a learner, in the group."""
    pending = facts.pending_with(session, [event.person_id], group_id=event.group_id)
    role = {"mentor": "mentor_id", "learner": "learner_id"}.get(event.role, "")
    gone = [offer for offer in pending if role and getattr(offer, role) == event.person_id]
    offers.withdraw(session, offers=gone)


def take_back_of_blocked(session: Session, event: PersonBlocked) -> None:
    """Take back offers between two people of whom one blocked the other; nobody learns why."""
    both = {event.person_id, event.blocked_id}
    pending = facts.pending_with(session, both)
    between = [offer for offer in pending if {offer.mentor_id, offer.learner_id} == both]
    offers.withdraw(session, offers=between)


def take_back_of_closed(session: Session, event: AccountClosed) -> None:
    """Take back what somebody whose account was closed was asked, and what was asked for them."""
    offers.withdraw(session, offers=facts.pending_with(session, [event.person_id]))


def look_after_reopened(session: Session, event: AccountReopened) -> None:
    """Look for somebody for a learner who is back, and for learners whom a mentor who is back may take."""
    for run_id in facts.runs_with(session, event.person_id):
        enqueue(session, REPAIR, {"run_id": str(run_id)})


REACTIONS = [
    within(RunAsked, solve),
    within(RunProposed, tell_lead),
    within(RunFailed, tell_lead),
    within(OfferMade, ask_mentor),
    within_all(OfferMade, explain),
    within(OfferReminded, remind_mentor),
    within(CandidatesExhausted, tell_no_candidate),
    within(MemberLeft, take_back_of_member),
    within(PersonBlocked, take_back_of_blocked),
    within(AccountClosed, take_back_of_closed),
    within(AccountReopened, look_after_reopened),
    within(OfferDeclined, look_after),
    within(OfferExpired, look_after),
    within(OfferWithdrawn, look_after),
    within(OfferSuperseded, look_after),
    within(OfferWithdrawn, tell_taken_back),
    within(OfferReplaced, tell_taken_back),
    within(PairParted, look_after_parting),
]
