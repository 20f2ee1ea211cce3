"""Erasing what mentoring stores about a person: offers are taken back first, so that nobody waits in vain."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import and_, delete, not_, or_, select, update
from sqlalchemy.orm import Session

from academy.kernel import jobs
from academy.people.models import Membership
from mentoring.choices.models import PairChoice
from mentoring.matches.actions import facts, offers
from mentoring.matches.models import Match, MatchHistory, MatchPerson, Offer, OfferState, Unplaced
from mentoring.pairs import actions as pairs
from mentoring.pairs.models import Pair, Parting
from mentoring.profiles.models import MentorProfile

AT_ONCE = 500
JOBS = ("offers.expire", "offers.remind", "offers.letter")
"""What is promised of an offer: its end, its reminders, its letter."""
REPAIR = "matches.repair"


def erase_mentoring(session: Session, person_id: UUID) -> None:
    """Remove what they offer: they are proposed to nobody any more."""
    session.execute(delete(MentorProfile).where(MentorProfile.person_id == person_id))


def erase_matches(session: Session, person_id: UUID) -> None:
    """Take back the offers that wait, so that others are asked, and remove every proposal with its reasons.

    Of an offer that was declined with a reason, an emptied row stays: reasons are told by runs of months, and with a
    row gone they would be told anew, by which whoever has read them learns whose is missing.
    """
    offers.withdraw(session, offers=facts.pending_with(session, [person_id]))
    jobs.forget(session, [REPAIR], name="learner_id", values=[str(person_id)])
    session.execute(delete(Unplaced).where(Unplaced.person_id == person_id))
    session.execute(delete(PairChoice).where(or_(PairChoice.one_id == person_id, PairChoice.other_id == person_id)))
    mine = session.scalars(select(MatchPerson.match_id).where(MatchPerson.person_id == person_id)).all()
    for start in range(0, len(mine), AT_ONCE):
        some = mine[start : start + AT_ONCE]
        asked = session.scalars(select(Offer.id).where(Offer.match_id.in_(some))).all()
        jobs.forget(session, JOBS, name="offer_id", values=[str(offer_id) for offer_id in asked])
        session.execute(update(Pair).where(Pair.match_id.in_(some)).values(match_id=None))
        wrote = (Offer.state == OfferState.DECLINED, Offer.reason != "")
        emptied = session.scalars(select(Offer.match_id).where(Offer.match_id.in_(some), *wrote)).all()
        session.execute(delete(MatchHistory).where(MatchHistory.match_id.in_(some)))
        session.execute(delete(MatchPerson).where(MatchPerson.match_id.in_(some)))
        session.execute(delete(Offer).where(Offer.match_id.in_(some), not_(and_(*wrote))))
        session.execute(update(Offer).where(Offer.match_id.in_(some)).values(reason=""))
        session.execute(delete(Match).where(Match.id.in_(some), Match.id.not_in(emptied)))
        session.execute(update(Match).where(Match.id.in_(emptied)).values(score=0, rank=0, parts=[], facts=[]))


def erase_pairs(session: Session, person_id: UUID) -> None:
    """End their pairs and tell their partners; of why they, or their partners, ended one, emptied rows stay."""
    pairs.part(session, person_id=person_id)
    mine = select(Pair.id).join(Membership, Membership.group_id == Pair.group_id)
    about = Parting.pair_id.in_(mine.where(Membership.person_id == person_id))
    session.execute(delete(Parting).where(about, Parting.reason == "", Parting.erased.is_(False)))
    session.execute(update(Parting).where(about).values(reason="", erased=True))
