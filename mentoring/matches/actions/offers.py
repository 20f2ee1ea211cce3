"""Verbs on offers: asking a mentor, the answers, and taking a question back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from mentoring.matches.actions import facts
from mentoring.matches.actions.facts import Asked
from mentoring.matches.actions.transitions import answer_offer, keep, move_match
from mentoring.matches.events import (
    OfferAccepted,
    OfferDeclined,
    OfferEnded,
    OfferEvent,
    OfferExpired,
    OfferMade,
    OfferReminded,
    OfferReplaced,
    OfferSuperseded,
    OfferWithdrawn,
)
from mentoring.matches.models import MatchRole, MatchState, Offer, OfferState, Run
from mentoring.matches.policy import LONGEST_REASON, ROLE_IN_GROUP, WINDOW, standing
from mentoring.pairs.actions import open_pair
from mentoring.pairs.models import Pair, PairKind
from mentoring.profiles.queries import academy_of, lock_people

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer


def make(session: Session, *, match_id: UUID, mentor_id: UUID, actor_id: UUID | None) -> bool:
    """Ask a mentor to accept a match that is a draft; says whether it still was one."""
    if not move_match(session, match_id, MatchState.DRAFT, MatchState.OFFERED, actor_id=actor_id):
        return False
    now = clock.now()
    offer = Offer(
        id=new_id(),
        match_id=match_id,
        person_id=mentor_id,
        state=OfferState.PENDING.value,
        version=1,
        offered_at=now,
        expires_at=now + WINDOW,
    )
    session.add(offer)
    session.flush()
    keep(
        session,
        match_id=match_id,
        offer_id=offer.id,
        before="",
        after=OfferState.PENDING,
        actor_id=actor_id,
    )
    emit(session, OfferMade(actor_id=actor_id, offer_id=offer.id, match_id=match_id, person_id=mentor_id))
    return True


def accept(session: Session, *, viewer: Viewer, offer_id: UUID, version: int) -> Pair:
    """Say yes: the mentorship begins, and offers that no longer fit end.

    Both people's rows are held meanwhile, so that of two acceptances that want the same place, or the same
    learner, the second one sees what the first has done. Raises `Missing` for an offer to somebody else,
    `Closed` for one that is over, `Conflict` for one that changed or a mentor without a free place.
    """
    offer = facts.asked_of(session, viewer, offer_id)
    lock_people(session, [offer.mentor_id, offer.learner_id])
    if not answer_offer(
        session, offer_id, OfferState.ACCEPTED, actor_id=viewer.person_id, version=version, in_time=True
    ):
        raise _why_not(facts.asked(session, offer_id))
    run = session.get_one(Run, offer.run_id)
    academy_id = academy_of(session, run.group_id)
    people = {offer.mentor_id: MatchRole.MENTOR.value, offer.learner_id: MatchRole.LEARNER.value}
    now = standing(session, group_id=run.group_id, kind=PairKind.MENTORSHIP, person_ids=people)
    if offer.learner_id in now.paired or not now.fits(people, offered=True):
        detail = "This offer no longer fits, as things have changed since it was made. Nothing was changed."
        raise Closed(detail)
    places = facts.places_of(session, academy_id, [offer.mentor_id], holding=False)
    if not places.get(offer.mentor_id):
        detail = (
            "All the places that you offer as a mentor are taken. The offer is kept: "
            "raise the number of people at a time on your mentoring page, then accept it."
        )
        raise Conflict(detail)
    move_match(session, offer.match_id, MatchState.OFFERED, MatchState.SETTLED, actor_id=viewer.person_id)
    pair = open_pair(
        session,
        kind=PairKind.MENTORSHIP,
        people={person: ROLE_IN_GROUP[role] for person, role in people.items()},
        academy_group_id=academy_id,
        cohort_group_id=run.group_id,
        match_id=offer.match_id,
        actor_id=viewer.person_id,
    )
    _emit(session, OfferAccepted, offer, viewer.person_id)
    _supersede(session, offer, mentor_full=places[offer.mentor_id] == 1)
    return pair


def decline(session: Session, *, viewer: Viewer, offer_id: UUID, version: int, reason: str) -> None:
    """Say no: somebody else is asked soon (`actions.repairing`).

    The reason is for admins, never for the other person or a lead. Raises as `accept` does.
    """
    offer = facts.asked_of(session, viewer, offer_id)
    if not answer_offer(
        session,
        offer_id,
        OfferState.DECLINED,
        actor_id=viewer.person_id,
        version=version,
        in_time=True,
        reason=reason.strip()[:LONGEST_REASON],
    ):
        raise _why_not(facts.asked(session, offer_id))
    _emit_end(session, OfferDeclined, offer, viewer.person_id)
    _drop(session, offer)


def expire(session: Session, *, offer_id: UUID) -> bool:
    """End an offer whose time is over; says whether it was this call that did."""
    if not answer_offer(session, offer_id, OfferState.EXPIRED, actor_id=None, in_time=False):
        return False
    offer = facts.asked(session, offer_id)
    _emit_end(session, OfferExpired, offer, None)
    _drop(session, offer)
    return True


def remind(session: Session, *, offer_id: UUID) -> None:
    """Remind whoever has not answered yet, while there is time."""
    offer = facts.asked(session, offer_id)
    if offer.state == OfferState.PENDING and offer.expires_at > clock.now():
        _emit(session, OfferReminded, offer, None)


def withdraw(session: Session, *, offers: Iterable[Asked]) -> None:
    """Take pending offers back, as one of the two is gone or wants nothing of the other."""
    for offer in offers:
        _end(session, offer, OfferState.WITHDRAWN, OfferWithdrawn)


def replace(session: Session, offer: Asked) -> None:
    """Take a pending offer back, as its learner is asked for elsewhere so that one more has somebody."""
    _end(session, offer, OfferState.WITHDRAWN, OfferReplaced)


def _end(session: Session, offer: Asked, after: OfferState, fact: type[OfferEnded]) -> None:
    """End an offer that still waits, with its match."""
    if answer_offer(session, offer.offer_id, after, actor_id=None):
        _emit_end(session, fact, offer, None)
        _drop(session, offer)


def _emit(session: Session, fact: type[OfferEvent], offer: Asked, actor_id: UUID | None) -> None:
    emit(
        session,
        fact(actor_id=actor_id, offer_id=offer.offer_id, match_id=offer.match_id, person_id=offer.mentor_id),
    )


def _emit_end(session: Session, fact: type[OfferEnded], offer: Asked, actor_id: UUID | None) -> None:
    emit(
        session,
        fact(
            actor_id=actor_id,
            offer_id=offer.offer_id,
            match_id=offer.match_id,
            person_id=offer.mentor_id,
            run_id=offer.run_id,
            learner_id=offer.learner_id,
        ),
    )


def _drop(session: Session, offer: Asked) -> None:
    move_match(session, offer.match_id, MatchState.OFFERED, MatchState.DROPPED, actor_id=None)


def _supersede(session: Session, accepted: Asked, *, mentor_full: bool) -> None:
    """End what no longer fits: others asked for this learner and, with the last place gone, this mentor."""
    for offer in facts.pending_with(session, [accepted.mentor_id, accepted.learner_id]):
        same_learner = offer.learner_id == accepted.learner_id
        if same_learner or (mentor_full and offer.mentor_id == accepted.mentor_id):
            _end(session, offer, OfferState.SUPERSEDED, OfferSuperseded)


def _why_not(offer: Asked) -> Closed | Conflict:
    """Say kindly why an answer came too late, or to something else than what was seen."""
    words = {
        OfferState.ACCEPTED: "You have accepted this offer already. Your room is open.",
        OfferState.DECLINED: "You have declined this offer already. Nothing was changed.",
        OfferState.EXPIRED: "The time for this offer is over, and somebody else is being asked.",
        OfferState.WITHDRAWN: "This offer was taken back. Nothing was changed.",
        OfferState.SUPERSEDED: "This offer no longer fits: the place or the learner was taken.",
    }
    if offer.state in words:
        return Closed(words[OfferState(offer.state)])
    if offer.expires_at <= clock.now():
        return Closed(words[OfferState.EXPIRED])
    detail = "This offer has changed since you opened it. Open it again to see how it is now."
    return Conflict(detail)
