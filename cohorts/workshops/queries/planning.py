"""What scheduling and asking needs: who is in a group, who may lead, what to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from academy.kernel.access import Missing
from academy.kernel.db import ask
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, Membership, Person
from academy.people.policy import Right, reaches, reaches_far
from academy.people.queries import Face
from academy.tracks.models import Activity, Delivery, TrackPart
from cohorts.workshops.engine import hours
from cohorts.workshops.models import Rsvp
from cohorts.workshops.policy import ATTENDING, LEADING, present, schedulable_groups

ACTIVITY = "workshop"


@dataclass(frozen=True)
class Guest:
    """Somebody who was asked, and what they said."""

    face: Face
    state: str


@dataclass(frozen=True)
class Plan:
    """What a form for scheduling needs to know of a group."""

    group_id: UUID
    name: str
    zone: str | None
    people: tuple[Face, ...]
    facilitators: tuple[Face, ...]
    activities: tuple[tuple[UUID, str], ...]


def guests_of(session: Session, workshop_ids: Sequence[UUID]) -> dict[UUID, list[Guest]]:
    """Return who was asked to each workshop, by name. The caller has found the workshops for their viewer."""
    found: dict[UUID, list[Guest]] = {workshop_id: [] for workshop_id in workshop_ids}
    for row in session.execute(
        select(Rsvp.workshop_id, Rsvp.state, Person.id, Person.name, Person.pronouns, Person.zone)
        .join(Person, Person.id == Rsvp.person_id)
        .where(Rsvp.workshop_id.in_(workshop_ids), Person.deactivated_at.is_(None))
        .order_by(Person.name, Person.id)
    ):
        found[row.workshop_id].append(Guest(Face(row.id, row.name, row.pronouns, row.zone), row.state))
    return found


def somebody(people: Sequence[Face | Viewer]) -> list[hours.Somebody]:
    """Return people as rows of an overlap picture."""
    return [hours.Somebody(p.id if isinstance(p, Face) else p.person_id, p.name, p.zone) for p in people]


def plan_for(session: Session, viewer: Viewer, group_id: UUID) -> Plan:
    """Return what the form for scheduling needs; raises `Missing`. Three statements."""
    group = session.execute(
        select(Group.name, Delivery.zone)
        .outerjoin(Delivery, Delivery.group_id == Group.id)
        .where(Group.id == group_id, reaches(viewer, Right.SCHEDULE, Group.id))
    ).one_or_none()
    if group is None:
        raise Missing
    members = present_people(session, group_id)
    people = tuple({f.id: f for f, role, depth in members if depth == 0 and role in ATTENDING}.values())
    activities = tuple(activities_of(session, group_id))
    return Plan(group_id, group.name, group.zone, people, leaders(members), activities)


def activities_of(session: Session, group_id: UUID) -> list[tuple[UUID, str]]:
    """Return the workshop activities of the track that a group learns by, in its order, as (id, title)."""
    rows = session.execute(
        select(Activity.id, Activity.title)
        .join(TrackPart, TrackPart.module_version_id == Activity.module_version_id)
        .join(Delivery, Delivery.track_version_id == TrackPart.track_version_id)
        .where(Delivery.group_id == group_id, Activity.kind == ACTIVITY)
        .order_by(TrackPart.position, Activity.position)
    )
    return [(row.id, row.title) for row in rows]


def present_people(session: Session, group_id: UUID) -> list[tuple[Face, str, int]]:
    """Return who is in a group or in one above it now, as (person, role, levels above), by name."""
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Membership.role, GroupAncestor.depth)
        .join(Membership, Membership.person_id == Person.id)
        .join(GroupAncestor, GroupAncestor.ancestor_id == Membership.group_id)
        .where(
            GroupAncestor.group_id == group_id,
            present(),
            Person.deactivated_at.is_(None),
            or_(GroupAncestor.depth == 0, Membership.role.in_(LEADING)),
        )
        .order_by(Person.name, Person.id, GroupAncestor.depth)
    )
    return [(Face(r.id, r.name, r.pronouns, r.zone), r.role, r.depth) for r in rows]


def leaders(members: Sequence[tuple[Face, str, int]]) -> tuple[Face, ...]:
    """Return who may lead a workshop: members who come to workshops, and who schedules from above."""
    fit = {f.id: f for f, role, depth in members if role in (ATTENDING if depth == 0 else LEADING)}
    return tuple(fit.values())


@cache
def _schedulable(*, far: bool) -> Prepared:
    return Prepared(
        lambda viewer: (
            select(Group.id, Group.name)
            .where(Group.id.in_(schedulable_groups(viewer, far=far)), Group.closed_at.is_(None))
            .order_by(Group.name, Group.id)
        )
    )


def schedulable_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the open cohorts that the viewer may schedule workshops for, as (id, name)."""
    return [(row.id, row.name) for row in ask(session, *_schedulable(far=reaches_far(viewer))(viewer))]
