"""Questions that only the pages which show everything together ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel.access import Missing
from academy.kernel.expressions import any_case
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Block, Group, GroupKind, Membership, Person
from academy.people.policy import Right, met_one_by_one, met_together, reaches, runs
from academy.people.queries import Face
from cohorts.workshops.models import Rsvp, RsvpState, Workshop, WorkshopState
from cohorts.workshops.policy import visible
from cohorts.workshops.queries.listing import LONGEST

PAGE = 30
ESCAPE = "/"


@dataclass(frozen=True)
class Neighbour:
    """Somebody whom the viewer may meet, and in which of the viewer's groups, as (group name, role), pairs left out.

    `about` is what they say of themselves, `blocked` whether the viewer keeps apart from them.
    """

    face: Face
    places: tuple[tuple[str, str], ...]
    about: str
    blocked: bool = False


def _met(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Person.id,
            Person.name,
            Person.pronouns,
            Person.zone,
            Person.about,
            Group.name.label("place"),
            Group.kind,
            Membership.role,
            _blocked(viewer).label("blocked"),
        )
        .join(Membership, Membership.person_id == Person.id)
        .join(Group, Group.id == Membership.group_id)
        .where(
            reaches(viewer, Right.MEET, Membership.group_id),
            runs(),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Person.id, Group.name)
    )


_BOTH, _LOWER = ("lower", "typed"), ("lower",)
"""What a part of a name is compared by: the C locale knows small letters of ASCII only, so others as typed, too."""


@cache
def _page(*, few: bool, named: tuple[str, ...], after: bool) -> Prepared:
    def build(viewer: Viewer) -> Select[*tuple[Any, ...]]:
        before = aliased(Person)
        met = Person.id.in_(met_together(viewer)) if few else met_one_by_one(viewer, Person.id)
        whom = select(Person.id).where(met, Person.deactivated_at.is_(None), Person.id != viewer.person_id)
        if named:
            lower = any_case(Person.name, plain=named == _LOWER)
            whom = whom.where(or_(*(lower.contains(bindparam(n), escape=ESCAPE) for n in named)))
        if after:
            name = select(before.name).where(before.id == bindparam("after")).scalar_subquery()
            whom = whom.where(or_(Person.name > name, and_(Person.name == name, Person.id > bindparam("after"))))
        page = whom.order_by(Person.name, Person.id).limit(PAGE + 1).subquery()
        return _met(viewer).where(Person.id.in_(select(page.c.id)))

    return Prepared(build)


_ONE = Prepared(lambda viewer: _met(viewer).where(Person.id == bindparam("person_id")))


def neighbours_for(
    session: Session, viewer: Viewer, *, wanted: str = "", after: UUID | None = None
) -> tuple[list[Neighbour], UUID | None]:
    """Return a page of those whom the viewer may meet, by name, and whom to go on after if there are more.

    `wanted` is a part of their name. Two statements. A mentor or buddy is met through the pair alone where no other
    group is shared; the pair itself is not named.
    """
    given: dict[str, Any] = {}
    named: tuple[str, ...] = ()
    if wanted:
        named = _LOWER if wanted.isascii() else _BOTH
        typed = wanted.translate({ord(mark): ESCAPE + mark for mark in (ESCAPE, "%", "_")})
        given |= {name: value for name, value in (("lower", typed.lower()), ("typed", typed)) if name in named}
    if after is not None:
        given["after"] = after
    few = people.meets_few(session, viewer)
    rows = session.execute(*_page(few=few, named=named, after=after is not None)(viewer, **given)).all()
    found = _neighbours(rows)
    return found[:PAGE], found[PAGE - 1].face.id if len(found) > PAGE else None


def neighbour_for(session: Session, viewer: Viewer, person_id: UUID) -> Neighbour:
    """Return somebody whom the viewer may meet, themselves too; raises `Missing`. One statement."""
    found = _neighbours(session.execute(*_ONE(viewer, person_id=person_id)).all())
    if not found:
        raise Missing
    return found[0]


def _neighbours(rows: Sequence[Any]) -> list[Neighbour]:
    faces: dict[UUID, Face] = {}
    places: dict[UUID, list[tuple[str, str]]] = {}
    about: dict[UUID, str] = {}
    blocked: set[UUID] = set()
    for row in rows:
        faces[row.id] = Face(row.id, row.name, row.pronouns, row.zone)
        about[row.id] = row.about
        if row.blocked:
            blocked.add(row.id)
        named = places.setdefault(row.id, [])
        if row.kind != GroupKind.PAIR:
            named.append((row.place, row.role))
    return [Neighbour(face, tuple(places[i]), about[i], i in blocked) for i, face in faces.items()]


def _blocked(viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(Block.person_id == viewer.person_id, Block.blocked_id == Person.id).correlate(Person)


@dataclass(frozen=True)
class Meeting:
    """A workshop as a calendar shows it; `uid` and `sequence` as in its invitations."""

    id: UUID
    uid: str
    sequence: int
    title: str
    starts_at: datetime
    minutes: int
    zone: str
    group: str
    leader: str
    cancelled: bool
    sure: bool


def meetings_for(session: Session, viewer: Viewer, since: datetime, until: datetime) -> list[Meeting]:
    """Return the workshops of a span that the viewer leads or was asked to and did not decline, in order.

    One statement. Those that were called off are among them: a calendar that shows them has to hear of it.
    """
    rows = session.execute(
        select(
            Workshop.id,
            Workshop.uid,
            Workshop.sequence,
            Workshop.title,
            Workshop.starts_at,
            Workshop.minutes,
            Workshop.zone,
            Workshop.state,
            Workshop.facilitator_id,
            Group.name.label("group"),
            Person.name.label("leader"),
            Rsvp.state.label("answer"),
        )
        .join(Group, Group.id == Workshop.group_id)
        .join(Person, Person.id == Workshop.facilitator_id)
        .outerjoin(Rsvp, and_(Rsvp.workshop_id == Workshop.id, Rsvp.person_id == viewer.person_id))
        .where(
            visible(viewer),
            Workshop.state != WorkshopState.DRAFT,
            or_(Workshop.facilitator_id == viewer.person_id, Rsvp.state != RsvpState.DECLINED),
            Workshop.starts_at > since - LONGEST,
            Workshop.starts_at < until,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    )
    return [
        Meeting(
            id=r.id,
            uid=r.uid,
            sequence=r.sequence,
            title=r.title,
            starts_at=r.starts_at,
            minutes=r.minutes,
            zone=r.zone,
            group=r.group,
            leader=r.leader,
            cancelled=r.state == WorkshopState.CANCELLED,
            sure=r.facilitator_id == viewer.person_id or r.answer == RsvpState.GOING,
        )
        for r in rows
        if r.starts_at + timedelta(minutes=r.minutes) > since
    ]
