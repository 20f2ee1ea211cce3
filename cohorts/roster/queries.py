"""Questions about cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import ask, keep
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind, Membership, Person, Role
from academy.people.policy import Right, below, groups_of, own_groups, reaches, reaches_far
from academy.people.queries import Face
from academy.tracks.engine import week_of
from academy.tracks.models import Delivery, TrackVersion
from cohorts.roster.models import Cohort, Waiting

PAGE, OFFERED = 20, 100
ESCAPE = "/"


@dataclass(frozen=True)
class CohortLine:
    """A cohort as lists show it; `week` runs from 1 and is 0 before the start."""

    id: UUID
    name: str
    track: str
    weeks: int
    starts_on: date
    zone: str
    delivery_id: UUID
    space_id: UUID
    seats: int | None
    state: str
    version: int
    agreements: tuple[str, ...]
    parent_id: UUID | None
    learners: int
    waiting: int

    @property
    def week(self) -> int:
        """Return the week that the cohort is in now."""
        return week_of(self.starts_on, self.zone, clock.now())


def _lines() -> Select[Any]:
    learners = (
        select(func.count())
        .select_from(Membership)
        .where(Membership.group_id == Cohort.id, Membership.role == Role.LEARNER, Membership.until_at.is_(None))
        .scalar_subquery()
    )
    waiting = select(func.count()).select_from(Waiting).where(Waiting.cohort_id == Cohort.id).scalar_subquery()
    return (
        select(
            *(Cohort.id, Cohort.space_id, Cohort.seats, Cohort.state, Cohort.version, Cohort.agreements),
            *(Group.name, Group.parent_id),
            *(Delivery.id.label("delivery_id"), Delivery.starts_on, Delivery.zone),
            *(TrackVersion.title.label("track"), TrackVersion.weeks),
            *(learners.label("learners"), waiting.label("waiting")),
        )
        .join(Group, Group.id == Cohort.id)
        .join(Delivery, Delivery.id == Cohort.delivery_id)
        .join(TrackVersion, TrackVersion.id == Delivery.track_version_id)
        .order_by(Delivery.starts_on.desc(), Cohort.id.desc())
    )


@cache
def _page(*, far: bool, named: bool, after: bool) -> Prepared:
    def build(viewer: Viewer) -> Select[*tuple[Any, ...]]:
        start, before = aliased(Delivery), aliased(Cohort)
        whom = (
            select(Cohort.id)
            .join(Delivery, Delivery.id == Cohort.delivery_id)
            .where(Cohort.id.in_(groups_of(viewer, Right.MEET, [GroupKind.COHORT], far=far)))
        )
        if named:
            lower = func.lower(Group.name)
            called = or_(*(lower.contains(bindparam(n), escape=ESCAPE) for n in ("lower", "typed")))
            whom = whom.join(Group, Group.id == Cohort.id).where(called)
        if after:
            began = (
                select(start.starts_on)
                .join(before, before.delivery_id == start.id)
                .where(before.id == bindparam("after"))
                .scalar_subquery()
            )
            earlier, same = Delivery.starts_on < began, Delivery.starts_on == began
            whom = whom.where(or_(earlier, and_(same, Cohort.id < bindparam("after"))))
        page = whom.order_by(Delivery.starts_on.desc(), Cohort.id.desc()).limit(bindparam("most")).subquery()
        return _lines().where(Cohort.id.in_(select(page.c.id)))

    return Prepared(build)


_OWN = Prepared(lambda viewer: _lines().where(Cohort.id.in_(own_groups(viewer))))
_ONE = Prepared(
    lambda viewer: _lines().where(Cohort.id == bindparam("cohort_id"), reaches(viewer, Right.MEET, Cohort.id))
)


def _line(row: Row[Any]) -> CohortLine:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    return CohortLine(**{**fields, "agreements": tuple(row.agreements)})


def cohorts_for(
    session: Session, viewer: Viewer, *, wanted: str = "", after: UUID | None = None, limit: int = PAGE
) -> tuple[list[CohortLine], UUID | None]:
    """Return a page of the cohorts that the viewer may know of, and which to go on after if there are more.

    The latest start comes first; `wanted` is a part of the name. One statement.
    """
    given: dict[str, Any] = {"most": limit + 1}
    if wanted:
        plain = wanted.translate({ord(mark): ESCAPE + mark for mark in (ESCAPE, "%", "_")})
        given |= {"lower": plain.lower(), "typed": plain}  # SQLite knows small letters of ASCII only
    if after is not None:
        given["after"] = after
    page = _page(far=reaches_far(viewer), named=bool(wanted), after=after is not None)
    found = [_line(row) for row in ask(session, *page(viewer, **given))]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def cohorts_part(session: Session, viewer: Viewer, span: Span) -> Part[CohortLine]:
    """Return part of the cohorts that the viewer may know of, the newest first. One statement."""
    seen = groups_of(viewer, Right.MEET, [GroupKind.COHORT], far=reaches_far(viewer))
    return part(session, _lines().where(Cohort.id.in_(seen)), Cohort.id, span, _line)


def own_cohorts(session: Session, viewer: Viewer) -> list[CohortLine]:
    """Return the cohorts that the viewer is a member of. One statement."""
    rows = ask(session, *_OWN(viewer))
    return [_line(row) for row in rows]


def cohort_for(session: Session, viewer: Viewer, cohort_id: UUID) -> CohortLine:
    """Find a cohort that the viewer may know of; raises `Missing`."""
    row = ask(session, *_ONE(viewer, cohort_id=cohort_id)).one_or_none()
    if row is None:
        raise Missing
    return _line(row)


def enrollable(session: Session, cohort_id: UUID, *, wanted: str = "", limit: int = OFFERED) -> list[Face]:
    """Return the people of the organization who are not in the cohort yet, by name; `wanted` is a part of it.

    There is one organization in a deployment, so that is everybody with an open account. The caller has
    checked the right to enroll.
    """
    now = clock.now()
    inside = select(Membership.person_id).where(
        Membership.group_id == cohort_id, or_(Membership.until_at.is_(None), Membership.until_at > now)
    )
    query = (
        select(Person.id, Person.name, Person.pronouns, Person.zone)
        .where(Person.id.not_in(inside), Person.deactivated_at.is_(None))
        .order_by(Person.name, Person.id)
        .limit(limit)
    )
    if wanted:
        lower = func.lower(Person.name)  # SQLite knows small letters of ASCII only
        query = query.where(or_(*(lower.contains(part, autoescape=True) for part in {wanted.lower(), wanted})))
    rows = session.execute(query)
    return [Face(r.id, r.name, r.pronouns, r.zone) for r in rows]


_AGREEMENTS = keep(select(Cohort.agreements).where(Cohort.id == bindparam("group_id")))


def agreements_of(session: Session, group_id: UUID) -> list[str]:
    """Return the short lines that a cohort has agreed on; none for other groups. Its members read them."""
    return list(ask(session, _AGREEMENTS, {"group_id": group_id}).scalar() or ())


@dataclass(frozen=True)
class Place:
    """Somebody's place on a waitlist, from 1."""

    face: Face
    place: int
    at: datetime


