"""Questions about personal API tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.people.queries import roles_of
from academy.tokens.engine import token_hash
from academy.tokens.models import ApiToken

NOTE_USE_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class TokenLine:
    """A token as its owner sees it."""

    id: UUID
    name: str
    ending: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


def bearer_of(session: Session, token: str) -> tuple[Viewer, bool] | None:
    """Find whose token this is, with the roles they have now; None when it has ended, or they have. Two statements.

    The second value says that the last use that was noted is an hour old.
    """
    hashed = token_hash(token)
    if hashed is None:
        return None
    now = clock.now()
    row = session.execute(
        select(
            ApiToken.id.label("token_id"),
            ApiToken.scopes,
            ApiToken.last_used_at,
            Person.id,
            Person.name,
            Person.zone,
            Person.locale,
        )
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.token_hash == hashed,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            Person.deactivated_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    viewer = Viewer(
        person_id=row.id,
        sign_in_id=row.token_id,
        name=row.name,
        zone=row.zone,
        locale=row.locale,
        roles=roles_of(session, row.id),
        scopes=frozenset(row.scopes),
    )
    return viewer, row.last_used_at is None or row.last_used_at <= now - NOTE_USE_EVERY


def tokens_for(session: Session, viewer: Viewer) -> list[TokenLine]:
    """Return the viewer's own tokens that have not ended, newest first. One statement."""
    rows = session.execute(
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.ending,
            ApiToken.scopes,
            ApiToken.created_at,
            ApiToken.expires_at,
            ApiToken.last_used_at,
        )
        .where(ApiToken.person_id == viewer.person_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > clock.now())
        .order_by(ApiToken.id.desc())
    )
    return [
        TokenLine(r.id, r.name, r.ending, tuple(r.scopes), r.created_at, r.expires_at, r.last_used_at) for r in rows
    ]


def names_for(session: Session, viewer: Viewer, token_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return how the viewer called their own tokens, ended ones too."""
    rows = session.execute(
        select(ApiToken.id, ApiToken.name).where(
            ApiToken.person_id == viewer.person_id, ApiToken.id.in_(set(token_ids))
        )
    )
    return {row.id: row.name for row in rows}
