"""Instants from what a person wrote on a wall clock, and working hours on somebody else's day.

Wall time and zone are what was meant; the instant follows from the zone's rules. Two nights a year need a
decision, taken here once: a time that the clocks skip is refused and the next one that exists is named; a
time that happens twice means its first occurrence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Hours = tuple[int, int, int]
"""A weekday (0 is Monday) with the first and the last minute of work, counted from midnight."""

WALL = "%Y-%m-%dT%H:%M"
REMIND_BEFORE = timedelta(minutes=60)
OPENS_BEFORE = timedelta(minutes=10)


class SkippedTimeError(ValueError):
    """A wall time that the clocks of a zone skip; `following` is the first wall time that exists after it."""

    def __init__(self, following: datetime) -> None:
        """Keep the naive wall time to offer instead."""
        super().__init__(f"skipped; the next is {following:{WALL}}")
        self.following = following


def read_wall(text: str) -> datetime:
    """Read `YYYY-MM-DDTHH:MM` as naive wall time; raises `ValueError` for anything else."""
    wall = datetime.strptime(text, WALL)  # noqa: DTZ007 - wall time has no zone by meaning
    if wall.strftime(WALL) != text or not 1971 <= wall.year <= 9000:
        message = f"not a wall time: {text!r}"
        raise ValueError(message)
    return wall


def instant(wall: datetime, zone: str) -> datetime:
    """Return the UTC instant of a naive wall time in an IANA zone.

    A time that happens twice (clocks go back) means its first occurrence. Raises `SkippedTimeError` for one that
    never happens (clocks go forward).
    """
    there = ZoneInfo(zone)
    at = wall.replace(tzinfo=there, fold=0).astimezone(UTC)
    if at.astimezone(there).replace(tzinfo=None) != wall:
        raise SkippedTimeError(_after_gap(wall, there))
    return at


def happens_twice(wall: datetime, zone: str) -> bool:
    """Say whether the clocks of a zone show this existing wall time a second time."""
    there = ZoneInfo(zone)
    return wall.replace(tzinfo=there, fold=0).utcoffset() != wall.replace(tzinfo=there, fold=1).utcoffset()


def _after_gap(wall: datetime, there: ZoneInfo) -> datetime:
    """Find the first wall time after a gap by halving the stretch that holds the change of offset."""
    before = wall.replace(tzinfo=there, fold=0).utcoffset() or timedelta()
    after = wall.replace(tzinfo=there, fold=1).utcoffset() or timedelta()
    low, high = (wall - after).replace(tzinfo=UTC), (wall - before).replace(tzinfo=UTC)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(there).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.astimezone(there).replace(tzinfo=None, microsecond=0)


def remind_at(starts_at: datetime) -> datetime:
    """Return the instant of the reminder: an hour of real time before, whatever the clocks do meanwhile."""
    return starts_at - REMIND_BEFORE


def day_around(at: datetime, zone: str) -> Span:
    """Return the local day that holds an instant, midnight to midnight; 23 or 25 hours when clocks change."""
    there = ZoneInfo(zone)
    today = at.astimezone(there).date()
    return _midnight(today, there), _midnight(today + timedelta(days=1), there)


def _midnight(day: date, there: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), there).astimezone(UTC)


def working(day: Span, hours: Iterable[Hours], zone: str) -> list[Span]:
    """Return when somebody with these weekly hours in this zone works within `day`, in order, cut to it."""
    there = ZoneInfo(zone)
    first = day[0].astimezone(there).date() - timedelta(days=1)
    weekly = sorted(hours)
    spans: list[Span] = []
    for offset in range((day[1].astimezone(there).date() - first).days + 1):
        date_there = first + timedelta(days=offset)
        for weekday, start, end in weekly:
            if weekday == date_there.weekday():
                begin = max(_minute(date_there, start, there), day[0])
                until = min(_minute(date_there, end, there), day[1])
                if begin < until:
                    spans.append((begin, until))
    return spans


def _minute(day: date, minute: int, there: ZoneInfo) -> datetime:
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    return wall.replace(tzinfo=there).astimezone(UTC)


def covers(spans: Sequence[Span], event: Span) -> bool:
    """Say whether an event lies within somebody's working time; stretches that touch count as one."""
    return any(begin <= event[0] and event[1] <= until for begin, until in _merged(spans))


@dataclass(frozen=True)
class Window:
    """A stretch in which `count` people work."""

    span: Span
    count: int


def best_window(people: Sequence[Sequence[Span]], minutes: int) -> Window | None:
    """Return the stretch of at least `minutes` in which most people work; of equals the longest, then first.

    A best stretch begins where somebody begins, and then ends with the first to stop of those who stay long
    enough: O(b·n) for n people who begin at b different times. None when nobody works that long.
    """
    length = timedelta(minutes=minutes)
    stretches = [_merged(spans) for spans in people]
    best: Window | None = None
    for begin in sorted({start for spans in stretches for start, _ in spans}):
        ends = [end for spans in stretches for start, end in spans if start <= begin and end - begin >= length]
        if ends and (best is None or (len(ends), min(ends) - begin) > (best.count, best.span[1] - best.span[0])):
            best = Window((begin, min(ends)), len(ends))
    return best


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Join stretches that touch."""
    joined: list[Span] = []
    for begin, until in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((begin, until))
    return joined
