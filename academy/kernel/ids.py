"""Identifiers: one UUID is primary key and public id, written as 26 base32 characters in addresses."""

from __future__ import annotations

import base64
import binascii
import os
from datetime import datetime
from uuid import UUID, uuid4

from academy.kernel import clock
from academy.kernel.access import Missing

LENGTH = 26
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TWO = [a + b for a in _ALPHABET for b in _ALPHABET]


def new_id() -> UUID:
    """Make a time-ordered id (UUID version 7, RFC 9562, section 5.7): millisecond, then 74 random bits."""
    return made_at(clock.now(), int.from_bytes(os.urandom(10), "big"))


def made_at(at: datetime, bits: int) -> UUID:
    """Make the time-ordered id of an instant from 80 random bits, of which 74 are kept."""
    value = (int(at.timestamp() * 1000) << 80) | bits
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def first_of(at: datetime) -> UUID:
    """Return the bound below all ids made from an instant on: what was made earlier is less, later ids are not."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def anonymous_id() -> UUID:
    """Make an id that tells nothing about when it was made (version 4)."""
    return uuid4()


def encode(value: UUID) -> str:
    """Write an id as 26 lower-case base32 characters."""
    # Two characters at a time: a page of a room writes hundreds, and the standard library takes four times as long.
    n, two = value.int << 2, _TWO
    return (
        f"{two[n >> 120]}{two[n >> 110 & 1023]}{two[n >> 100 & 1023]}{two[n >> 90 & 1023]}{two[n >> 80 & 1023]}"
        f"{two[n >> 70 & 1023]}{two[n >> 60 & 1023]}{two[n >> 50 & 1023]}{two[n >> 40 & 1023]}"
        f"{two[n >> 30 & 1023]}{two[n >> 20 & 1023]}{two[n >> 10 & 1023]}{two[n & 1023]}"
    )


def decode(text: object) -> UUID:
    """Read an id written by `encode`; anything else raises `Missing`, as no such thing can exist."""
    if not isinstance(text, str) or len(text) != LENGTH or text != text.lower():
        raise Missing
    try:
        value = UUID(bytes=base64.b32decode(text.upper() + "======"))
    except (binascii.Error, ValueError) as error:
        raise Missing from error
    if encode(value) != text:
        raise Missing
    return value
