"""Verbs on personal API tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.tokens import queries
from academy.tokens.engine import LIFETIMES, MOST, SCOPES, token_hash
from academy.tokens.events import TokenMade, TokenRevoked
from academy.tokens.models import ApiToken


def make_token(session: Session, *, viewer: Viewer, token: str, name: str, scopes: Sequence[str], days: int) -> UUID:
    """Let a token be used in the viewer's stead for so many days; the caller shows it once. Returns the row's id.

    Raises `Refused` where the viewer is a token themselves, `Invalid` and `Conflict` with a sentence.
    """
    hashed = token_hash(token)
    if viewer.scopes is not None or hashed is None:
        detail = "No token can make another one. Sign in and do it yourself."
        raise Refused(detail)
    if not scopes or not SCOPES.issuperset(scopes):
        detail = "Choose at least one thing that the token may do."
        raise Invalid(detail, errors={"verbs": [detail]})
    if days not in LIFETIMES:
        detail = "Choose from the list until when it lasts."
        raise Invalid(detail, errors={"days": [detail]})
    people.hold(session, viewer.person_id)  # a page sent twice at once: the second sees what the first has made
    mine = queries.tokens_for(session, viewer)
    if len(mine) >= MOST:
        detail = f"You have {MOST} tokens. Revoke one that you no longer need; nothing was changed."
        raise Conflict(detail)
    if name in {line.name for line in mine}:
        detail = "You have a token of this name already. Choose another name, or revoke that one first."
        raise Invalid(detail, errors={"name": [detail]})
    now = clock.now()
    row = ApiToken(
        id=new_id(),
        person_id=viewer.person_id,
        name=name,
        token_hash=hashed,
        ending=token[-4:],
        scopes=list(scopes),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    made = TokenMade(actor_id=viewer.person_id, person_id=viewer.person_id, token_id=row.id, scopes=tuple(scopes))
    emit(session, made)
    return row.id


def revoke_token(session: Session, *, viewer: Viewer, token_id: UUID) -> None:
    """End one of the viewer's own tokens; ending it twice is ending it once. Another's is `Missing`."""
    if viewer.scopes is not None:
        detail = "No token can revoke one. Sign in and do it yourself."
        raise Refused(detail)
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.person_id == viewer.person_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    ).one_or_none()
    if ended is not None:
        emit(session, TokenRevoked(actor_id=viewer.person_id, person_id=viewer.person_id, token_id=token_id))
    elif not queries.names_for(session, viewer, [token_id]):
        raise Missing


def revoke_all(session: Session, *, person_id: UUID, actor_id: UUID | None) -> None:
    """End every token of a person, as when their account is closed."""
    ended = session.execute(
        update(ApiToken)
        .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .returning(ApiToken.id)
    ).scalars()
    for token_id in ended.all():
        emit(session, TokenRevoked(actor_id=actor_id, person_id=person_id, token_id=token_id))


def revoke_again(session: Session, revoked: Collection[tuple[UUID, datetime]]) -> None:
    """End tokens that had been ended before an older copy of the database came back, each with when that was."""
    for token_id, revoked_at in revoked:
        session.execute(
            update(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None)).values(revoked_at=revoked_at)
        )


def note_use(session: Session, *, token_ids: Sequence[UUID]) -> None:
    """Remember that tokens were used, of each at most once an hour."""
    now = clock.now()
    session.execute(
        update(ApiToken)
        .where(
            ApiToken.id.in_(token_ids),
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - queries.NOTE_USE_EVERY),
        )
        .values(last_used_at=now)
    )