def waitlist_of(session: Session, cohort_id: UUID) -> list[Place]:
    """Return who waits for a seat, in order. The caller has checked the right to see it. One statement."""
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Waiting.at)
        .join(Person, Person.id == Waiting.person_id)
        .where(Waiting.cohort_id == cohort_id)
        .order_by(Waiting.place, Waiting.id)
    )
    return [Place(Face(r.id, r.name, r.pronouns, r.zone), n, r.at) for n, r in enumerate(rows, 1)]


def waiting_for(session: Session, viewer: Viewer, cohort_id: UUID) -> str:
    """Return the name of a cohort that the viewer waits for a seat in; raises `Missing` when they do not."""
    name = session.scalar(
        select(Group.name)
        .join(Waiting, Waiting.cohort_id == Group.id)
        .where(Group.id == cohort_id, Waiting.person_id == viewer.person_id)
    )
    if name is None:
        raise Missing
    return name


def next_in_line(session: Session, cohort_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return (entry, person) of a waitlist, in order."""
    rows = session.execute(
        select(Waiting.id, Waiting.person_id).where(Waiting.cohort_id == cohort_id).order_by(Waiting.place, Waiting.id)
    )
    return [(row.id, row.person_id) for row in rows]


def learners_of(session: Session, cohort_id: UUID) -> set[UUID]:
    """Return who holds a seat: learners with an open account."""
    return set(
        session.scalars(
            select(Membership.person_id)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Membership.group_id == cohort_id,
                Membership.role == Role.LEARNER,
                Membership.until_at.is_(None),
                Person.deactivated_at.is_(None),
            )
        )
    )


def is_cohort(session: Session, group_id: UUID) -> bool:
    """Say whether a group is a cohort of a roster."""
    return session.scalar(select(Cohort.id).where(Cohort.id == group_id)) is not None


def names_of(session: Session, cohort_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of cohorts."""
    rows = session.execute(select(Group.id, Group.name).where(Group.id.in_(set(cohort_ids))))
    return {row.id: row.name for row in rows}


def people_at(session: Session, addresses: Sequence[str]) -> dict[str, UUID]:
    """Find people with an open account by address, case aside; returns them by address as given."""
    keys = {address.casefold(): address for address in addresses}
    rows = session.execute(
        select(Person.email_key, Person.id).where(Person.email_key.in_(keys), Person.deactivated_at.is_(None))
    )
    return {keys[row.email_key]: row.id for row in rows}


def academies_below(session: Session, group_ids: Sequence[UUID]) -> list[UUID]:
    """Return the academies, and the organization, among these groups and those below them."""
    kinds = [GroupKind.ORGANIZATION, GroupKind.ACADEMY]
    return list(session.scalars(select(Group.id).where(Group.kind.in_(kinds), below(group_ids, Group.id))))
