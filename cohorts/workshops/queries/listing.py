"""Workshops as their viewers see them: one, and lists in parts. What the viewer may not see is not found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, ScalarSelect, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import Instant, ask
from academy.kernel.expressions import later
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared, now
from academy.kernel.viewer import Viewer
from academy.people.models import Group, Person
from academy.people.policy import reaches_far
from academy.people.queries import Face
from cohorts.workshops.engine import times
from cohorts.workshops.models import Rsvp, RsvpState, Workshop, WorkshopState
from cohorts.workshops.policy import schedulable, visible, visible_groups

LONGEST = timedelta(minutes=600)
PAST = 20


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
            schedulable(viewer).label("may_schedule"),
            *more,
        )
        .join(Group, Group.id == Workshop.group_id)
        .join(Person, Person.id == Workshop.facilitator_id)
        .outerjoin(Rsvp, and_(Rsvp.workshop_id == Workshop.id, Rsvp.person_id == viewer.person_id))
    )


def _seen(viewer: Viewer, *more: Any) -> Select[*tuple[Any, ...]]:
    return _select(viewer, *more).where(visible(viewer))


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
    limit: int | None = None,
    after: UUID | None = None,
) -> list[WorkshopLine]:
    """Return workshops of the viewer's groups that end after `since` and begin before `until`, in order.

    At most `limit` of them, those that follow the workshop `after`; all from the start where that is not there. One
    statement. Without `since` the latest that are over come first, at most 20 of them.
    """
    at = since or clock.now()
    given = {
        "until": until,
        "group_id": group_id,
        "activity_id": activity_id,
        "most": limit if since else PAST,
        "after": after,
    }
    used = {name: value for name, value in given.items() if value is not None}
    listing = _listing(frozenset(used), coming=bool(since), cancelled=cancelled, far=reaches_far(viewer))
    rows = ask(session, *listing(viewer, at=at, soonest=at - LONGEST, **used))
    return [WorkshopLine(**_fields(viewer, row)) for row in rows]


@cache
def _listing(used: frozenset[str], *, coming: bool, cancelled: bool, far: bool) -> Prepared:
    """Select which workshops they are first, and what is shown of these alone then."""
    at, starts = bindparam("at", type_=Instant()), Workshop.starts_at
    ends, other = later(starts, Workshop.minutes), aliased(Workshop)
    begun = select(other.starts_at).where(other.id == bindparam("after")).scalar_subquery()
    narrowed = {
        "until": starts < bindparam("until", type_=Instant()),
        "group_id": Workshop.group_id == bindparam("group_id"),
        "activity_id": Workshop.activity_id == bindparam("activity_id"),
        "after": or_(begun.is_(None), starts > begun, and_(starts == begun, Workshop.id > bindparam("after"))),
    }
    wanted = [condition for name, condition in narrowed.items() if name in used]
    wanted += [] if cancelled else [Workshop.state == WorkshopState.PUBLISHED]
    wanted += [starts > bindparam("soonest", type_=Instant()), ends > at] if coming else [starts < at, ends <= at]
    order = (starts if coming else starts.desc(), Workshop.id)

    def build(viewer: Viewer) -> Select[*tuple[Any, ...]]:
        seen = visible(viewer) if "group_id" in used else Workshop.group_id.in_(visible_groups(viewer, far=far))
        which = select(Workshop.id).where(seen, *wanted)
        if "most" in used:
            which = which.order_by(*order).limit(bindparam("most"))
        return _select(viewer).where(Workshop.id.in_(select(which.subquery().c.id))).order_by(*order)

    return Prepared(build)


def waiting_for(session: Session, viewer: Viewer, group_id: UUID | None = None) -> int:
    """Count the workshops, perhaps of one group, that are not over and wait for the viewer's answer. One statement."""
    given = {} if group_id is None else {"group_id": group_id}
    found = ask(session, *_waiting(of_group=bool(given))(viewer, at=clock.now(), **given))
    return int(found.scalar_one())


@cache
def _waiting(*, of_group: bool) -> Prepared:
    over = later(Workshop.starts_at, Workshop.minutes) <= bindparam("at", type_=Instant())
    wanted = [Workshop.group_id == bindparam("group_id")] if of_group else []
    return Prepared(lambda viewer: _asked(viewer).where(~over, *wanted))


def workshops_part(session: Session, viewer: Viewer, span: Span, group_id: UUID | None) -> Part[WorkshopLine]:
    """Return part of the workshops of the viewer's groups, or of one of them. One statement."""
    seen = visible(viewer) if group_id else Workshop.group_id.in_(visible_groups(viewer, far=reaches_far(viewer)))
    found = select(Workshop.id).where(seen)
    if group_id is not None:
        found = found.where(Workshop.group_id == group_id)
    query = _select(viewer).where(Workshop.id.in_(select(found.cte().c.id)))
    return part(session, query, Workshop.id, span, lambda row: WorkshopLine(**_fields(viewer, row)))


def workshop_for(session: Session, viewer: Viewer, workshop_id: UUID) -> WorkshopDetail:
    """Find a workshop of one of the viewer's groups; raises `Missing`. One statement."""
    text = (Workshop.agenda_md, Workshop.agenda_html, Workshop.wall_start, Workshop.venue_url)
    query = _seen(viewer, *text, Workshop.version, Rsvp.asked_sequence).where(Workshop.id == workshop_id)
    row = session.execute(query).one_or_none()
    if row is None:
        raise Missing
    return WorkshopDetail(**_fields(viewer, row))


def _asked(viewer: Viewer) -> Select[int]:
    return (
        select(func.count(Rsvp.workshop_id))
        .join(Workshop, Workshop.id == Rsvp.workshop_id)
        .where(
            Rsvp.person_id == viewer.person_id,
            *(Rsvp.state == RsvpState.INVITED, Workshop.state == WorkshopState.PUBLISHED),
            visible(viewer),
        )
    )


def unanswered(viewer: Viewer) -> ScalarSelect[int]:
    """Count coming workshops that wait for the viewer's answer: the badge of the navigation."""
    return _asked(viewer).where(Workshop.starts_at > now()).scalar_subquery()


def told_of(session: Session, viewer: Viewer, workshop_ids: Sequence[UUID]) -> dict[UUID, WorkshopLine]:
    """Return workshops that notices are about, as far as the viewer still sees them. One statement."""
    rows = session.execute(_seen(viewer).where(Workshop.id.in_(set(workshop_ids))))
    return {row.id: WorkshopLine(**_fields(viewer, row)) for row in rows}
