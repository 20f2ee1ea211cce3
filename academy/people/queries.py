"""Questions about people and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.db import Instant, ask, keep
from academy.kernel.expressions import any_case
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import SIGN_IN_LASTS, Viewer, hue, initials
from academy.people.engine import mark_of, token_hash
from academy.people.models import (
    Availability,
    Block,
    Group,
    GroupAncestor,
    Membership,
    OrganizationSettings,
    Person,
    PersonLanguage,
    Role,
    SignIn,
)
from academy.people.policy import Path, Right, known_groups, may, met_one_by_one, met_together, reaches, require, runs


class Face(NamedTuple):
    """What is shown of a person beside what they do: no more than a name, pronouns and a zone."""

    id: UUID
    name: str
    pronouns: str
    zone: str

    @property
    def initials(self) -> str:
        """Return the letters of the avatar."""
        return initials(self.name)

    @property
    def hue(self) -> int:
        """Return the hue of the avatar."""
        return hue(self.id)


@dataclass(frozen=True)
class Member:
    """A person's role in a group."""

    face: Face
    role: str
    id: UUID | None = None


FEW = 1_000
"""How many memberships are gathered before anybody is looked for among them; beyond, people are tried one by one."""


def _signed_in(whose: ColumnElement[bool]) -> Any:
    columns = (SignIn.id.label("sign_in_id"), SignIn.token_hash, Person.id, Person.name, Person.zone, Person.locale)
    more = (Person.theme, Person.contrast, Person.announce, Membership.group_id, Membership.role)
    found = select(*columns, *more).join(Person, Person.id == SignIn.person_id)
    found = found.outerjoin(Membership, and_(Membership.person_id == Person.id, runs()))
    since = bindparam("since", type_=Instant())
    lasts = (SignIn.ended_at.is_(None), SignIn.created_at > since, Person.deactivated_at.is_(None))
    return keep(found.where(whose, *lasts))


_SIGNED_IN = _signed_in(SignIn.token_hash == bindparam("token"))
_ALL_SIGNED_IN = _signed_in(SignIn.token_hash.in_(bindparam("tokens", expanding=True)))


def viewer_of(session: Session, token: str) -> Viewer | None:
    """Find who holds a sign-in's token, with the roles they have now; None when it has ended. One statement.

    A sign-in ends by itself 30 days after it began, whatever its cookie says.
    """
    since = clock.now() - SIGN_IN_LASTS
    rows = ask(session, _SIGNED_IN, {"token": token_hash(token), "since": since}).all()
    return _viewer(rows) if rows else None


def viewers_of(session: Session, tokens: Sequence[str]) -> dict[str, Viewer]:
    """Find who holds these sign-ins' tokens, by token; one that has ended is missing. One statement."""
    by_hash = {token_hash(token): token for token in tokens}
    since = clock.now() - SIGN_IN_LASTS
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in ask(session, _ALL_SIGNED_IN, {"tokens": list(by_hash), "since": since}):
        found[by_hash[row.token_hash]].append(row)
    return {token: _viewer(rows) for token, rows in found.items()}


def _viewer(rows: Sequence[Row[Any]]) -> Viewer:
    person = rows[0]
    return Viewer(
        person_id=person.id,
        sign_in_id=person.sign_in_id,
        name=person.name,
        zone=person.zone,
        locale=person.locale,
        theme=person.theme,
        contrast=person.contrast,
        announce=person.announce,
        roles=_by_group((row.group_id, row.role) for row in rows if row.group_id is not None),
    )


def _by_group(held: Iterable[tuple[UUID, str]]) -> dict[UUID, frozenset[str]]:
    roles: dict[UUID, set[str]] = defaultdict(set)
    for group_id, role in held:
        roles[group_id].add(role)
    return {group: frozenset(found) for group, found in roles.items()}


def roles_of(session: Session, person_id: UUID) -> dict[UUID, frozenset[str]]:
    """Return a person's roles in each group, as of now."""
    held = session.execute(
        select(Membership.group_id, Membership.role).where(Membership.person_id == person_id, runs())
    )
    return _by_group((row.group_id, row.role) for row in held)


def account_of(session: Session, email: str) -> tuple[UUID, str | None] | None:
    """Find an active account by address: its person and password hash."""
    row = session.execute(
        select(Person.id, Person.password_hash).where(
            Person.email_key == email.strip().casefold(), Person.deactivated_at.is_(None)
        )
    ).one_or_none()
    return (row.id, row.password_hash) if row else None


