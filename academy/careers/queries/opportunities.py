"""The board of opportunities, each with what is left for its reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from academy.careers import engine
from academy.careers.engine import Gap
from academy.careers.models import Occupation, OccupationSkill, Opportunity, OpportunitySkill
from academy.careers.policy import academies, members_of
from academy.careers.queries.gaps import Voice
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import Instant
from academy.kernel.paging import Part, Span, part
from academy.kernel.viewer import Viewer
from academy.people.models import Group, Membership, Person
from academy.people.policy import Right, reaches
from academy.people.queries import Face
from academy.skills.models import Framework, PersonSkill, Skill, SkillStatement

PAGE = 60
BESIDE = 12
"""Occupations and opportunities named beside a skill, of each kind."""


@dataclass(frozen=True)
class OpportunityLine:
    """An opportunity as its board shows it, with the reader's gap to each skill, the largest first."""

    id: UUID
    title: str
    group_id: UUID
    academy: str
    closes_on: date
    is_open: bool
    created_at: datetime
    gaps: Sequence[Gap]

    @property
    def remaining(self) -> int:
        """Return the levels to go in all."""
        return engine.to_go(self.gaps)


@dataclass(frozen=True)
class OpportunityView(OpportunityLine):
    """An opportunity as its own page shows it."""

    body_md: str
    body_html: str
    closed_by_hand: bool
    contact: Face | None
    version: int
    keeps: bool


def today() -> date:
    """Return the day that is not over anywhere yet."""
    return (clock.now() - timedelta(hours=12)).date()


def _is_open() -> ColumnElement[bool]:
    return and_(Opportunity.closed_at.is_(None), Opportunity.closes_on >= today())


_LINE = (
    *(Opportunity.id, Opportunity.title, Opportunity.group_id, Group.name.label("academy"), Opportunity.closes_on),
    *(Opportunity.closed_at, Opportunity.created_at),
)


def _seen(viewer: Viewer, *more: Any) -> Select[*tuple[Any, ...]]:
    return select(*_LINE, *more).join(Group, Group.id == Opportunity.group_id).where(academies(viewer))


def opportunities_for(
    session: Session, viewer: Viewer, span: Span, *, is_open: bool | None = None
) -> Part[OpportunityLine]:
    """Return part of the opportunities of the viewer's academies, the newest first. Two statements."""
    query = _seen(viewer)
    if is_open is not None:
        query = query.where(_is_open() if is_open else ~_is_open())
    found = part(session, query, Opportunity.id, span, lambda row: row)
    left = _gaps(session, viewer, [row.id for row in found.items])
    return Part([OpportunityLine(**_plain(row), gaps=left[row.id]) for row in found.items], found.next)


def _plain(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "group_id": row.group_id,
        "academy": row.academy,
        "closes_on": row.closes_on,
        "is_open": row.closed_at is None and row.closes_on >= today(),
        "created_at": row.created_at,
    }


def _gaps(session: Session, viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, list[Gap]]:
    asked: dict[UUID, list[tuple[UUID, str, int]]] = defaultdict(list)
    levels: dict[UUID, int] = {}
    rows = session.execute(
        select(
            *(OpportunitySkill.opportunity_id, Skill.id, Skill.label, OpportunitySkill.level),
            PersonSkill.level.label("now"),
        )
        .join(Skill, Skill.id == OpportunitySkill.skill_id)
        .outerjoin(PersonSkill, and_(PersonSkill.skill_id == Skill.id, PersonSkill.person_id == viewer.person_id))
        .where(OpportunitySkill.opportunity_id.in_(ids))
    )
    for row in rows:
        asked[row.opportunity_id].append((row.id, row.label, row.level))
        levels[row.id] = row.now or 0
    return {one: engine.gaps(asked[one], levels) for one in ids}


def opportunity_for(session: Session, viewer: Viewer, opportunity_id: UUID) -> OpportunityView:
    """Return an opportunity of one of the viewer's academies; raises `Missing`. Two statements."""
    keeps = reaches(viewer, Right.OFFER, Group.id).label("keeps")
    row = session.execute(
        _seen(
            viewer,
            *(Opportunity.body_md, Opportunity.body_html, Opportunity.version, keeps),
            *(Person.id.label("contact_id"), Person.name.label("contact"), Person.pronouns, Person.zone),
        )
        .outerjoin(Person, and_(Person.id == Opportunity.contact_id, Person.deactivated_at.is_(None)))
        .where(Opportunity.id == opportunity_id)
    ).one_or_none()
    if row is None:
        raise Missing
    return OpportunityView(
        **_plain(row),
        gaps=_gaps(session, viewer, [row.id])[row.id],
        body_md=row.body_md,
        body_html=row.body_html,
        closed_by_hand=row.closed_at is not None,
        contact=Face(row.contact_id, row.contact, row.pronouns, row.zone) if row.contact_id else None,
        version=row.version,
        keeps=bool(row.keeps),
    )


