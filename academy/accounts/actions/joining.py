"""Coming in: by an invitation, or by a link that a group hands round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from academy.accounts.actions.links import use_link
from academy.accounts.events import InvitationAccepted, JoinAsked, JoinLinkEnded, JoinLinkMade, JoinLinkUsed
from academy.accounts.models import Invitation, JoinLink, LinkKind
from academy.accounts.policy import JOINS_AS, MOST_DAYS, MOST_SEATS, JoinRule, may_bring_in
from academy.accounts.queries.incoming import FULL, standing
from academy.kernel import clock
from academy.kernel.access import Closed, Invalid, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.models import Person
from academy.people.policy import Right, appointable, kind_of, require

Rules = Mapping[str, JoinRule]
"""How people are let into groups, by kind; a kind without a rule just takes them in."""

NOT_THEIRS = "Whoever made this link can no longer let people in here. Ask your program lead for a new one."
NOT_ONESELF = "You can't appoint yourself. Another admin can; nothing was changed."
ALL_TAKEN = "All places of this link are taken. Ask whoever gave it to you for another one."


@dataclass(frozen=True, kw_only=True)
class NewAccount:
    """What somebody says about themselves when their account is made; the password is hashed already."""

    name: str
    zone: str
    password_hash: str


def make_link(
    session: Session, *, viewer: Viewer, group_id: UUID, token: str, days: int, seats: int | None
) -> JoinLink:
    """Make a link by which people join a group as what is least there."""
    path = people_queries.path_of(session, group_id)
    require(viewer, Right.ENROLL, path)
    if not may_bring_in(viewer, path):
        raise Missing
    if not 1 <= days <= MOST_DAYS:
        detail = f"A link lasts from one day to {MOST_DAYS}."
        raise Invalid(detail, errors={"days": [detail]})
    if seats is not None and not 1 <= seats <= MOST_SEATS:
        detail = f"Places are a number from 1 to {MOST_SEATS}."
        raise Invalid(detail, errors={"seats": [detail]})
    now = clock.now()
    link = JoinLink(
        id=new_id(),
        group_id=group_id,
        role=JOINS_AS[kind_of(path)],
        token=token,
        made_by_id=viewer.person_id,
        created_at=now,
        expires_at=now + timedelta(days=days),
        seats=seats,
        taken=0,
    )
    session.add(link)
    session.flush()
    emit(session, JoinLinkMade(actor_id=viewer.person_id, join_link_id=link.id, group_id=group_id, role=link.role))
    return link


def end_join_link(session: Session, *, viewer: Viewer, join_link_id: UUID) -> UUID:
    """End a link for everybody who has it, and return its group; ending it twice is ending it once."""
    link = session.get(JoinLink, join_link_id, with_for_update=True)
    if link is None:
        raise Missing
    require(viewer, Right.ENROLL, people_queries.path_of(session, link.group_id))
    if link.ended_at is None:
        link.ended_at = clock.now()
        emit(session, JoinLinkEnded(actor_id=viewer.person_id, join_link_id=link.id, group_id=link.group_id))
    return link.group_id


def join_by_link(session: Session, *, viewer: Viewer, token: str, rules: Rules) -> bool:
    """Join a group by its link with the account one has; says whether that was new."""
    found = session.execute(select(JoinLink.id, JoinLink.group_id).where(JoinLink.token == token)).one_or_none()
    if found is None:
        raise Missing
    return _take_place(session, found.id, viewer.person_id, rules)


def ask_to_join(session: Session, *, token: str, address: str) -> None:
    """Ask for a mail that proves an address. Whether it has an account is looked up by a job, not here.

    Nobody gets a letter for a link whose places are all taken: it is `Closed`.
    """
    found = session.execute(select(JoinLink.id, FULL.label("full")).where(JoinLink.token == token)).one_or_none()
    if found is None:
        raise Missing
    if found.full:
        raise Closed(ALL_TAKEN)
    emit(session, JoinAsked(actor_id=None, join_link_id=found.id, address=address))


def accept(
    session: Session,
    *,
    kind: LinkKind,
    token: str,
    viewer: Viewer | None,
    account: NewAccount | None,
    rules: Rules,
) -> UUID:
    """Come in by a mailed link, with the account one has or a new one; returns the person.

    The link's address is proved by its having come there. Where that address has an account, it is that account.
    """
    used = use_link(session, kind=kind, token=token)
    owner = session.execute(
        select(Person.id, Person.deactivated_at).where(Person.email_key == used.address.casefold())
    ).one_or_none()
    if owner is not None and (viewer is None or viewer.person_id != owner.id):
        detail = "There is an account with this address. Sign in with it, then open the link again."
        raise Refused(detail)
    if viewer is not None:
        person_id = viewer.person_id
    elif account is not None:
        person_id = people.add_person(
            session,
            email=used.address,
            name=account.name.strip(),
            zone=account.zone,
            password_hash=account.password_hash,
        ).id
    else:
        raise Missing
    if used.join_link_id is not None:
        _take_place(session, used.join_link_id, person_id, rules)
    elif used.invitation_id is not None:
        _take_up(session, used.invitation_id, person_id, rules)
    return person_id


def _take_up(session: Session, invitation_id: UUID, person_id: UUID, rules: Rules) -> None:
    invitation = session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None or invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise Missing
    _let_in(session, invitation.invited_by_id, invitation.group_id, person_id, invitation.role, rules)
    invitation.accepted_at, invitation.accepted_by_id = clock.now(), person_id
    invitation.name = invitation.address = invitation.address_key = ""
    emit(
        session,
        InvitationAccepted(
            actor_id=person_id,
            invitation_id=invitation.id,
            group_id=invitation.group_id,
            person_id=person_id,
            role=invitation.role,
        ),
    )


def _take_place(session: Session, join_link_id: UUID, person_id: UUID, rules: Rules) -> bool:
    """Take a place of a link, if one is left: the row is changed only where there is, so the last goes once."""
    now = clock.now()
    taken = session.execute(
        update(JoinLink)
        .where(
            JoinLink.id == join_link_id,
            JoinLink.ended_at.is_(None),
            JoinLink.expires_at > now,
            or_(JoinLink.seats.is_(None), JoinLink.taken < JoinLink.seats),
        )
        .values(taken=JoinLink.taken + 1)
        .returning(JoinLink.group_id, JoinLink.role, JoinLink.made_by_id)
    ).one_or_none()
    if taken is None:
        open_still = select(JoinLink.id).where(
            JoinLink.id == join_link_id, JoinLink.ended_at.is_(None), JoinLink.expires_at > now
        )
        if session.scalar(open_still) is None:
            raise Missing
        raise Closed(ALL_TAKEN)
    new = _let_in(session, taken.made_by_id, taken.group_id, person_id, taken.role, rules)
    if new:
        emit(
            session,
            JoinLinkUsed(actor_id=person_id, join_link_id=join_link_id, group_id=taken.group_id, person_id=person_id),
        )
    else:  # who is here already takes nobody's place
        session.execute(update(JoinLink).where(JoinLink.id == join_link_id).values(taken=JoinLink.taken - 1))
    return new


def _let_in(session: Session, by_id: UUID, group_id: UUID, person_id: UUID, role: str, rules: Rules) -> bool:
    """Give a role in somebody's name, with the rights that they have now, not those they had."""
    path = people_queries.path_of(session, group_id)
    by = standing(session, by_id)
    if by is None or not appointable(by, role, path, person_id):
        raise Closed(NOT_ONESELF if person_id == by_id else NOT_THEIRS)
    rule = rules.get(kind_of(path))
    if rule is not None:
        return rule.admit(session, by=by, group_id=group_id, person_id=person_id, role=role)
    return people.join(session, group_id=group_id, person_id=person_id, role=role, actor_id=by.person_id)
