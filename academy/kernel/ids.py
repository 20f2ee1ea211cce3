"""Identifiers: one UUID is primary key and public id, written as 26 base32 characters in addresses."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID, uuid4

from academy.kernel import clock
from academy.kernel.access import Missing

LENGTH = 26
_RANDOM = (1 << 74) - 1
_LOWER = (1 << 62) - 1
_STEP = (1 << 40) - 1
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TWO = [a + b for a in _ALPHABET for b in _ALPHABET]
_PLACES = {two: place for place, two in enumerate(_TWO)}


class _Last:
    """The newest id's millisecond and its 74 bits, so that what one process makes in one millisecond stays in order."""

    milliseconds = 0
    bits = 0
    lock = Lock()


def new_id() -> UUID:
    """Make a time-ordered id (UUID version 7, RFC 9562, section 5.7): millisecond, then 74 random bits.

    Within one millisecond of one process each id is above the one before it, by a random step of up to 40 bits
    (section 6.2, method 2): what was done in one breath is read in the order it was done.
    """
    milliseconds = _milliseconds(clock.now())
    random = int.from_bytes(os.urandom(10), "big")
    with _Last.lock:
        after = _Last.bits + 1 + (random & _STEP)
        bits = after if milliseconds == _Last.milliseconds and after <= _RANDOM else random & _RANDOM
        _Last.milliseconds, _Last.bits = milliseconds, bits
    return _of(milliseconds, bits)


def made_at(at: datetime, bits: int) -> UUID:
    """Make the time-ordered id of an instant from 74 random bits; bits above those are dropped."""
    return _of(_milliseconds(at), bits & _RANDOM)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _of(milliseconds: int, bits: int) -> UUID:
    return UUID(int=milliseconds << 80 | 0x7 << 76 | bits >> 62 << 64 | 0x2 << 62 | bits & _LOWER)


def first_of(at: datetime) -> UUID:
    """Return the bound below all ids made from an instant on: what was made earlier is less, later ids are not."""
    return UUID(int=max(0, _milliseconds(at)) << 80)


def earlier(value: UUID, by: timedelta) -> UUID:
    """Return the bound below all ids made from an instant on that lies so long before a time-ordered id was made."""
    return UUID(int=max(0, (value.int >> 80) - by // timedelta(milliseconds=1)) << 80)


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
    if not isinstance(text, str) or len(text) != LENGTH:
        raise Missing
    n = 0
    try:
        for place in range(0, LENGTH, 2):
            n = n << 10 | _PLACES[text[place : place + 2]]
    except KeyError as error:
        raise Missing from error
    if n & 3:  # 26 characters are 130 bits: the last two are nothing
        raise Missing
    return UUID(int=n >> 2)
