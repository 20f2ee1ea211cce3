"""Questions about personal API tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people.models import Membership, Person
from academy.people.policy import runs
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


def bearers_of(session: Session, tokens: Sequence[str]) -> dict[str, tuple[Viewer, bool]]:
    """Find whose tokens these are, by token, with the roles they have now. One statement.

    One that has ended is missing, and so is one whose owner's account is closed. The second value says that the last
    use that was noted is an hour old.
    """
    by_hash = {hashed: token for token in tokens if (hashed := token_hash(token)) is not None}
    if not by_hash:
        return {}
    now = clock.now()
    asked = (
        select(
            ApiToken.id.label("token_id"),
            *(ApiToken.token_hash, ApiToken.scopes, ApiToken.last_used_at, ApiToken.expires_at),
            *(Person.id, Person.name, Person.zone, Person.locale, Membership.group_id, Membership.role),
        )
        .join(Person, Person.id == ApiToken.person_id)
        .outerjoin(Membership, and_(Membership.person_id == Person.id, runs()))
        .where(
            ApiToken.token_hash.in_(by_hash),
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > now,
            Person.deactivated_at.is_(None),
        )
    )
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(asked):
        found[by_hash[row.token_hash]].append(row)
    return {token: (_viewer(rows), _is_stale(rows[0].last_used_at, now)) for token, rows in found.items()}


def _viewer(rows: Sequence[Row[Any]]) -> Viewer:
    """Put together who a token is of, from a row for each of their roles, or one without."""
    row, roles = rows[0], defaultdict(set)
    for each in rows:
        if each.group_id is not None:
            roles[each.group_id].add(each.role)
    return Viewer(
        person_id=row.id,
        sign_in_id=row.token_id,
        name=row.name,
        zone=row.zone,
        locale=row.locale,
        roles={group: frozenset(held) for group, held in roles.items()},
        scopes=frozenset(row.scopes),
        until=row.expires_at,
    )


def _is_stale(last_used_at: datetime | None, now: datetime) -> bool:
    return last_used_at is None or last_used_at <= now - NOTE_USE_EVERY


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


def revoked(session: Session) -> list[tuple[UUID, datetime]]:
    """Return every token that was revoked, and when."""
    rows = session.execute(select(ApiToken.id, ApiToken.revoked_at).where(ApiToken.revoked_at.is_not(None)))
    return [(row.id, row.revoked_at) for row in rows]
