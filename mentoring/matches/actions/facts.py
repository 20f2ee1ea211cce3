"""What actions look up before they act, whoever is looking: offers and what they concern, places, drafts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Missing
from mentoring.matches.models import Match, MatchPerson, MatchRole, MatchState, Offer, OfferState, Run, RunState
from mentoring.matches.policy import visible_offers
from mentoring.pairs.models import PairKind
from mentoring.pairs.queries import mentees_of
from mentoring.profiles.queries import capacities_of

if TYPE_CHECKING:
    from academy.kernel.viewer import Viewer


_OPEN = (MatchState.DRAFT, MatchState.OFFERED)
"""States of a match that may still come about."""


@dataclass(frozen=True)
class Asked:
    """An offer with what an answer to it concerns."""

    offer_id: UUID
    state: str
    version: int
    expires_at: datetime
    match_id: UUID
    mentor_id: UUID
    learner_id: UUID
    run_id: UUID


@dataclass(frozen=True)
class Candidate:
    """One match of a learner and a mentor that nobody was asked about yet, or whose mentor is being asked."""

    match_id: UUID
    learner_id: UUID
    mentor_id: UUID
    score: int


def _asked(*where: Any) -> Select[*tuple[Any, ...]]:
    learner = aliased(MatchPerson)
    return (
        select(
            Offer.id,
            Offer.state,
            Offer.version,
            Offer.expires_at,
            Offer.match_id,
            Offer.person_id.label("mentor_id"),
            learner.person_id.label("learner_id"),
            Match.run_id,
        )
        .join(Match, Match.id == Offer.match_id)
        .join(learner, (learner.match_id == Offer.match_id) & (learner.role == MatchRole.LEARNER))
        .where(*where)
        .order_by(Offer.id)
    )


def _asked_from(row: Row[Any]) -> Asked:
    return Asked(
        row.id,
        row.state,
        row.version,
        row.expires_at,
        row.match_id,
        row.mentor_id,
        row.learner_id,
        row.run_id,
    )


def asked(session: Session, offer_id: UUID) -> Asked:
    """Return an offer with what it concerns; `Missing` when there is none."""
    row = session.execute(_asked(Offer.id == offer_id)).one_or_none()
    if row is None:
        raise Missing
    return _asked_from(row)


def asked_of(session: Session, viewer: Viewer, offer_id: UUID) -> Asked:
    """Return one of the viewer's own offers; anybody else's is `Missing`."""
    row = session.execute(_asked(Offer.id == offer_id, visible_offers(viewer))).one_or_none()
    if row is None:
        raise Missing
    return _asked_from(row)


def pending_with(session: Session, person_ids: Iterable[UUID], *, group_id: UUID | None = None) -> list[Asked]:
    """Return the pending offers that concern any of these people, perhaps those of one group only."""
    concerned = select(MatchPerson.match_id).where(MatchPerson.person_id.in_(set(person_ids)))
    query = _asked(Offer.state == OfferState.PENDING, Offer.match_id.in_(concerned))
    if group_id is not None:
        query = query.join(Run, Run.id == Match.run_id).where(Run.group_id == group_id)
    return [_asked_from(row) for row in session.execute(query)]


def places_of(
    session: Session, academy_group_id: UUID, mentor_ids: Iterable[UUID], *, holding: bool
) -> dict[UUID, int]:
    """Return how many more people each mentor takes now; who offers no mentoring is left out.

    With `holding`, a pending offer holds its place. A lowered capacity counts as no place, never as fewer.
    """
    capacities = capacities_of(session, academy_group_id, mentor_ids)
    mentees = mentees_of(session, academy_group_id, capacities)
    held: dict[UUID, int] = {}
    if holding:
        held = {
            row.person_id: row.held
            for row in session.execute(
                select(Offer.person_id, func.count().label("held"))
                .where(Offer.state == OfferState.PENDING, Offer.person_id.in_(capacities))
                .group_by(Offer.person_id)
            )
        }
    return {person: max(0, capacity - mentees[person] - held.get(person, 0)) for person, capacity in capacities.items()}


def pending_of(session: Session, mentor_ids: Iterable[UUID]) -> list[Asked]:
    """Return the offers that these mentors have not answered yet, of every run."""
    query = _asked(Offer.state == OfferState.PENDING, Offer.person_id.in_(set(mentor_ids)))
    return [_asked_from(row) for row in session.execute(query)]


def candidates(session: Session, run_id: UUID) -> list[Candidate]:
    """Return what a run may still ask or is asking, each learner's best first. One statement."""
    learner, mentor = aliased(MatchPerson), aliased(MatchPerson)
    rows = session.execute(
        select(Match.id, learner.person_id, mentor.person_id, Match.score)
        .join(learner, (learner.match_id == Match.id) & (learner.role == MatchRole.LEARNER))
        .join(mentor, (mentor.match_id == Match.id) & (mentor.role == MatchRole.MENTOR))
        .where(Match.run_id == run_id, Match.state.in_(_OPEN))
        .order_by(Match.rank, Match.id)
    )
    return [Candidate(*row) for row in rows]


def people_of(session: Session, run_id: UUID) -> set[UUID]:
    """Return everybody whom a run may still ask, or ask for, or is asking. One statement."""
    rows = session.scalars(
        select(MatchPerson.person_id)
        .join(Match, Match.id == MatchPerson.match_id)
        .where(Match.run_id == run_id, Match.state.in_(_OPEN))
        .distinct()
    )
    return set(rows)


def proposed_in(session: Session, match_id: UUID) -> tuple[UUID, UUID] | None:
    """Return the run that proposed a match and its learner; None where the match was erased."""
    row = session.execute(
        select(Match.run_id, MatchPerson.person_id)
        .join(MatchPerson, (MatchPerson.match_id == Match.id) & (MatchPerson.role == MatchRole.LEARNER))
        .where(Match.id == match_id)
    ).one_or_none()
    return None if row is None else (row.run_id, row.person_id)


def runs_with(session: Session, person_id: UUID) -> list[UUID]:
    """Return of each group the mentors' proposal published last, where somebody is in it. One statement."""
    newest: dict[UUID, UUID] = {}
    concerned = select(Match.run_id).join(MatchPerson, MatchPerson.match_id == Match.id)
    for row in session.execute(
        select(Run.group_id, Run.id)
        .where(
            Run.state == RunState.PUBLISHED,
            Run.kind == PairKind.MENTORSHIP,
            Run.id.in_(concerned.where(MatchPerson.person_id == person_id)),
        )
        .order_by(Run.asked_at.desc(), Run.id.desc())
    ):
        newest.setdefault(row.group_id, row.id)
    return list(newest.values())


def people_in(session: Session, run_id: UUID, *, rank: int | None = None) -> dict[UUID, dict[UUID, str]]:
    """Return the drafts of a run, the best first, with who is in each as what; perhaps of one rank only."""
    query = (
        select(MatchPerson.match_id, MatchPerson.person_id, MatchPerson.role)
        .join(Match, Match.id == MatchPerson.match_id)
        .where(Match.run_id == run_id, Match.state == MatchState.DRAFT)
        .order_by(Match.score.desc(), Match.id, MatchPerson.role, MatchPerson.person_id)
    )
    if rank is not None:
        query = query.where(Match.rank == rank)
    found: dict[UUID, dict[UUID, str]] = {}
    for row in session.execute(query):
        found.setdefault(row.match_id, {})[row.person_id] = row.role
    return found
