"""Makers of cohorts with people in several zones, and of workshops for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.viewer import Viewer
from academy.people.models import GroupKind, Role
from cohorts.workshops import actions
from cohorts.workshops.models import Rsvp, Workshop
from tests.factories import people as make


@dataclass
class Cohort:
    """A cohort below an academy: a lead above it, a facilitator and learners in it."""

    academy_id: UUID
    group_id: UUID
    lead: UUID
    facilitator: UUID
    learners: list[UUID] = field(default_factory=list)


def cohort(
    kernel: Kernel,
    *,
    learners: int = 3,
    zones: Sequence[str] = ("Europe/Lisbon", "Africa/Lagos", "America/New_York"),
    name: str = "Cohort Kestrel",
) -> Cohort:
    """Make a cohort; learners live in `zones` by turns, lead and facilitator in Berlin."""
    academy_id = make.group(kernel, GroupKind.ACADEMY, "Fernhill Academy")
    group_id = make.group(kernel, GroupKind.COHORT, name, academy_id)
    lead = make.member(kernel, academy_id, make.person(kernel, "Ling Chen", zone="Europe/Berlin"), Role.LEAD)
    facilitator = make.member(
        kernel, group_id, make.person(kernel, "Ingrid Moe", zone="Europe/Berlin"), Role.FACILITATOR
    )
    made = Cohort(academy_id, group_id, lead, facilitator)
    for number in range(learners):
        made.learners.append(learner(kernel, made, zone=zones[number % len(zones)]))
    return made


def learner(kernel: Kernel, of: Cohort, *, name: str = "", zone: str = "Europe/Lisbon") -> UUID:
    """Make one more learner."""
    return make.member(kernel, of.group_id, make.person(kernel, name, zone=zone), Role.LEARNER)


def written(of: Cohort, **other: Any) -> dict[str, Any]:
    """Return what a lead writes about a workshop: Thursday 14 January 2027, 16:00 in Berlin."""
    return {
        "title": "Role-play circle",
        "agenda_md": "1. Settle\n2. Show",
        "agenda_html": "<ol><li>Settle</li><li>Show</li></ol>",
        "wall_start": "2027-01-14T16:00",
        "zone": "Europe/Berlin",
        "minutes": 60,
        "venue_url": "https://meet.example/kestrel",
        "facilitator_id": of.facilitator,
        **other,
    }


def workshop(kernel: Kernel, of: Cohort, *, by: UUID | None = None, **other: Any) -> UUID:
    """Schedule a workshop as the lead and return its id."""
    viewer = make.viewer(kernel, by or of.lead)
    made = kernel.commit(
        lambda session: actions.schedule(session, viewer=viewer, group_id=of.group_id, **written(of, **other))
    )
    return made.id


def answer(kernel: Kernel, workshop_id: UUID, person_id: UUID, state: str = "going", asked: int | None = None) -> str:
    """Answer as somebody."""
    viewer: Viewer = make.viewer(kernel, person_id)
    return kernel.commit(
        lambda session: actions.answer(session, viewer=viewer, workshop_id=workshop_id, state=state, asked=asked)
    )


def stored(kernel: Kernel, workshop_id: UUID) -> Workshop:
    """Return a workshop as it is stored."""
    with kernel.reading() as session:
        found = session.get_one(Workshop, workshop_id)
        session.expunge(found)
        return found


def answers(kernel: Kernel, workshop_id: UUID) -> dict[UUID, str]:
    """Return what everybody who was asked has answered."""
    with kernel.reading() as session:
        return {
            row.person_id: row.state
            for row in session.execute(select(Rsvp.person_id, Rsvp.state).where(Rsvp.workshop_id == workshop_id))
        }
