"""Questions about workshops. What the viewer may not see is not found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import Instant, ask
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared, now
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Person
from academy.people.queries import Face
from academy.tracks.models import Activity, Delivery, TrackPart
from cohorts.workshops.engine import hours, times
from cohorts.workshops.models import Rsvp, RsvpState, Workshop, WorkshopState
from cohorts.workshops.policy import ATTENDING, LEADING, attends, present, schedulable_groups, visible_groups

LONGEST = timedelta(minutes=600)
PAST = 20
ACTIVITY = "workshop"


@dataclass(frozen=True, kw_only=True)
class WorkshopLine:
    """A workshop as lists show it to one viewer; `answer` is None for who was not asked."""

    id: UUID
    group_id: UUID
    group_name: str
    title: str
    starts_at: datetime
    minutes: int
    zone: str
    state: str
    capacity: int | None
    going: int
    activity_id: UUID | None
    facilitator: Face
    answer: str | None
    leads: bool
    may_schedule: bool

    @property
    def ends_at(self) -> datetime:
        """Return when it is over."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def cancelled(self) -> bool:
        """Say whether it will not happen."""
        return self.state == WorkshopState.CANCELLED

    @property
    def started(self) -> bool:
        """Say whether it has begun, or is over."""
        return clock.now() >= self.starts_at

    @property
    def over(self) -> bool:
        """Say whether its time has passed."""
        return clock.now() >= self.ends_at

    @property
    def opens_at(self) -> datetime:
        """Return when the door opens: ten minutes before."""
        return self.starts_at - times.OPENS_BEFORE

    @property
    def open(self) -> bool:
        """Say whether one can join now."""
        return not self.cancelled and self.opens_at <= clock.now() < self.ends_at

    @property
    def full(self) -> bool:
        """Say whether all seats are taken."""
        return self.capacity is not None and self.going >= self.capacity


@dataclass(frozen=True, kw_only=True)
class WorkshopDetail(WorkshopLine):
    """A workshop with all that its own page shows."""

    agenda_md: str
    agenda_html: str
    wall_start: str
    venue_url: str
    version: int
    asked_sequence: int | None


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


def _select(viewer: Viewer, *more: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Workshop.id,
            Workshop.group_id,
            Group.name.label("group_name"),
            Workshop.title,
            Workshop.starts_at,
            Workshop.minutes,
            Workshop.zone,
            Workshop.state,
            Workshop.capacity,
            Workshop.going,
            Workshop.activity_id,
            Person.id.label("face_id"),
            Person.name.label("face_name"),
            Person.pronouns.label("face_pronouns"),
            Person.zone.label("face_zone"),
            Rsvp.state.label("answer"),
            Workshop.group_id.in_(schedulable_groups(viewer)).label("may_schedule"),
            *more,
        )
        .join(Group, Group.id == Workshop.group_id)
        .join(Person, Person.id == Workshop.facilitator_id)
        .outerjoin(Rsvp, and_(Rsvp.workshop_id == Workshop.id, Rsvp.person_id == viewer.person_id))
        .where(Workshop.group_id.in_(visible_groups(viewer)))
    )


def _fields(viewer: Viewer, row: Row[Any]) -> dict[str, Any]:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    face = Face(*(found.pop(f"face_{name}") for name in ("id", "name", "pronouns", "zone")))
    return {**found, "facilitator": face, "leads": face.id == viewer.person_id}


def workshops_for(
    session: Session,
    viewer: Viewer,
    since: datetime | None = None,
    until: datetime | None = None,
    group_id: UUID | None = None,
    *,
    activity_id: UUID | None = None,
    cancelled: bool = False,
) -> list[WorkshopLine]:
    """Return workshops of the viewer's groups that end after `since` and begin before `until`, in order.

    One statement. Without `since` the latest that are over come first, at most 20 of them.
    """
    at = since or clock.now()
    begins = since - LONGEST if since else at
    given = {"since": begins, "until": until, "group_id": group_id, "activity_id": activity_id}
    used = {name: value for name, value in given.items() if value is not None}
    rows = ask(session, *_listing(frozenset(used), coming=bool(since), cancelled=cancelled)(viewer, **used))
    lines = [WorkshopLine(**_fields(viewer, row)) for row in rows]
    return [line for line in lines if (line.ends_at > at if since else line.ends_at <= at)]


@cache
def _listing(used: frozenset[str], *, coming: bool, cancelled: bool) -> Prepared:
    since, starts = bindparam("since", type_=Instant()), Workshop.starts_at
    narrowed = {
        "until": starts < bindparam("until", type_=Instant()),
        "group_id": Workshop.group_id == bindparam("group_id"),
        "activity_id": Workshop.activity_id == bindparam("activity_id"),
    }
    wanted = [condition for name, condition in narrowed.items() if name in used]
    wanted += [] if cancelled else [Workshop.state == WorkshopState.PUBLISHED]
    if coming:
        return Prepared(lambda v: _select(v).where(starts > since, *wanted).order_by(starts, Workshop.id))
    wanted.append(starts < since)
    return Prepared(lambda v: _select(v).where(*wanted).order_by(starts.desc(), Workshop.id).limit(PAST))


def workshops_part(session: Session, viewer: Viewer, span: Span, group_id: UUID | None) -> Part[WorkshopLine]:
    """Return part of the workshops of the viewer's groups, or of one of them. One statement."""
    query = _select(viewer) if group_id is None else _select(viewer).where(Workshop.group_id == group_id)
    return part(session, query, Workshop.id, span, lambda row: WorkshopLine(**_fields(viewer, row)))


def workshop_for(session: Session, viewer: Viewer, workshop_id: UUID) -> WorkshopDetail:
    """Find a workshop of one of the viewer's groups; raises `Missing`. One statement."""
    text = (Workshop.agenda_md, Workshop.agenda_html, Workshop.wall_start, Workshop.venue_url)
    query = _select(viewer, *text, Workshop.version, Rsvp.asked_sequence).where(Workshop.id == workshop_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise Missing
    return WorkshopDetail(**_fields(viewer, row))


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
        .where(Group.id == group_id, Group.id.in_(schedulable_groups(viewer)))
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


def schedulable_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the open cohorts that the viewer may schedule workshops for, as (id, name)."""
    rows = session.execute(
        select(Group.id, Group.name)
        .where(Group.id.in_(schedulable_groups(viewer)), Group.kind == GroupKind.COHORT, Group.closed_at.is_(None))
        .order_by(Group.name)
    )
    return [(row.id, row.name) for row in rows]


def unanswered(viewer: Viewer) -> ScalarSelect[int]:
    """Count coming workshops that wait for the viewer's answer: the badge of the navigation."""
    return (
        select(func.count(Rsvp.workshop_id))
        .join(Workshop, Workshop.id == Rsvp.workshop_id)
        .where(
            Rsvp.person_id == viewer.person_id,
            *(Rsvp.state == RsvpState.INVITED, Workshop.state == WorkshopState.PUBLISHED),
            Workshop.starts_at > now(),
            Workshop.group_id.in_(visible_groups(viewer)),
        )
        .scalar_subquery()
    )


def told_of(session: Session, viewer: Viewer, workshop_ids: Sequence[UUID]) -> dict[UUID, WorkshopLine]:
    """Return workshops that notices are about, as far as the viewer still sees them. One statement."""
    rows = session.execute(_select(viewer).where(Workshop.id.in_(set(workshop_ids))))
    return {row.id: WorkshopLine(**_fields(viewer, row)) for row in rows}


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
