"""How the viewer stands to somebody: what they may state of them, and what they may see of their gap."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.careers.policy import led, paired
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.people.models import Person, Role
from academy.people.queries import Face


@dataclass(frozen=True)
class Standing:
    """`source` is the side from which the viewer may state levels, None for none.

    `sees_gap`: the viewer is their mentor, or runs their cohort or academy.
    """

    face: Face
    source: str | None
    sees_gap: bool


def standing_for(session: Session, viewer: Viewer, person_id: UUID) -> Standing:
    """Say how the viewer stands to somebody else; raises `Missing` for themselves and for nobody. One statement."""
    me = viewer.person_id
    row = session.execute(
        select(
            *(Person.id, Person.name, Person.pronouns, Person.zone),
            (Person.manager_id == me).label("manages"),
            paired(me, person_id, Role.MENTOR, Role.LEARNER).label("mentors"),
            paired(me, person_id, Role.LEARNER, Role.LEARNER).label("learns_beside"),
            led(viewer, person_id).label("led"),
        ).where(Person.id == person_id, Person.id != me, Person.deactivated_at.is_(None))
    ).one_or_none()
    if row is None:
        raise Missing
    source = "manager" if row.manages else "mentor" if row.mentors else "peer" if row.learns_beside else None
    face = Face(row.id, row.name, row.pronouns, row.zone)
    return Standing(face, source, sees_gap=bool(row.mentors or row.led))


def stated_for(session: Session, viewer: Viewer, person_id: UUID) -> Standing:
    """Return the standing of somebody who may state a person's levels; to others the person is `Missing`."""
    found = standing_for(session, viewer, person_id)
    if found.source is None:
        raise Missing
    return found


def gap_seen_for(session: Session, viewer: Viewer, person_id: UUID) -> Standing:
    """Return the standing of somebody who may see a person's gap; to others the person is `Missing`."""
    found = standing_for(session, viewer, person_id)
    if not found.sees_gap:
        raise Missing
    return found
