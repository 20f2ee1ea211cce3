"""Consequences of people coming together: each is told, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel.events import within
from academy.notices.actions import notify
from mentoring.pairs.events import PairOpened, PartnerLeft
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BUDDY = "buddy"
OFFER_ACCEPTED = "offer-accepted"
PARTNER_LEFT = "partner-left"


def tell(session: Session, event: PairOpened) -> None:
    """Put the new pair into the inbox of everybody in it; whoever accepted knows already."""
    kind = BUDDY if event.kind == PairKind.BUDDY else OFFER_ACCEPTED
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=kind, ref=event.pair_id, actor_id=event.actor_id)


def tell_of_parting(session: Session, event: PartnerLeft) -> None:
    """Tell those who stay."""
    for person_id in event.person_ids:
        notify(session, person_id=person_id, kind=PARTNER_LEFT, ref=event.pair_id, actor_id=None)


REACTIONS = [within(PairOpened, tell), within(PartnerLeft, tell_of_parting)]
