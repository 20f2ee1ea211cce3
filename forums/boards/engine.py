"""Where a reader is in a list of threads: a place written into an address, and read from it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from academy.kernel.access import Missing
from academy.kernel.ids import decode, encode

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([pn])(\d{1,17})-([a-z2-7]{26})", re.ASCII)


@dataclass(frozen=True)
class Place:
    """A thread's place in the list: pinned ones first, then by their last activity, then by id."""

    pinned: bool
    last_at: datetime
    thread_id: UUID

    def __str__(self) -> str:
        """Write the place as it stands in an address."""
        microseconds = (self.last_at - _EPOCH) // timedelta(microseconds=1)
        return f"{'p' if self.pinned else 'n'}{microseconds}-{encode(self.thread_id)}"


def place(text: str) -> Place:
    """Read a place; what was not written here is `Missing`."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Missing
    at = _EPOCH + timedelta(microseconds=int(found[2]))  # 17 digits end in the year 5138
    return Place(found[1] == "p", at, decode(found[3]))