def password_mark(session: Session, person_id: UUID) -> str | None:
    """Return a mark that changes with somebody's password and tells nothing of it; None for a closed account."""
    row = session.execute(
        select(Person.password_hash).where(Person.id == person_id, Person.deactivated_at.is_(None))
    ).one_or_none()
    return mark_of(row.password_hash) if row else None


def path_of(session: Session, group_id: UUID) -> Path:
    """Return a group's ancestors, itself included, as (ancestor, the group's own kind, depth)."""
    rows = session.execute(
        select(GroupAncestor.ancestor_id, Group.kind, GroupAncestor.depth)
        .join(Group, Group.id == GroupAncestor.group_id)
        .where(GroupAncestor.group_id == group_id)
    )
    return [(row.ancestor_id, row.kind, row.depth) for row in rows]


def has(session: Session, viewer: Viewer, right: Right, group_id: UUID) -> bool:
    """Say whether a viewer has a right in a group."""
    return may(viewer, right, path_of(session, group_id))


def demand(session: Session, viewer: Viewer, right: Right, group_id: UUID, *, known_by: Right = Right.MEET) -> None:
    """Refuse, or hide, what a viewer may not do in a group."""
    require(viewer, right, path_of(session, group_id), known_by=known_by)


def faces(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, Face]:
    """Return what is shown of people, by id."""
    if not person_ids:
        return {}
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone).where(Person.id.in_(set(person_ids)))
    )
    return {row.id: Face(row.id, row.name, row.pronouns, row.zone) for row in rows}


def members_of(session: Session, group_id: UUID, roles: Sequence[str] = tuple(Role)) -> list[Member]:
    """Return who is in a group now, by name, one entry per role. The caller has checked the right to see it."""
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.group_id == group_id, Membership.role.in_(roles), runs(), Person.deactivated_at.is_(None))
        .order_by(Person.name, Person.id)
    )
    return [Member(Face(r.id, r.name, r.pronouns, r.zone), r.role) for r in rows]


def members_for(session: Session, viewer: Viewer, group_id: UUID, span: Span) -> Part[Member]:
    """Return part of who is in a group that the viewer may see into, one entry per role. Two statements."""
    demand(session, viewer, Right.MEET, group_id)
    query = (
        select(Person.id, Person.name, Person.pronouns, Person.zone, Membership.role, Membership.id.label("member_id"))
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.group_id == group_id, runs(), Person.deactivated_at.is_(None))
    )
    return part(
        session,
        query,
        Membership.id,
        span,
        lambda r: Member(Face(r.id, r.name, r.pronouns, r.zone), r.role, r.member_id),
    )


_GATHERED = Prepared(
    lambda viewer: select(func.count()).select_from(met_together(viewer).limit(bindparam("most")).subquery())
)


def meets_few(session: Session, viewer: Viewer) -> bool:
    """Say whether those whom the viewer may meet are soon gathered, or better looked for one by one. One statement.

    It counts their memberships until there are too many.
    """
    return bool(ask(session, *_GATHERED(viewer, most=FEW + 1)).scalar_one() <= FEW)


def people_for(session: Session, viewer: Viewer, span: Span, *, words: str = "") -> Part[Face]:
    """Return part of whom the viewer may meet, those whose names hold all `words`. Two statements."""
    few = meets_few(session, viewer)
    query = select(Person.id, Person.name, Person.pronouns, Person.zone).where(
        Person.id.in_(met_together(viewer)) if few else met_one_by_one(viewer, Person.id),
        Person.deactivated_at.is_(None),
        Person.id != viewer.person_id,
        *(
            any_case(Person.name, plain=word.isascii()).contains(word.lower(), autoescape=True)
            for word in words.split()
        ),
    )
    return part(session, query, Person.id, span, lambda row: Face(*row))


@dataclass(frozen=True)
class GroupLine:
    """A group that somebody may know of."""

    id: UUID
    name: str
    kind: str
    parent_id: UUID | None


_GROUP = (Group.id, Group.name, Group.kind, Group.parent_id)


def groups_for(session: Session, viewer: Viewer, span: Span) -> Part[GroupLine]:
    """Return part of the groups that the viewer may see into. One statement."""
    return part(session, select(*_GROUP).where(known_groups(viewer)), Group.id, span, lambda row: GroupLine(*row))


def group_for(session: Session, viewer: Viewer, group_id: UUID) -> GroupLine:
    """Find a group that the viewer may see into; raises `Missing`. One statement."""
    row = session.execute(
        select(*_GROUP).where(Group.id == group_id, reaches(viewer, Right.MEET, Group.id))
    ).one_or_none()
    if row is None:
        raise Missing
    return GroupLine(*row)


