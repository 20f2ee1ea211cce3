"""Mailed links: open one, use it once, end those that no longer hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from academy.accounts.models import LinkKind, MailedLink
from academy.accounts.policy import LASTS
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.ids import new_id
from academy.people.engine import token_hash
from academy.people.models import Person


@dataclass(frozen=True)
class Used:
    """What a link that has just been used was about."""

    id: UUID
    person_id: UUID | None
    invitation_id: UUID | None
    join_link_id: UUID | None
    address: str
    created_at: datetime


def open_link(
    session: Session,
    *,
    kind: LinkKind,
    hashed: str,
    person_id: UUID | None = None,
    invitation_id: UUID | None = None,
    join_link_id: UUID | None = None,
    address: str = "",
    at: datetime | None = None,
    lasts: timedelta | None = None,
) -> MailedLink:
    """Keep a link that is about to be mailed; it supersedes the open one of its kind about the same thing.

    `at` is when what it is about happened, if that was before now; `lasts` is how long, if not as its kind does.
    """
    now = clock.now()
    if person_id is not None:  # two that are opened at once wait for each other here, and the later one stays
        session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    if kind != LinkKind.UNDO:
        session.execute(
            update(MailedLink)
            .where(
                MailedLink.kind == kind,
                MailedLink.person_id == person_id,
                MailedLink.invitation_id == invitation_id,
                MailedLink.join_link_id == join_link_id,
                (MailedLink.address == address) if kind == LinkKind.SIGN_UP else MailedLink.id.is_not(None),
                MailedLink.used_at.is_(None),
                MailedLink.ended_at.is_(None),
            )
            .values(ended_at=now)
        )
    link = MailedLink(
        id=new_id(),
        kind=kind,
        token_hash=hashed,
        person_id=person_id,
        invitation_id=invitation_id,
        join_link_id=join_link_id,
        address=address,
        created_at=at or now,
        expires_at=now + (LASTS[kind] if lasts is None else lasts),
    )
    session.add(link)
    session.flush()
    return link


def use_link(session: Session, *, kind: LinkKind, token: str) -> Used:
    """Use a link up; of two uses at once one finds it used. Raises `Missing` for whatever is not open."""
    now = clock.now()
    row = session.execute(
        update(MailedLink)
        .where(
            MailedLink.token_hash == token_hash(token),
            MailedLink.kind == kind,
            MailedLink.used_at.is_(None),
            MailedLink.ended_at.is_(None),
            MailedLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(
            MailedLink.id,
            MailedLink.person_id,
            MailedLink.invitation_id,
            MailedLink.join_link_id,
            MailedLink.address,
            MailedLink.created_at,
        )
    ).one_or_none()
    if row is None:
        raise Missing
    if row.person_id is not None:
        active = select(Person.id).where(Person.id == row.person_id, Person.deactivated_at.is_(None))
        if session.scalar(active) is None:
            raise Missing
    return Used(*row)


def end_links(session: Session, *, person_id: UUID, kinds: Sequence[LinkKind], since: datetime | None = None) -> None:
    """End a person's open links of some kinds; with `since`, only those about what happened after that instant."""
    mine = update(MailedLink).where(
        MailedLink.person_id == person_id,
        MailedLink.kind.in_(kinds),
        MailedLink.used_at.is_(None),
        MailedLink.ended_at.is_(None),
    )
    if since is not None:
        mine = mine.where(MailedLink.created_at > since)
    session.execute(mine.values(ended_at=clock.now()))


def forget_link(session: Session, *, link_id: UUID) -> None:
    """Remove a link whose time is over, and the address with it."""
    session.execute(delete(MailedLink).where(MailedLink.id == link_id))
