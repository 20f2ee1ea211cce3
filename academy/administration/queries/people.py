"""People as admins see them: found by name or address, and one of them. Callers have checked who asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.expressions import any_case
from academy.kernel.viewer import SIGN_IN_LASTS
from academy.people.models import Group, GroupKind, Membership, Person, SignIn
from academy.people.queries import Face

PAGE = 50


@dataclass(frozen=True)
class Line:
    """Somebody in a list."""

    face: Face
    email: str
    closed: bool


@dataclass(frozen=True)
class Place:
    """A role of somebody in a group; pairs are theirs and left out."""

    group_id: UUID
    group: str
    kind: str
    role: str
    since: datetime


@dataclass(frozen=True)
class Record:
    """What is kept of somebody, as admins see it."""

    face: Face
    email: str
    external_id: str | None
    joined_at: datetime
    closed_at: datetime | None
    manager: Face | None
    reports: int
    places: tuple[Place, ...]
    sign_ins: int
    last_sign_in: datetime | None


def people_by_name(
    session: Session, *, wanted: str = "", after: UUID | None = None, most: int = PAGE
) -> tuple[list[Line], bool]:
    """Return people by name whose name or address holds what is wanted, and whether there are more. One statement.

    `after` is the last one shown before.
    """
    query = (
        select(Person.id, Person.name, Person.pronouns, Person.zone, Person.email, Person.deactivated_at)
        .order_by(Person.name, Person.id)
        .limit(most + 1)
    )
    if wanted:
        named = any_case(Person.name, plain=wanted.isascii()).contains(wanted.lower(), autoescape=True)
        query = query.where(or_(named, Person.email_key.contains(wanted.casefold(), autoescape=True)))
    if after is not None:
        last = aliased(Person)
        name = select(last.name).where(last.id == after).scalar_subquery()
        query = query.where(or_(Person.name > name, (Person.name == name) & (Person.id > after)))
    rows = session.execute(query).all()
    lines = [Line(Face(r.id, r.name, r.pronouns, r.zone), r.email, r.deactivated_at is not None) for r in rows[:most]]
    return lines, len(rows) > most


def record_of(session: Session, person_id: UUID) -> Record:
    """Return what is kept of somebody. Two statements."""
    manager = aliased(Person)
    report = aliased(Person)
    reports = select(func.count()).select_from(report).where(report.manager_id == Person.id).scalar_subquery()
    now = clock.now()
    signed_in = (
        SignIn.person_id == Person.id,
        SignIn.ended_at.is_(None),
        SignIn.created_at > now - SIGN_IN_LASTS,
    )
    row = session.execute(
        select(
            Person,
            select(func.count()).select_from(SignIn).where(*signed_in).scalar_subquery().label("sign_ins"),
            select(func.max(SignIn.created_at)).where(*signed_in).scalar_subquery().label("last_sign_in"),
            manager.id.label("manager_id"),
            manager.name.label("manager_name"),
            manager.pronouns.label("manager_pronouns"),
            manager.zone.label("manager_zone"),
            reports.label("reports"),
        )
        .outerjoin(manager, manager.id == Person.manager_id)
        .where(Person.id == person_id)
    ).one_or_none()
    if row is None:
        raise Missing
    person = row.Person
    return Record(
        face=Face(person.id, person.name, person.pronouns, person.zone),
        email=person.email,
        external_id=person.external_id,
        joined_at=person.created_at,
        closed_at=person.deactivated_at,
        manager=Face(row.manager_id, row.manager_name, row.manager_pronouns, row.manager_zone)
        if row.manager_id
        else None,
        reports=row.reports,
        places=tuple(_places(session, person_id)),
        sign_ins=row.sign_ins,
        last_sign_in=row.last_sign_in,
    )


def _places(session: Session, person_id: UUID) -> Sequence[Place]:
    now = clock.now()
    rows = session.execute(
        select(Group.id, Group.name, Group.kind, Membership.role, Membership.from_at)
        .join(Membership, Membership.group_id == Group.id)
        .where(
            Membership.person_id == person_id,
            Membership.from_at <= now,
            or_(Membership.until_at.is_(None), Membership.until_at > now),
            Group.kind != GroupKind.PAIR,
        )
        .order_by(Group.name, Group.id, Membership.role)
    )
    return [Place(r.id, r.name, r.kind, r.role, r.from_at) for r in rows]
