"""Questions about second factors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from academy.factors.engine.passkeys import Known
from academy.factors.models import AppFactor, Passkey, RecoveryCode
from academy.factors.policy import settled_by
from academy.kernel.access import Missing, Refused
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.people.queries import face_for


@dataclass(frozen=True)
class PasskeyLine:
    """A passkey as its owner sees it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What somebody has beside a password."""

    app_since: datetime | None
    codes_left: int
    passkeys: list[PasskeyLine]

    @property
    def any(self) -> bool:
        """Whether they are asked for a second step."""
        return self.app_since is not None or bool(self.passkeys)


@dataclass(frozen=True)
class App:
    """Somebody's authenticator app, with its secret still sealed."""

    sealed: str
    confirmed: bool


def asked_of(session: Session, person_id: UUID) -> bool:
    """Say whether somebody is asked for a second step. One statement."""
    app = exists().where(AppFactor.person_id == person_id, AppFactor.confirmed_at.is_not(None))
    passkey = exists().where(Passkey.person_id == person_id)
    return bool(session.scalar(select(or_(app, passkey))))


def factors_of(session: Session, person_id: UUID) -> Factors:
    """Return what somebody has beside a password. Two statements."""
    since = select(AppFactor.confirmed_at).where(AppFactor.person_id == person_id).scalar_subquery()
    left = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
        .scalar_subquery()
    )
    row = session.execute(select(since.label("since"), left.label("codes"))).one()
    passkeys = session.execute(
        select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
        .where(Passkey.person_id == person_id)
        .order_by(Passkey.id)
    )
    lines = [PasskeyLine(r.id, r.name, r.created_at, r.last_used_at) for r in passkeys]
    return Factors(row.since, row.codes, lines)


def app_of(session: Session, person_id: UUID) -> App | None:
    """Return somebody's authenticator app, confirmed or about to be."""
    row = session.execute(
        select(AppFactor.sealed, AppFactor.confirmed_at).where(AppFactor.person_id == person_id)
    ).one_or_none()
    return App(row.sealed, row.confirmed_at is not None) if row else None


def passkeys_of(session: Session, person_id: UUID) -> list[Known]:
    """Return somebody's passkeys, to ask for one of them."""
    rows = session.scalars(select(Passkey).where(Passkey.person_id == person_id))
    return [_known(row) for row in rows]


def passkey_by(session: Session, credential_id: str) -> Known | None:
    """Find a passkey of an active account by the id that its device gave it."""
    row = session.scalar(
        select(Passkey)
        .join(Person, Person.id == Passkey.person_id)
        .where(Passkey.credential_id == credential_id, Person.deactivated_at.is_(None))
    )
    return _known(row) if row else None


def _known(row: Passkey) -> Known:
    return Known(row.id, row.person_id, row.credential_id, row.public_key, row.sign_count, tuple(row.transports))


def account_of(session: Session, person_id: UUID) -> tuple[str, str | None]:
    """Return somebody's address and password hash."""
    row = session.execute(select(Person.email, Person.password_hash).where(Person.id == person_id)).one()
    return row.email, row.password_hash


def demand_settling(session: Session, viewer: Viewer, person_id: UUID) -> None:
    """Refuse who may not settle things for a person; who may not know of them gets `Missing`."""
    if session.execute(settled_by(viewer, person_id).limit(1)).first() is None:
        if session.get(Person, person_id) is None:
            raise Missing
        face_for(session, viewer, person_id)
        detail = "This is not yours to do. An admin of your organization can."
        raise Refused(detail)


def sealed_secrets(session: Session) -> list[tuple[UUID, str]]:
    """Return every sealed secret by its row's id: for the change of the installation's own secret."""
    return [(row.id, row.sealed) for row in session.execute(select(AppFactor.id, AppFactor.sealed))]
