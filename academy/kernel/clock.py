"""The one place that asks what time it is."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Shift:
    by: timedelta = timedelta()


def now() -> datetime:
    """Return the current instant, aware and in UTC."""
    return datetime.now(UTC) + _Shift.by


@contextmanager
def travel(to: datetime) -> Iterator[None]:
    """Let the whole process believe it is `to` (aware); time goes on from there.

    For demo data and tests only: everything made inside carries dates as if made then.
    """
    before = _Shift.by
    _Shift.by = to - datetime.now(UTC)
    try:
        yield
    finally:
        _Shift.by = before
