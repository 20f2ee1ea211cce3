"""Whom letters about workshops go to, and what they say. For jobs and reactions: nobody looks, so nothing is hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, literal, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.people.models import Group, Person
from cohorts.workshops.models import Rsvp, Workshop, WorkshopState
from cohorts.workshops.policy import attends


@dataclass(frozen=True)
class Subject:
    """A workshop that somebody is written to about, with the names around it."""

    workshop: Workshop
    group_name: str
    facilitator_name: str


def subject_of(session: Session, workshop_id: UUID) -> Subject | None:
    """Return what letters about a workshop say of it. For jobs: nobody looks, so nothing is hidden."""
    row = session.execute(
        select(Workshop, Group.name, Person.name)
        .join(Group, Group.id == Workshop.group_id)
        .join(Person, Person.id == Workshop.facilitator_id)
        .where(Workshop.id == workshop_id)
    ).one_or_none()
    return Subject(*row) if row else None


@dataclass(frozen=True)
class Recipient:
    """Somebody to write to."""

    person_id: UUID
    name: str
    mail: str
    zone: str
    state: str | None


def recipients(
    session: Session, workshop: Workshop, *, states: Sequence[str] = (), after: UUID | None, limit: int
) -> list[Recipient]:
    """Return a page of who has to know of a workshop, its facilitator too, in the order of their ids.

    Without `states` everybody who was asked; whoever belongs to the group no longer is left out.
    """
    of = aliased(Rsvp)
    asked = select(of.person_id).where(of.workshop_id == workshop.id)
    if states:
        asked = asked.where(of.state.in_(states))
    query = (
        _recipient(workshop)
        .where(
            or_(Person.id.in_(asked), Person.id == workshop.facilitator_id),
            attends(Person.__table__.c.id, literal(workshop.group_id)),
        )
        .order_by(Person.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Person.id > after)
    return [Recipient(*row) for row in session.execute(query)]


def recipient(session: Session, workshop: Workshop, person_id: UUID) -> Recipient | None:
    """Return one person to write to about a workshop, whether still asked or not; None once deactivated."""
    row = session.execute(_recipient(workshop).where(Person.id == person_id)).one_or_none()
    return Recipient(*row) if row else None


def _recipient(workshop: Workshop) -> Select[*tuple[Any, ...]]:
    return (
        select(Person.id, Person.name, Person.email, Person.zone, Rsvp.state)
        .outerjoin(Rsvp, and_(Rsvp.workshop_id == workshop.id, Rsvp.person_id == Person.id))
        .where(Person.deactivated_at.is_(None))
    )


def coming_of(session: Session, group_ids: Select[UUID]) -> dict[UUID, list[Workshop]]:
    """Return the workshops still to come in groups, by group."""
    found: dict[UUID, list[Workshop]] = defaultdict(list)
    for workshop in session.scalars(
        select(Workshop)
        .where(
            Workshop.group_id.in_(group_ids),
            Workshop.state == WorkshopState.PUBLISHED,
            Workshop.starts_at > clock.now(),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ):
        found[workshop.group_id].append(workshop)
    return found
