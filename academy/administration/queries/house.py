"""The organization, its academies, and who holds which role in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from academy.administration import policy
from academy.kernel.access import Missing
from academy.kernel.db import ask, keep
from academy.kernel.jobs import Job
from academy.kernel.paging import Part
from academy.kernel.prepared import now
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, OrganizationSettings, Person, Role
from academy.people.policy import Right, reaches
from academy.people.queries import Face
from academy.tracks.models import Track

MOST_HOLDERS, SHOWN = 500, 20
"""How many holders of roles are looked at in one group, and shown of all groups together at a time."""


@dataclass(frozen=True)
class Organization:
    """The organization and what is settled for everybody in it."""

    id: UUID
    name: str
    zone: str
    contact: str


@dataclass(frozen=True)
class Academy:
    """An academy as admins see it."""

    id: UUID
    name: str
    parent_id: UUID | None
    leads: tuple[Face, ...] = ()
    members: int = 0
    cohorts: int = 0


@dataclass(frozen=True)
class Holder:
    """Somebody's role in a group; `id` is their membership's."""

    id: UUID
    group_id: UUID
    group: str
    kind: str
    face: Face
    role: str
    closed: bool


@dataclass(frozen=True)
class Beginnings:
    """How far an organization has come in setting up: an academy, one without a lead, and what there is at all.

    `people` says whether anybody is there beside the first admin.
    """

    academy_id: UUID | None
    leaderless_id: UUID | None
    people: bool
    tracks: bool
    cohorts: bool


def organization_for(session: Session, viewer: Viewer, *, about: UUID | None = None) -> Organization:
    """Return the organization to whoever administers it as a whole; anybody else learns nothing. One statement.

    With `about`, it is `Missing` also where there is no such person.
    """
    asked = (
        select(Group.id, Group.name, Group.kind, OrganizationSettings.zone, OrganizationSettings.contact)
        .outerjoin(OrganizationSettings, OrganizationSettings.group_id == Group.id)
        .where(Group.kind == GroupKind.ORGANIZATION)
        .limit(1)
    )
    if about is not None:
        asked = asked.where(exists().where(Person.id == about))
    row = session.execute(asked).one_or_none()
    if row is None or not policy.may_settle(viewer, [(row.id, row.kind, 0)]):
        raise Missing
    return Organization(row.id, row.name, row.zone or "UTC", row.contact or "")


def _open_now() -> ColumnElement[bool]:
    return and_(Membership.from_at <= now(), or_(Membership.until_at.is_(None), Membership.until_at > now()))


def academies_for(session: Session, viewer: Viewer, *, academy_id: UUID | None = None) -> list[Academy]:
    """Return the academies that the viewer administers, or one, by name, with who leads them. Two statements."""
    members = (
        select(func.count(Membership.person_id.distinct()))
        .where(Membership.group_id == Group.id, Membership.until_at.is_(None))
        .scalar_subquery()
    )
    cohort = aliased(Group)
    cohorts = _count(cohort).where(cohort.parent_id == Group.id, cohort.kind == GroupKind.COHORT).scalar_subquery()
    query = (
        select(Group.id, Group.name, Group.parent_id, members.label("members"), cohorts.label("cohorts"))
        .where(Group.kind == GroupKind.ACADEMY, reaches(viewer, Right.SETTLE, Group.id))
        .order_by(Group.name, Group.id)
    )
    if academy_id is not None:
        query = query.where(Group.id == academy_id)
    rows = session.execute(query).all()
    leads: dict[UUID, list[Face]] = {row.id: [] for row in rows}
    for holder in _holders(session, list(leads), [Role.LEAD]):
        if not holder.closed:
            leads[holder.group_id].append(holder.face)
    return [Academy(r.id, r.name, r.parent_id, tuple(leads[r.id]), r.members, r.cohorts) for r in rows]


def academy_for(session: Session, viewer: Viewer, academy_id: UUID) -> Academy:
    """Return an academy that the viewer administers; any other is `Missing`."""
    found = academies_for(session, viewer, academy_id=academy_id)
    if not found:
        raise Missing
    return found[0]


def _held() -> Any:
    return (
        select(
            Membership.id.label("membership_id"),
            Membership.group_id,
            Membership.role,
            Group.name.label("group"),
            Group.kind,
            Person.id,
            Person.name,
            Person.pronouns,
            Person.zone,
            Person.deactivated_at,
        )
        .join(Person, Person.id == Membership.person_id)
        .join(Group, Group.id == Membership.group_id)
        .where(_open_now())
        .order_by(*_BY_GROUP)
        .limit(MOST_HOLDERS)
    )


_BY_GROUP = (Group.parent_id.is_not(None), Group.name, Group.id, Person.name, Person.id, Membership.id)
"""The organization's roles first, then by group and name."""


def _holder(row: Any) -> Holder:
    face = Face(row.id, row.name, row.pronouns, row.zone)
    return Holder(row.membership_id, row.group_id, row.group, row.kind, face, row.role, row.deactivated_at is not None)


def _holders(session: Session, group_ids: Sequence[UUID], roles: Sequence[str]) -> list[Holder]:
    if not group_ids:
        return []
    query = _held().where(Membership.group_id.in_(group_ids), Membership.role.in_(roles))
    return [_holder(row) for row in session.execute(query)]


