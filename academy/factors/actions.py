"""Verbs on second factors. What proves something (a code, a signature) has been checked by the entry point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from academy.factors import queries
from academy.factors.engine.passkeys import Made
from academy.factors.events import (
    FactorAdded,
    FactorRemoved,
    FactorsReset,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStepFailed,
)
from academy.factors.models import AppFactor, Challenge, Passkey, RecoveryCode
from academy.factors.policy import demand_presence
from academy.kernel import clock
from academy.kernel.access import Conflict, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer

MOST = 20
"""Passkeys of one person."""
ASKED_FOR = timedelta(minutes=5)
"""How long a passkey may take to sign."""


# authenticator apps


def begin_app(session: Session, *, viewer: Viewer, sealed: str) -> None:
    """Keep the sealed secret of an app that is yet to be confirmed; one that never was is replaced."""
    demand_presence(viewer)
    found = queries.app_of(session, viewer.person_id)
    if found is not None and found.confirmed:
        detail = "You have an authenticator app already. Turn it off first, then set up the other one."
        raise Conflict(detail)
    session.execute(delete(AppFactor).where(AppFactor.person_id == viewer.person_id))
    session.add(AppFactor(id=new_id(), person_id=viewer.person_id, sealed=sealed, created_at=clock.now()))
    session.flush()


def confirm_app(session: Session, *, viewer: Viewer, step: int, code_hashes: Sequence[str]) -> bool:
    """Let an app count, whose code of a time step was shown; says whether the recovery codes given are theirs now.

    Who has recovery codes already keeps those.
    """
    demand_presence(viewer)
    me = viewer.person_id
    app_id = session.scalar(
        update(AppFactor)
        .where(AppFactor.person_id == me, AppFactor.confirmed_at.is_(None))
        .values(confirmed_at=clock.now(), last_step=step)
        .returning(AppFactor.id)
    )
    if app_id is None:
        detail = "This app is confirmed already, or its set-up was begun anew. Look at your security page."
        raise Conflict(detail)
    emit(session, FactorAdded(actor_id=me, person_id=me, kind="app", factor_id=app_id))
    return _first_codes(session, me, code_hashes)


def use_app(session: Session, *, person_id: UUID, step: int, resealed: str | None = None) -> bool:
    """Take the code of a time step, once; says whether it was new. `resealed` is the secret under the newest key."""
    values: dict[str, object] = {"last_step": step}
    if resealed is not None:
        values["sealed"] = resealed
    taken = session.execute(
        update(AppFactor)
        .where(
            AppFactor.person_id == person_id,
            AppFactor.confirmed_at.is_not(None),
            or_(AppFactor.last_step.is_(None), AppFactor.last_step < step),
        )
        .values(values)
        .returning(AppFactor.id)
    )
    return taken.one_or_none() is not None


def remove_app(session: Session, *, viewer: Viewer) -> None:
    """Turn one's own app off; off already is off."""
    demand_presence(viewer)
    me = viewer.person_id
    row = session.execute(
        delete(AppFactor).where(AppFactor.person_id == me).returning(AppFactor.id, AppFactor.confirmed_at)
    ).one_or_none()
    if row is not None and row.confirmed_at is not None:
        emit(session, FactorRemoved(actor_id=me, person_id=me, kind="app", factor_id=row.id))
        _last_codes(session, me)


def reseal(session: Session, *, app_id: UUID, before: str, sealed: str) -> None:
    """Keep a secret under another key, unless it has changed meanwhile."""
    session.execute(update(AppFactor).where(AppFactor.id == app_id, AppFactor.sealed == before).values(sealed=sealed))


# recovery codes


def renew_codes(session: Session, *, viewer: Viewer, code_hashes: Sequence[str]) -> None:
    """Replace one's own recovery codes, used or not."""
    demand_presence(viewer)
    if not queries.asked_of(session, viewer.person_id):
        detail = "Recovery codes are for who has a second factor. Set up an app or a passkey first."
        raise Conflict(detail)
    _keep_codes(session, viewer.person_id, code_hashes)
    emit(session, RecoveryCodesMade(actor_id=viewer.person_id, person_id=viewer.person_id))


def use_code(session: Session, *, person_id: UUID, code_hash: str) -> bool:
    """Take a recovery code, once; says whether it was one."""
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.code_hash == code_hash, RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    if used.one_or_none() is None:
        return False
    left = session.scalar(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    )
    emit(session, RecoveryCodeUsed(actor_id=person_id, person_id=person_id, left=left or 0))
    return True


def _first_codes(session: Session, person_id: UUID, code_hashes: Sequence[str]) -> bool:
    left = session.scalar(
        select(RecoveryCode.id).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)).limit(1)
    )
    if left is not None:
        return False
    _keep_codes(session, person_id, code_hashes)
    return True


