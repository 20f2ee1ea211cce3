"""How a token looks and what it may be for: pure calculation."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence

PREFIX = "acad_"
"""By which a scanner of leaked secrets knows one of ours."""
SHAPE = re.compile(r"acad_[A-Za-z0-9_-]{43}", re.ASCII)

VERBS = ("read", "write")
AREAS = ("people", "notices", "tracks", "forums", "workshops", "cohorts", "matches", "careers")
"""The areas of guards that a token may be limited to, as their names begin."""
SCOPES = frozenset([*VERBS, *(f"{area}:{verb}" for area in AREAS for verb in VERBS)])

LIFETIMES = (30, 90, 180, 365)
"""For how many days a token may be made. Every token ends."""
MOST = 20
"""Live tokens of one person."""


def new_token() -> str:
    """Make a token: a prefix and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def token_hash(token: str) -> str | None:
    """Return what the database keeps of a token; None for what is no token at all."""
    return hashlib.sha256(token.encode()).hexdigest() if SHAPE.fullmatch(token) else None


def scopes_of(verbs: Iterable[str], areas: Sequence[str]) -> list[str]:
    """Put scopes together: what may be done, everywhere or in some areas."""
    chosen = [verb for verb in VERBS if verb in set(verbs)]
    return [f"{area}:{verb}" for area in AREAS if area in areas for verb in chosen] if areas else chosen
