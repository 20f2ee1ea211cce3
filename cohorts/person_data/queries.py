"""What cohorts store about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from academy.people.models import Group
from cohorts.roster.models import Waiting
from cohorts.workshops.models import Rsvp, Workshop


def workshops(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return to what somebody was asked and how they answered, and what they facilitated."""
    asked = select(Workshop.title, Workshop.starts_at, Rsvp.state, Rsvp.answered_at).join(
        Workshop, Workshop.id == Rsvp.workshop_id
    )
    led = select(Workshop.title, Workshop.starts_at, Workshop.state).where(Workshop.facilitator_id == person_id)
    return {
        "asked": _rows(session, asked.where(Rsvp.person_id == person_id).order_by(Workshop.starts_at)),
        "facilitated": _rows(session, led.order_by(Workshop.starts_at)),
    }


def waitlists(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return for which cohorts somebody waits for a seat."""
    mine = select(Group.name.label("cohort"), Waiting.at).join(Group, Group.id == Waiting.cohort_id)
    return _rows(session, mine.where(Waiting.person_id == person_id).order_by(Waiting.at))


def _rows(session: Session, statement: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.execute(statement)]  # noqa: SLF001 - SQLAlchemy's public name


def count_waitlists(person_id: UUID) -> ColumnElement[Any]:
    """Count the cohorts for which somebody waits, as SQL."""
    return select(func.count()).select_from(Waiting).where(Waiting.person_id == person_id).scalar_subquery()


def count_workshops(person_id: UUID) -> ColumnElement[Any]:
    """Count answers and workshops facilitated, as SQL."""
    return (
        select(func.count()).select_from(Rsvp).where(Rsvp.person_id == person_id).scalar_subquery()
        + select(func.count()).select_from(Workshop).where(Workshop.facilitator_id == person_id).scalar_subquery()
    )
