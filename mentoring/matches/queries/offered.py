"""Questions about offers: those that wait for an answer, those that are over, and why people said no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, exists, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock, prepared
from academy.kernel.access import Missing
from academy.kernel.db import ask
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, Person
from academy.people.queries import Face
from mentoring.matches.models import Match, MatchPerson, MatchRole, Offer, OfferState, Run
from mentoring.matches.policy import visible_offers
from mentoring.matches.queries.proposed import whole_parts
from mentoring.pairs.models import Pair
from mentoring.pairs.queries import months, told

if TYPE_CHECKING:
    from matching.types import Parts

ANSWERED_SHOWN = 30


@dataclass(frozen=True)
class OfferLine:
    """An offer as the person sees it who is asked. `state` is expired as soon as its time is over.

    `score` is how well the two fit, out of 10,000; `parts` are empty while that is being written down.
    """

    offer_id: UUID
    state: str
    version: int
    offered_at: datetime
    expires_at: datetime
    learner: Face
    group_name: str
    parts: list[Parts]
    week: str
    score: int
    space_id: UUID | None


def offers_for(session: Session, viewer: Viewer, *, answered: bool = False) -> list[OfferLine]:
    """Return the viewer's offers that wait for an answer, the most urgent first; else those that are over."""
    asked = (_ANSWERED if answered else _WAITING)(viewer)
    now = clock.now()
    return [_offer_line(row, now) for row in ask(session, *asked)]


def offers_part(session: Session, viewer: Viewer, span: Span, *, state: str | None) -> Part[OfferLine]:
    """Return part of the viewer's offers, those in one state if it is named. One statement."""
    now, query = clock.now(), _offers(viewer)
    if state is not None:
        over = (Offer.state == OfferState.PENDING) & (Offer.expires_at <= now)
        query = query.where(case((over, OfferState.EXPIRED.value), else_=Offer.state) == state)
    return part(session, query, Offer.id, span, lambda row: _offer_line(row, now), attrgetter("offer_id"))


def offer_for(session: Session, viewer: Viewer, offer_id: UUID) -> OfferLine:
    """Return one of the viewer's own offers; anybody else's is `Missing`."""
    row = session.execute(_offers(viewer).where(Offer.id == offer_id)).one_or_none()
    if row is None:
        raise Missing
    return _offer_line(row, clock.now())


def offers_by_id(session: Session, viewer: Viewer, offer_ids: Sequence[UUID]) -> dict[UUID, OfferLine]:
    """Return those of the given offers that are the viewer's own, for notices."""
    now = clock.now()
    rows = session.execute(_offers(viewer).where(Offer.id.in_(set(offer_ids))))
    return {row.id: _offer_line(row, now) for row in rows}


def _offers(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    learner = aliased(MatchPerson)
    return (
        select(
            Offer.id,
            Offer.state,
            Offer.version,
            Offer.offered_at,
            Offer.expires_at,
            Match.parts,
            Match.facts,
            Match.score,
            Run.settings,
            Group.name.label("group_name"),
            Person.id.label("learner_id"),
            Person.name,
            Person.pronouns,
            Person.zone,
            Pair.space_id,
        )
        .join(Match, Match.id == Offer.match_id)
        .join(Run, Run.id == Match.run_id)
        .join(Group, Group.id == Run.group_id)
        .join(learner, (learner.match_id == Match.id) & (learner.role == MatchRole.LEARNER))
        .join(Person, Person.id == learner.person_id)
        .outerjoin(Pair, Pair.match_id == Match.id)
        .where(visible_offers(viewer))
    )


def _waits() -> ColumnElement[bool]:
    return (Offer.state == OfferState.PENDING) & (Offer.expires_at > prepared.now())


_WAITING = Prepared(lambda viewer: _offers(viewer).where(_waits()).order_by(Offer.expires_at, Offer.id))
_ANSWERED = Prepared(
    lambda viewer: (
        _offers(viewer).where(~_waits()).order_by(Offer.offered_at.desc(), Offer.id.desc()).limit(ANSWERED_SHOWN)
    )
)


def _offer_line(row: Row[Any], now: datetime) -> OfferLine:
    over = row.state == OfferState.PENDING and row.expires_at <= now
    return OfferLine(
        offer_id=row.id,
        state=OfferState.EXPIRED.value if over else row.state,
        version=row.version,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        learner=Face(row.learner_id, row.name, row.pronouns, row.zone),
        group_name=row.group_name,
        parts=whole_parts(row.parts, row.facts),
        week=row.settings.get("week", ""),
        score=row.score,
        space_id=row.space_id,
    )


def reasons_told(session: Session) -> list[tuple[tuple[date, date], list[str]]]:
    """Return why people declined, by runs of finished months, as `mentoring.pairs.queries.told` tells them.

    The caller has checked who asks. One statement.
    """
    this_month, since = months()
    erased = ~exists().where(MatchPerson.match_id == Offer.match_id)
    text = case((Offer.answered_at >= since, Offer.reason), else_="")
    rows = session.execute(
        select(Offer.answered_at, Offer.person_id, text.label("reason"), erased.label("erased"))
        .where(Offer.state == OfferState.DECLINED, or_(Offer.reason != "", erased), Offer.answered_at < this_month)
        .order_by(Offer.answered_at, Offer.id)
    )
    return told(rows, this_month, since)
