"""Facts about personal API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class TokenMade(Event):
    """Somebody made a token."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "token_id", "scopes")
    person_id: UUID
    token_id: UUID
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    """A token is worth nothing any more."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "token_id")
    person_id: UUID
    token_id: UUID