def face_for(session: Session, viewer: Viewer, person_id: UUID) -> Face:
    """Return what is shown of a person whom the viewer may meet; anybody else is `Missing`."""
    if person_id != viewer.person_id:
        known = session.execute(select(Person.id).where(Person.id == person_id, met_one_by_one(viewer, Person.id)))
        if known.first() is None:
            raise Missing
    found = faces(session, [person_id]).get(person_id)
    if found is None:
        raise Missing
    return found


def hold(session: Session, person_id: UUID) -> None:
    """Let whoever changes what belongs to one person wait for each other until the transaction ends."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).all()


def languages_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return the languages that each person can work in, sorted."""
    found: dict[UUID, list[str]] = {person_id: [] for person_id in person_ids}
    for row in session.execute(
        select(PersonLanguage.person_id, PersonLanguage.language)
        .where(PersonLanguage.person_id.in_(set(person_ids)))
        .order_by(PersonLanguage.language)
    ):
        found[row.person_id].append(row.language)
    return found


_HOURS = keep(
    select(Availability.person_id, Availability.weekday, Availability.start_minute, Availability.end_minute)
    .where(Availability.person_id.in_(bindparam("people", expanding=True)))
    .order_by(Availability.weekday, Availability.start_minute)
)


def availability_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[tuple[int, int, int]]]:
    """Return each person's weekly hours as (weekday from Monday 0, start, end) in minutes of their own day."""
    found: dict[UUID, list[tuple[int, int, int]]] = {person_id: [] for person_id in person_ids}
    for row in ask(session, _HOURS, {"people": list(found)}):
        found[row.person_id].append((row.weekday, row.start_minute, row.end_minute))
    return found


def blocks_among(session: Session, person_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return (who, whom) for every block in which both are among the people given."""
    ids = set(person_ids)
    rows = session.execute(
        select(Block.person_id, Block.blocked_id).where(Block.person_id.in_(ids), Block.blocked_id.in_(ids))
    )
    return {(row.person_id, row.blocked_id) for row in rows}


def managers_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Return each person's manager."""
    rows = session.execute(select(Person.id, Person.manager_id).where(Person.id.in_(set(person_ids))))
    return {row.id: row.manager_id for row in rows}


def addresses_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return (name, address) of active people, for mail."""
    rows = session.execute(
        select(Person.id, Person.name, Person.email).where(
            Person.id.in_(set(person_ids)), Person.deactivated_at.is_(None)
        )
    )
    return {row.id: (row.name, row.email) for row in rows}


def organization(session: Session) -> Group | None:
    """Return the one organization of this deployment, if it has been set up."""
    return session.scalar(select(Group).where(Group.kind == "organization").limit(1))


def default_zone(session: Session) -> str:
    """Return the zone of people who have not chosen one yet."""
    return session.scalar(select(OrganizationSettings.zone).limit(1)) or "UTC"


def contact(session: Session) -> str:
    """Return the address to write to for help; "" where none is settled."""
    return session.scalar(select(OrganizationSettings.contact).limit(1)) or ""


@dataclass(frozen=True)
class Profile:
    """What somebody says about themselves, as they see it."""

    name: str
    email: str
    pronouns: str
    about: str
    zone: str
    languages: list[str]
    hours: list[tuple[int, int, int]]
    manager: Face | None


def profile_for(session: Session, viewer: Viewer) -> Profile:
    """Return the viewer's own profile. Three statements."""
    lead = aliased(Person)
    row = session.execute(
        select(
            Person.name,
            Person.email,
            Person.pronouns,
            Person.about,
            Person.zone,
            *(lead.id.label("lead_id"), lead.name.label("lead_name")),
            *(lead.pronouns.label("lead_pronouns"), lead.zone.label("lead_zone")),
        )
        .outerjoin(lead, lead.id == Person.manager_id)
        .where(Person.id == viewer.person_id)
    ).one()
    me = viewer.person_id
    return Profile(
        name=row.name,
        email=row.email,
        pronouns=row.pronouns,
        about=row.about,
        zone=row.zone,
        languages=languages_of(session, [me])[me],
        hours=availability_of(session, [me])[me],
        manager=Face(row.lead_id, row.lead_name, row.lead_pronouns, row.lead_zone) if row.lead_id else None,
    )


def blocked_for(session: Session, viewer: Viewer) -> list[Face]:
    """Return whom the viewer has blocked, by name."""
    rows = session.execute(
        select(Person.id, Person.name, Person.pronouns, Person.zone)
        .join(Block, Block.blocked_id == Person.id)
        .where(Block.person_id == viewer.person_id)
        .order_by(Person.name, Person.id)
    )
    return [Face(row.id, row.name, row.pronouns, row.zone) for row in rows]
