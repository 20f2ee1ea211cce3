"""Questions about links, invitations and who comes by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from academy.accounts.models import Invitation, JoinLink, LinkKind, MailedLink
from academy.accounts.policy import LASTS, may_bring_in
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.engine import token_hash
from academy.people.models import Group, GroupKind, Person
from academy.people.policy import Path, Right, appointable, granting, require

MOST_SHOWN = 200
ACCEPTED_SHOWN = timedelta(days=30)
FULL = func.coalesce(JoinLink.taken >= JoinLink.seats, literal(value=False))
"""Whether the places of a join link are all taken; one without a number of places has always room."""


@dataclass(frozen=True)
class OpenLink:
    """A mailed link that can be used now, about a person's own account; looking at it changes nothing."""

    person_id: UUID
    name: str
    email: str
    address: str


@dataclass(frozen=True)
class Entrance:
    """A way into a group: who opened it, and into what; `full` says that nobody else comes in by it."""

    group_id: UUID
    group: str
    kind: str
    role: str
    by_id: UUID
    by: str
    zone: str
    full: bool
    name: str = ""
    address: str = ""
    owner_id: UUID | None = None


def standing(session: Session, person_id: UUID) -> Viewer | None:
    """Return a person with the roles they have now, to act with their rights; None once their account is closed."""
    row = session.execute(
        select(Person.name, Person.zone).where(Person.id == person_id, Person.deactivated_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Viewer(
        person_id=person_id,
        sign_in_id=person_id,
        name=row.name,
        zone=row.zone,
        roles=people.roles_of(session, person_id),
    )


def _open_now(kind: LinkKind, token: str) -> tuple[ColumnElement[bool], ...]:
    return (
        MailedLink.token_hash == token_hash(token),
        MailedLink.kind == kind,
        MailedLink.used_at.is_(None),
        MailedLink.ended_at.is_(None),
        MailedLink.expires_at > clock.now(),
    )


def link_of(session: Session, kind: LinkKind, token: str) -> OpenLink:
    """Find an open link about an active person's account; whatever else it is, it is `Missing`."""
    row = session.execute(
        select(Person.id, Person.name, Person.email, MailedLink.address)
        .join(Person, Person.id == MailedLink.person_id)
        .where(*_open_now(kind, token), Person.deactivated_at.is_(None))
    ).one_or_none()
    if row is None:
        raise Missing
    return OpenLink(*row)


def entrance_of(session: Session, kind: LinkKind, token: str) -> Entrance:
    """Find where a mailed link leads in, and whose account its address is already. Six statements at most."""
    about = Invitation if kind == LinkKind.INVITATION else JoinLink
    by_id = Invitation.invited_by_id if kind == LinkKind.INVITATION else JoinLink.made_by_id
    reference = MailedLink.invitation_id if kind == LinkKind.INVITATION else MailedLink.join_link_id
    name = Invitation.name if kind == LinkKind.INVITATION else literal("")
    row = session.execute(
        select(
            about.group_id,
            Group.name.label("group"),
            Group.kind,
            about.role,
            Person.id.label("by_id"),
            Person.name.label("by"),
            Person.zone,
            (literal(value=False) if kind == LinkKind.INVITATION else FULL).label("full"),
            name.label("invited"),
            MailedLink.address,
        )
        .join(MailedLink, reference == about.id)
        .join(Group, Group.id == about.group_id)
        .join(Person, Person.id == by_id)
        .where(*_open_now(kind, token))
    ).one_or_none()
    if row is None:
        raise Missing
    owner_id, active = owner_of(session, row.address) or (None, True)
    if not active:
        raise Missing
    return _entrance(session, replace(Entrance(*row), owner_id=owner_id))


def door_of(session: Session, token: str) -> Entrance:
    """Find where a join link leads in, if it is open and its maker may still let people in."""
    row = session.execute(
        select(
            JoinLink.group_id,
            Group.name,
            Group.kind,
            JoinLink.role,
            Person.id,
            Person.name.label("by"),
            Person.zone,
            FULL.label("full"),
        )
        .join(Group, Group.id == JoinLink.group_id)
        .join(Person, Person.id == JoinLink.made_by_id)
        .where(JoinLink.token == token, JoinLink.ended_at.is_(None), JoinLink.expires_at > clock.now())
    ).one_or_none()
    if row is None:
        raise Missing
    return _entrance(session, Entrance(*row))


def _entrance(session: Session, entrance: Entrance) -> Entrance:
    by = standing(session, entrance.by_id)
    path = people.path_of(session, entrance.group_id)
    if by is None or not appointable(by, entrance.role, path, entrance.owner_id):
        raise Missing
    return entrance


@dataclass(frozen=True)
class InvitationLine:
    """An invitation as its list shows it; `until` is when its present link ends."""

    id: UUID
    name: str
    address: str
    role: str
    by: str
    sent_at: datetime
    accepted_by: str

    @property
    def until(self) -> datetime:
        """Return when the link that was mailed last ends."""
        return self.sent_at + LASTS[LinkKind.INVITATION]

    @property
    def lapsed(self) -> bool:
        """Say whether that link has ended."""
        return self.until <= clock.now()


@dataclass(frozen=True)
class LinkLine:
    """A join link as its list shows it."""

    id: UUID
    token: str
    role: str
    by: str
    expires_at: datetime
    seats: int | None
    taken: int


@dataclass(frozen=True)
class Place:
    """A group into which the viewer may bring people."""

    name: str
    path: Path


def place_for(session: Session, viewer: Viewer, group_id: UUID) -> Place:
    """Return a group into which the viewer may bring people. Two statements."""
    path = people.path_of(session, group_id)
    require(viewer, Right.ENROLL, path)
    if not may_bring_in(viewer, path):
        raise Missing
    return Place(session.scalars(select(Group.name).where(Group.id == group_id)).one(), path)


def houses_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the organization and academies into which a role of the viewer's there lets them bring people, by name.

    One statement, none for whoever brings nobody in.
    """
    where = granting(viewer, Right.ENROLL)
    if not where:
        return []
    rows = session.execute(
        select(Group.id, Group.name)
        .where(Group.id.in_(where), Group.kind.in_([GroupKind.ORGANIZATION, GroupKind.ACADEMY]))
        .order_by(Group.name, Group.id)
    )
    return [(row.id, row.name) for row in rows]


def invitations_in(session: Session, group_id: UUID) -> list[InvitationLine]:
    """Return a group's open invitations and those accepted lately, the latest first. The caller has checked."""
    by, came = aliased(Person), aliased(Person)
    rows = session.execute(
        select(
            Invitation.id,
            Invitation.name,
            Invitation.address,
            Invitation.role,
            by.name.label("by"),
            Invitation.sent_at,
            came.name.label("came"),
        )
        .join(by, by.id == Invitation.invited_by_id)
        .outerjoin(came, came.id == Invitation.accepted_by_id)
        .where(
            Invitation.group_id == group_id,
            Invitation.withdrawn_at.is_(None),
            or_(Invitation.accepted_at.is_(None), Invitation.accepted_at > clock.now() - ACCEPTED_SHOWN),
        )
        .order_by(Invitation.accepted_at.is_not(None), Invitation.sent_at.desc(), Invitation.id.desc())
        .limit(MOST_SHOWN)
    )
    return [InvitationLine(r.id, r.name, r.address, r.role, r.by, r.sent_at, r.came or "") for r in rows]


def links_in(session: Session, group_id: UUID) -> list[LinkLine]:
    """Return a group's open join links, the latest first. The caller has checked the right to see them."""
    rows = session.execute(
        select(
            JoinLink.id,
            JoinLink.token,
            JoinLink.role,
            Person.name.label("by"),
            JoinLink.expires_at,
            JoinLink.seats,
            JoinLink.taken,
        )
        .join(Person, Person.id == JoinLink.made_by_id)
        .where(JoinLink.group_id == group_id, JoinLink.ended_at.is_(None), JoinLink.expires_at > clock.now())
        .order_by(JoinLink.created_at.desc(), JoinLink.id.desc())
        .limit(MOST_SHOWN)
    )
    return [LinkLine(*row) for row in rows]


@dataclass(frozen=True)
class Asked:
    """What the letter of an invitation says."""

    address: str
    name: str
    group: str
    by: str
    sent_at: datetime


def invitation_to_mail(session: Session, invitation_id: UUID, *, lock: bool = False) -> Asked | None:
    """Return what to mail for an invitation that is still open. With `lock` it stays so for this unit of work."""
    query = (
        select(Invitation.address, Invitation.name, Group.name.label("group"), Person.name, Invitation.sent_at)
        .join(Group, Group.id == Invitation.group_id)
        .join(Person, Person.id == Invitation.invited_by_id)
        .where(Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    )
    row = session.execute(query.with_for_update(of=Invitation) if lock else query).one_or_none()
    return Asked(*row) if row else None


def owner_of(session: Session, address: str) -> tuple[UUID, bool] | None:
    """Return whose account an address is, and whether it is open."""
    row = session.execute(
        select(Person.id, Person.deactivated_at).where(Person.email_key == address.strip().casefold())
    ).one_or_none()
    return (row.id, row.deactivated_at is None) if row else None


def door_to_mail(session: Session, join_link_id: UUID) -> tuple[str, str] | None:
    """Return the token and group of a join link that is still open."""
    token = session.scalar(select(JoinLink.token).where(JoinLink.id == join_link_id))
    if token is None:
        return None
    try:
        return token, door_of(session, token).group
    except Missing:
        return None


@dataclass(frozen=True)
class Known:
    """An invitation that the viewer may send again or take back."""

    group_id: UUID
    address: str


def invitation_for(session: Session, viewer: Viewer, invitation_id: UUID) -> Known:
    """Return an invitation into a group where the viewer may bring people in; else `Missing` or refused."""
    row = session.execute(
        select(Invitation.group_id, Invitation.address).where(Invitation.id == invitation_id)
    ).one_or_none()
    if row is None:
        raise Missing
    require(viewer, Right.ENROLL, people.path_of(session, row.group_id))
    return Known(*row)
