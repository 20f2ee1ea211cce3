"""What cohorts store about a person, as plain values, and how much of it there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from academy.people.models import Group
from academy.privacy.queries import count_of, rows_of
from cohorts.roster.models import Waiting
from cohorts.workshops.models import Rsvp, Workshop


def workshops(session: Session, person_id: UUID) -> dict[str, Any]:
    """Return to what somebody was asked and how they answered, and what they facilitated."""
    asked = select(Workshop.title, Workshop.starts_at, Rsvp.state, Rsvp.answered_at).join(
        Workshop, Workshop.id == Rsvp.workshop_id
    )
    led = select(Workshop.title, Workshop.starts_at, Workshop.state).where(Workshop.facilitator_id == person_id)
    return {
        "asked": rows_of(session, asked.where(Rsvp.person_id == person_id).order_by(Workshop.starts_at)),
        "facilitated": rows_of(session, led.order_by(Workshop.starts_at)),
    }


def waitlists(session: Session, person_id: UUID) -> list[dict[str, Any]]:
    """Return for which cohorts somebody waits for a seat."""
    mine = select(Group.name.label("cohort"), Waiting.at).join(Group, Group.id == Waiting.cohort_id)
    return rows_of(session, mine.where(Waiting.person_id == person_id).order_by(Waiting.at))


def count_waitlists(person_id: UUID) -> ColumnElement[Any]:
    """Count the cohorts for which somebody waits, as SQL."""
    return count_of(Waiting, Waiting.person_id == person_id)


def count_workshops(person_id: UUID) -> ColumnElement[Any]:
    """Count answers and workshops facilitated, as SQL."""
    return count_of(Rsvp, Rsvp.person_id == person_id) + count_of(Workshop, Workshop.facilitator_id == person_id)