def holders_for(session: Session, viewer: Viewer, *, after: UUID | None = None) -> Part[Holder]:
    """Return who holds which role beyond belonging and learning, in all the viewer administers save pairs, by group.

    A page of them, those that follow the membership `after`. One statement.
    """
    query = _held().where(
        reaches(viewer, Right.SETTLE, Membership.group_id),
        Group.kind != GroupKind.PAIR,
        Membership.role.in_([Role.ADMIN, Role.ANALYST, Role.LEAD, Role.FACILITATOR]),
    )
    if after is not None:
        member, group, person = aliased(Membership), aliased(Group), aliased(Person)
        last = (
            select(group.parent_id.is_not(None), group.name, group.id, person.name, person.id, member.id)
            .join_from(member, group, group.id == member.group_id)
            .join(person, person.id == member.person_id)
            .where(member.id == after)
        )
        query = query.where(tuple_(*_BY_GROUP) > last.scalar_subquery())
    found = [_holder(row) for row in session.execute(query.limit(SHOWN + 1))]
    return Part(found[:SHOWN], found[SHOWN - 1].id if len(found) > SHOWN else None)


def roles_in(session: Session, group_id: UUID) -> list[Holder]:
    """Return who holds which role in one group, members left out. The caller has checked that it is administered."""
    return _holders(session, [group_id], [role for role in Role if role != Role.MEMBER])


def places_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str, str]]:
    """Return the groups in which roles are given here, as (id, name, kind), the organization first."""
    rows = session.execute(
        select(Group.id, Group.name, Group.kind)
        .where(Group.kind.in_(list(policy.ROLES_IN)), reaches(viewer, Right.SETTLE, Group.id))
        .order_by(Group.parent_id.is_not(None), Group.name, Group.id)
    )
    return [(row.id, row.name, row.kind) for row in rows]


_WHO_READS = keep(
    select(Person.id, Person.name, Person.pronouns, Person.zone)
    .join(Membership, Membership.person_id == Person.id)
    .join(GroupAncestor, GroupAncestor.ancestor_id == Membership.group_id)
    .join(Group, Group.id == GroupAncestor.group_id)
    .where(
        GroupAncestor.group_id == bindparam("group_id"),
        GroupAncestor.depth > 0,
        Group.kind != GroupKind.PAIR,
        Membership.role.in_([Role.LEAD, Role.FACILITATOR, Role.LEARNER, Role.MENTOR]),
        Person.deactivated_at.is_(None),
        _open_now(),
    )
    .distinct()
    .order_by(Person.name, Person.id)
)


def who_reads(session: Session, group_id: UUID) -> list[Face]:
    """Return who may read the rooms of a group by leading what stands above it, by name. None above a pair."""
    return [Face(r.id, r.name, r.pronouns, r.zone) for r in ask(session, _WHO_READS, {"group_id": group_id})]


def beginnings_for(session: Session, viewer: Viewer) -> Beginnings | None:
    """Say how far the organization has come, to whoever administers it; None to others. One statement."""
    academy, cohort = aliased(Group), aliased(Group)
    academies = select(academy.id).where(academy.kind == GroupKind.ACADEMY).order_by(academy.name).limit(1)
    led = (
        select(Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.group_id == academy.id,
            Membership.role == Role.LEAD,
            Membership.until_at.is_(None),
            Person.deactivated_at.is_(None),
        )
        .exists()
    )
    row = session.execute(
        select(
            Group.id,
            academies.scalar_subquery().label("academy"),
            academies.where(~led).scalar_subquery().label("leaderless"),
            _second_person().label("second"),
            exists(select(Track.id)).label("tracks"),
            exists(select(cohort.id).where(cohort.kind == GroupKind.COHORT)).label("cohorts"),
        )
        .where(Group.kind == GroupKind.ORGANIZATION)
        .limit(1)
    ).one_or_none()
    if row is None or not policy.may_settle(viewer, [(row.id, GroupKind.ORGANIZATION, 0)]):
        return None
    return Beginnings(row.academy, row.leaderless, row.second is not None, bool(row.tracks), bool(row.cohorts))


def _second_person() -> ScalarSelect[UUID]:
    return select(Person.id).where(Person.deactivated_at.is_(None)).limit(1).offset(1).scalar_subquery()


def _count(of: Any) -> Select[int]:
    return select(func.count()).select_from(of)


def admins(session: Session) -> list[UUID]:
    """Return who administers the organization."""
    return list(
        session.scalars(
            select(Membership.person_id)
            .join(Group, Group.id == Membership.group_id)
            .join(Person, Person.id == Membership.person_id)
            .where(
                Group.kind == GroupKind.ORGANIZATION,
                Membership.role == Role.ADMIN,
                Person.deactivated_at.is_(None),
                _open_now(),
            )
        )
    )


def membership_id(session: Session, group_id: UUID, person_id: UUID, role: str) -> UUID | None:
    """Return the membership by which somebody holds a role in a group now."""
    return session.scalar(
        select(Membership.id).where(
            Membership.group_id == group_id,
            Membership.person_id == person_id,
            Membership.role == role,
            Membership.until_at.is_(None),
        )
    )


def roles_told(session: Session, membership_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, str, bool]]:
    """Return (who, in which group, as what, whether it is over) of memberships, for those who were told of them."""
    rows = session.execute(
        select(Membership.id, Person.name, Group.name.label("group"), Membership.role, Membership.until_at)
        .join(Person, Person.id == Membership.person_id)
        .join(Group, Group.id == Membership.group_id)
        .where(Membership.id.in_(membership_ids))
    )
    return {r.id: (r.name, r.group, r.role, r.until_at is not None) for r in rows}


def set_aside_count(session: Session) -> int:
    """Count the jobs that were set aside. The caller has checked who asks."""
    return session.scalar(_count(Job).where(Job.done_at.is_(None), Job.failed_at.is_not(None))) or 0
