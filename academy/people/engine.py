"""Passwords, sign-in tokens and the zones there are: pure calculation.

Hashing takes 20 ms of processor time, so it runs off the hub.
"""

from __future__ import annotations

import hashlib
import secrets
from zoneinfo import available_timezones

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's second recommended setting for Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)

NOBODY = _hasher.hash(secrets.token_hex(16))
"""A hash no password fits: checked when an address is unknown, so that the answer takes as long."""


ZONES = frozenset(available_timezones()) - {"Factory", "localtime"}
"""Every time zone there is, read once: the list is made by walking through files. Two of its names are no places."""


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
