"""Passwords, sign-in tokens and the zones there are: pure calculation.

Hashing takes 20 ms of processor time, so it runs off the hub.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict
from uuid import UUID
from zoneinfo import available_timezones

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from academy.kernel.access import Invalid

DAY = 24 * 60

# OWASP's second recommended setting for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

NOBODY = _hasher.hash(secrets.token_hex(16))
"""A hash no password fits: checked when an address is unknown, so that the answer takes as long."""


ZONES = frozenset(available_timezones()) - {"Factory", "localtime"}
"""Every time zone there is, read once: the list is made by walking through files. Two of its names are no places."""


_PLACES = ("UTC", *sorted(name for name in ZONES if "/" in name and not name.startswith("Etc/")))


def zone_options(*first: str) -> list[tuple[str, str]]:
    """Return every time zone that is a place, as (value, text), perhaps with those first that are likely."""
    return [(name, name.replace("_", " ")) for name in dict.fromkeys((*first, *_PLACES))]


def known_zone(zone: str) -> str:
    """Return a zone that there is; raises `Invalid` for any other."""
    if zone not in ZONES:
        detail = "This time zone is not known. Choose one from the list, such as Europe/Lisbon."
        raise Invalid(detail, errors={"zone": [detail]})
    return zone


def checked_hours(hours: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Return stretches of a week (weekday from Monday 0, start, end) in order; raises `Invalid` where they can't be."""
    ordered = sorted(hours)
    for weekday, start, end in ordered:
        if not (0 <= weekday <= 6 and 0 <= start < end <= DAY):
            detail = "Hours end after they begin, on the same day. What you wrote is kept."
            raise Invalid(detail, errors={"hours": [detail]})
    for (day, _, end), (next_day, start, _) in pairwise(ordered):
        if day == next_day and start < end:
            detail = "Two stretches of hours overlap. What you wrote is kept; join them into one."
            raise Invalid(detail, errors={"hours": [detail]})
    return ordered


def hash_password(password: str) -> str:
    """Hash a password with Argon2id."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Say whether a password is the one; an unknown person costs as much time as a known one."""
    try:
        _hasher.verify(password_hash or NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def new_token() -> str:
    """Make the token of a sign-in: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


DEMO_ADDRESSES = ("learner@demo.academy", "mentor@demo.academy", "lead@demo.academy", "admin@demo.academy")
DEMO_PASSWORD = "academy-demo"
"""The sign-ins of the demo academy: shown in demo mode, and made nowhere else."""


@dataclass(frozen=True)
class NewPerson:
    """Somebody who gets an account; without a zone the organization's, without an id a new one."""

    email: str
    name: str
    zone: str = ""
    password_hash: str | None = None
    id: UUID | None = None


class Kept(TypedDict, total=False):
    """What an organization keeps of a person, besides their address and who they report to."""

    name: str
    pronouns: str
    zone: str
    locale: str
    external_id: str | None
    languages: Sequence[str]


def mark_of(password_hash: str | None) -> str:
    """Return a mark that changes with a password and tells nothing of it."""
    return token_hash(f"mark of {password_hash}")[:16]


def in_circles(managers: Mapping[UUID, UUID | None]) -> set[UUID]:
    """Return who reports to themselves, over however many others, given who reports to whom."""
    found: set[UUID] = set()
    seen: set[UUID] = set()
    for start in managers:
        way: dict[UUID, int] = {}
        at: UUID | None = start
        while at is not None and at not in seen:
            seen.add(at)
            way[at] = len(way)
            at = managers.get(at)
        if at is not None and at in way:
            found |= {one for one, place in way.items() if place >= way[at]}
    return found
