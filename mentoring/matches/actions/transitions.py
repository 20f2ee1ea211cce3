"""Steps in the life of matches and offers: compare-and-set, and a row of history for each."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from mentoring.matches.events import MatchDropped
from mentoring.matches.models import Match, MatchHistory, MatchState, Offer, OfferState


def keep(
    session: Session,
    *,
    match_id: UUID,
    before: str,
    after: str,
    actor_id: UUID | None,
    offer_id: UUID | None = None,
) -> None:
    """Write one step into the history that is kept for good."""
    session.execute(
        insert(MatchHistory).values(
            id=new_id(),
            match_id=match_id,
            offer_id=offer_id,
            actor_id=actor_id,
            at=clock.now(),
            before=before,
            after=after,
        )
    )


def move_match(
    session: Session, match_id: UUID, before: MatchState, after: MatchState, *, actor_id: UUID | None
) -> bool:
    """Move a match on if it is still where it is thought to be; says whether it was."""
    moved = session.execute(
        update(Match)
        .where(Match.id == match_id, Match.state == before)
        .values(state=after.value, version=Match.version + 1)
        .returning(Match.id)
    ).one_or_none()
    if moved is None:
        return False
    keep(session, match_id=match_id, before=before, after=after, actor_id=actor_id)
    if after == MatchState.DROPPED:
        emit(session, MatchDropped(actor_id=actor_id, match_id=match_id))
    return True


def answer_offer(
    session: Session,
    offer_id: UUID,
    after: OfferState,
    *,
    actor_id: UUID | None,
    version: int | None = None,
    in_time: bool | None = None,
    reason: str = "",
) -> bool:
    """Give a pending offer its final state; says whether this was the one that did.

    `version` is the one that the person saw; `in_time` demands that its time is not over (True), or that it
    is (False).
    """
    now = clock.now()
    pending = update(Offer).where(Offer.id == offer_id, Offer.state == OfferState.PENDING)
    if version is not None:
        pending = pending.where(Offer.version == version)
    if in_time is not None:
        pending = pending.where(Offer.expires_at > now if in_time else Offer.expires_at <= now)
    done = session.execute(
        pending.values(state=after.value, version=Offer.version + 1, answered_at=now, reason=reason).returning(
            Offer.match_id
        )
    ).one_or_none()
    if done is None:
        return False
    keep(
        session,
        match_id=done.match_id,
        offer_id=offer_id,
        before=OfferState.PENDING,
        after=after,
        actor_id=actor_id,
    )
    return True
