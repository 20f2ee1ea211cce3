"""Who is looking: the signed-in person, with the roles that decide what they may see and do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

HUES = 6
SIGN_IN_LASTS = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """A signed-in person as of this request. `roles` maps a group to the viewer's roles in it now."""

    person_id: UUID
    sign_in_id: UUID
    name: str
    zone: str = "UTC"
    locale: str = "en"
    theme: str = ""
    contrast: str = ""
    announce: str = "full"
    roles: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    """What a personal API token may be used for; None for who is here themselves. Then `sign_in_id` is the token's."""
    until: datetime | None = None
    """When that token expires."""

    @property
    def initials(self) -> str:
        """Return one or two letters for an avatar."""
        return initials(self.name)

    @property
    def hue(self) -> int:
        """Return one of the six soft hues, always the same for the same person."""
        return hue(self.person_id)


def initials(name: str) -> str:
    """Return the first letters of the first and last word of a name."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split() or ["?"]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def hue(person_id: UUID) -> int:
    """Choose one of six hues by a stable hash of the id."""
    return hashlib.sha256(person_id.bytes).digest()[0] % HUES