def _keep_codes(session: Session, person_id: UUID, code_hashes: Sequence[str]) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    now = clock.now()
    session.execute(
        insert(RecoveryCode),
        [{"id": new_id(), "person_id": person_id, "code_hash": one, "created_at": now} for one in code_hashes],
    )


def _last_codes(session: Session, person_id: UUID) -> None:
    """Without a factor there is nothing to recover."""
    if not queries.asked_of(session, person_id):
        session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))


# passkeys


def ask(session: Session, *, purpose: str, person_id: UUID | None, challenge: str) -> UUID:
    """Remember what a passkey is asked to sign, for whom where that is known; forget what took too long."""
    now = clock.now()
    session.execute(delete(Challenge).where(Challenge.expires_at <= now))
    row = Challenge(id=new_id(), purpose=purpose, person_id=person_id, challenge=challenge, expires_at=now + ASKED_FOR)
    session.add(row)
    session.flush()
    return row.id


def take(session: Session, *, challenge_id: UUID, purpose: str, person_id: UUID | None) -> str | None:
    """Return what was to be signed for this purpose by this person, once; None when it is over."""
    row = session.execute(
        delete(Challenge)
        .where(Challenge.id == challenge_id)
        .returning(Challenge.purpose, Challenge.person_id, Challenge.challenge, Challenge.expires_at)
    ).one_or_none()
    if row is None or row.expires_at <= clock.now() or (row.purpose, row.person_id) != (purpose, person_id):
        return None
    return str(row.challenge)


def add_passkey(session: Session, *, viewer: Viewer, name: str, made: Made, code_hashes: Sequence[str]) -> bool:
    """Keep a passkey that a browser has made; says whether the recovery codes given are theirs now."""
    demand_presence(viewer)
    me = viewer.person_id
    if len(queries.passkeys_of(session, me)) >= MOST:
        detail = f"You have {MOST} passkeys. Remove one that you no longer use; nothing was changed."
        raise Conflict(detail)
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        detail = "This passkey is known already. Nothing was changed."
        raise Conflict(detail)
    row = Passkey(
        id=new_id(),
        person_id=me,
        name=name,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=list(made.transports),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    emit(session, FactorAdded(actor_id=me, person_id=me, kind="passkey", factor_id=row.id))
    return _first_codes(session, me, code_hashes)


def name_passkey(session: Session, *, viewer: Viewer, passkey_id: UUID, name: str) -> None:
    """Call one's own passkey something else."""
    demand_presence(viewer)
    named = session.execute(
        update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.person_id == viewer.person_id)
        .values(name=name)
        .returning(Passkey.id)
    )
    if named.one_or_none() is None:
        raise Missing


def use_passkey(session: Session, *, passkey_id: UUID, before: int, count: int) -> bool:
    """Remember that a passkey signed, and its counter; says whether nobody else used it at the same moment."""
    used = session.execute(
        update(Passkey)
        .where(Passkey.id == passkey_id, Passkey.sign_count == before)
        .values(sign_count=count, last_used_at=clock.now())
        .returning(Passkey.id)
    )
    return used.one_or_none() is not None


def remove_passkey(session: Session, *, viewer: Viewer, passkey_id: UUID) -> None:
    """Forget one's own passkey."""
    demand_presence(viewer)
    me = viewer.person_id
    gone = session.execute(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == me).returning(Passkey.id)
    )
    if gone.one_or_none() is None:
        raise Missing
    emit(session, FactorRemoved(actor_id=me, person_id=me, kind="passkey", factor_id=passkey_id))
    _last_codes(session, me)


# everybody's


def reset_factors(session: Session, *, viewer: Viewer, person_id: UUID) -> None:
    """Take every factor of somebody away who has lost them. They are told, and can set up new ones."""
    demand_presence(viewer)
    queries.demand_settling(session, viewer, person_id)
    if person_id == viewer.person_id:
        detail = "These are your own. Turn them off on your security page."
        raise Refused(detail)
    forget_factors(session, person_id=person_id)
    emit(session, FactorsReset(actor_id=viewer.person_id, person_id=person_id))


def forget_factors(session: Session, *, person_id: UUID, since: datetime | None = None) -> None:
    """Remove somebody's factors, or those that were added after an instant; the caller has checked the right to."""
    for table in (AppFactor, RecoveryCode, Passkey):
        gone = delete(table).where(table.person_id == person_id)
        session.execute(gone if since is None else gone.where(table.created_at > since))
    session.execute(delete(Challenge).where(Challenge.person_id == person_id))
    _last_codes(session, person_id)


def report_failures(session: Session, *, person_id: UUID) -> None:
    """Write down that somebody knew a password and then guessed until they had to wait."""
    emit(session, SecondStepFailed(actor_id=None, person_id=person_id))
