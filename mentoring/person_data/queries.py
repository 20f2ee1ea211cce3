"""What mentoring stores about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from academy.people.models import Group, Membership
from academy.privacy.queries import count_of, rows_of
from mentoring.choices.models import PairChoice
from mentoring.matches.models import Match, MatchPerson, Offer, Run, Unplaced
from mentoring.pairs.models import Pair, Parting
from mentoring.profiles.models import MentorProfile


def mentoring(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return what somebody offers as a mentor."""
    mine = select(
        Group.name.label("academy"), MentorProfile.capacity, MentorProfile.offers, MentorProfile.updated_at
    ).join(Group, Group.id == MentorProfile.group_id)
    return rows_of(session, mine.where(MentorProfile.person_id == person_id))


def matches(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return what somebody was proposed for, with the score, and how they answered. Others stay unnamed."""
    proposed = (
        select(Match.kind, MatchPerson.role, Match.state, Match.score, Run.asked_at)
        .join(MatchPerson, MatchPerson.match_id == Match.id)
        .join(Run, Run.id == Match.run_id)
        .where(MatchPerson.person_id == person_id)
        .order_by(Run.asked_at)
    )
    answered = select(Offer.state, Offer.offered_at, Offer.answered_at, Offer.reason)
    asked = select(Run.kind, Run.asked_at).where(Run.asked_by == person_id).order_by(Run.asked_at)
    decided = (
        select(PairChoice.kind, PairChoice.choice, PairChoice.at)
        .where(or_(PairChoice.one_id == person_id, PairChoice.other_id == person_id))
        .order_by(PairChoice.at)
    )
    return {
        "proposed": rows_of(session, proposed),
        "offers": rows_of(session, answered.where(Offer.person_id == person_id).order_by(Offer.offered_at)),
        "runs_asked": rows_of(session, asked),
        "decided_about": rows_of(session, decided),
    }


def pairs(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return the pairs that somebody is or was in, and why they ended one, if they said so."""
    mine = (
        select(Pair.kind, Membership.role, Pair.started_at, Pair.paused_at, Pair.ended_at, Parting.reason)
        .join(Membership, Membership.group_id == Pair.group_id)
        .outerjoin(Parting, (Parting.pair_id == Pair.id) & (Parting.person_id == person_id))
    )
    return rows_of(session, mine.where(Membership.person_id == person_id).order_by(Pair.started_at))


def count_mentoring(person_id: UUID) -> ColumnElement[Any]:
    """Count the academies in which somebody offers to mentor, as SQL."""
    return count_of(MentorProfile, MentorProfile.person_id == person_id)


def count_matches(person_id: UUID) -> ColumnElement[Any]:
    """Count what somebody was proposed for, the runs that could not place them, and what leads decided about them."""
    proposed = count_of(MatchPerson, MatchPerson.person_id == person_id)
    decided = count_of(PairChoice, or_(PairChoice.one_id == person_id, PairChoice.other_id == person_id))
    return proposed + count_of(Unplaced, Unplaced.person_id == person_id) + decided


def count_pairs(person_id: UUID) -> ColumnElement[Any]:
    """Count the pairs that somebody is or was in."""
    mine = select(func.count(Pair.id.distinct())).join(Membership, Membership.group_id == Pair.group_id)
    return mine.where(Membership.person_id == person_id).scalar_subquery()
