"""Questions about accounts: one's own devices and what a password is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.accounts.engine import device_of
from academy.kernel import clock
from academy.kernel.viewer import SIGN_IN_LASTS, Viewer
from academy.people.models import Person, SignIn

MOST_DEVICES = 200


@dataclass(frozen=True)
class Device:
    """One open sign-in: with which browser, on which system ("" where that can't be told), since when."""

    id: UUID
    browser: str
    system: str
    since: datetime
    here: bool


@dataclass(frozen=True)
class Account:
    """What a person signs in with."""

    person_id: UUID
    name: str
    email: str
    password_hash: str | None


def devices_for(session: Session, viewer: Viewer) -> list[Device]:
    """Return where the viewer is signed in, this one first, then the latest. One statement."""
    rows = session.execute(
        select(SignIn.id, SignIn.agent, SignIn.created_at)
        .where(
            SignIn.person_id == viewer.person_id,
            SignIn.ended_at.is_(None),
            SignIn.created_at > clock.now() - SIGN_IN_LASTS,
        )
        .order_by((SignIn.id == viewer.sign_in_id).desc(), SignIn.created_at.desc(), SignIn.id.desc())
        .limit(MOST_DEVICES)
    )
    return [Device(r.id, *device_of(r.agent), r.created_at, r.id == viewer.sign_in_id) for r in rows]


def account_of(session: Session, person_id: UUID) -> Account | None:
    """Return what an active person signs in with."""
    row = session.execute(
        select(Person.id, Person.name, Person.email, Person.password_hash).where(
            Person.id == person_id, Person.deactivated_at.is_(None)
        )
    ).one_or_none()
    return Account(row.id, row.name, row.email, row.password_hash) if row else None