def home_for(session: Session, viewer: Viewer, opportunity_id: UUID) -> UUID:
    """Return the academy of an opportunity that the viewer sees, its row held; raises `Missing`. One statement."""
    found = session.scalars(
        select(Opportunity.group_id)
        .join(Group, Group.id == Opportunity.group_id)
        .where(Opportunity.id == opportunity_id, academies(viewer))
        .with_for_update(of=Opportunity)
    ).one_or_none()
    if found is None:
        raise Missing
    return found


def belongs(session: Session, group_id: UUID, person_id: UUID) -> bool:
    """Say whether somebody belongs to an academy or its cohorts. One statement."""
    return session.execute(members_of(group_id).where(Membership.person_id == person_id).limit(1)).first() is not None


def called(session: Session, group_id: UUID, name: str) -> list[UUID]:
    """Return who of an academy is called so, two at most. One statement."""
    rows = session.scalars(
        select(Person.id)
        .where(
            func.lower(Person.name) == " ".join(name.split()).lower(),
            Person.id.in_(members_of(group_id)),
            Person.deactivated_at.is_(None),
        )
        .limit(2)
    )
    return list(rows)


@dataclass(frozen=True)
class Asks:
    """What stands beside a skill: an occupation or opportunity that asks for it, or a voice on the viewer's own level.

    `by` is the framework, the academy, or the side from which the voice speaks.
    """

    kind: str
    id: UUID | None
    label: str
    by: str
    level: int
    at: datetime | None = None

    @property
    def voice(self) -> Voice:
        """Return it as one statement of a level."""
        face = Face(self.id, self.label, "", "") if self.id else None
        return Voice(self.by, self.level, self.at or clock.now(), face)


def asking_for(session: Session, viewer: Viewer, skill_id: UUID) -> list[Asks]:
    """Return who says at which level the viewer has a skill, and what asks for it.

    One statement, at most BESIDE of each kind: opportunities that the viewer sees, the newest, and occupations,
    what asks for least first.
    """
    offered = (
        select(
            *(literal("opportunity").label("kind"), Opportunity.id, Opportunity.title.label("label")),
            *(Group.name.label("by"), OpportunitySkill.level, Opportunity.created_at.label("at")),
        )
        .join(OpportunitySkill, OpportunitySkill.opportunity_id == Opportunity.id)
        .join(Group, Group.id == Opportunity.group_id)
        .where(OpportunitySkill.skill_id == skill_id, academies(viewer), _is_open())
        .order_by(Opportunity.id.desc())
        .limit(BESIDE)
        .subquery()
    )
    needed = (
        select(
            *(literal("occupation").label("kind"), Occupation.id, Occupation.label),
            *(Framework.name.label("by"), OccupationSkill.level, literal(None, Instant()).label("at")),
        )
        .join(OccupationSkill, OccupationSkill.occupation_id == Occupation.id)
        .join(Framework, Framework.id == Occupation.framework_id)
        .where(OccupationSkill.skill_id == skill_id)
        .order_by(OccupationSkill.level, Occupation.label, Occupation.id)
        .limit(BESIDE)
        .subquery()
    )
    voices = (
        select(
            *(literal("voice").label("kind"), Person.id, func.coalesce(Person.name, "").label("label")),
            *(SkillStatement.source.label("by"), SkillStatement.level, SkillStatement.at),
        )
        .outerjoin(Person, Person.id == SkillStatement.said_by_id)
        .where(SkillStatement.person_id == viewer.person_id, SkillStatement.skill_id == skill_id)
        .order_by(SkillStatement.at.desc())
        .limit(BESIDE)
        .subquery()
    )
    rows = session.execute(union_all(select(offered), select(needed), select(voices)))
    found = [Asks(row.kind, row.id, row.label, row.by, row.level, row.at) for row in rows]
    return sorted(found, key=lambda one: (one.kind != "opportunity", one.level, one.label.casefold()))
