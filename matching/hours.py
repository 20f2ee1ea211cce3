"""Hours of the week: sets of minutes, intervals, and the words for parts of a week.

Standard library only: pages use it while they render.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from matching.types import MINUTES_PER_WEEK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from matching.types import Slot
    from matching.words import Gettext

DAY_PARTS = ("early", "morning", "afternoon", "evening")
"""Quarters of a day: from midnight, 06:00, 12:00 and 18:00."""
LEAST_MINUTES_TOLD = 30
"""Shared time within one part of one day that is worth its name."""
_DAY = 24 * 60
_QUARTER = 6 * 60
_WEEKDAYS = frozenset(range(5))


def minutes_from(intervals: Sequence[tuple[int, int]]) -> int:
    """Intervals of minutes of the week as one set of minutes (bit *m* for minute *m*).

    An interval may run past the week's end or begin before its start: it wraps around. Raises ValueError for
    an interval that is empty, reversed or longer than a week.

    >>> minutes_from([(0, 3)])
    7
    >>> minutes_from([(10_079, 10_081)]) == 1 << 10_079 | 1
    True
    """
    week = (1 << MINUTES_PER_WEEK) - 1
    minutes = 0
    for start, end in intervals:
        length = end - start
        if not 0 < length <= MINUTES_PER_WEEK:
            message = f"not an interval within a week: {start} to {end}"
            raise ValueError(message)
        block = ((1 << length) - 1) << (start % MINUTES_PER_WEEK)
        minutes |= (block & week) | (block >> MINUTES_PER_WEEK)
    return minutes


def utc_hours(hours: Iterable[tuple[int, int, int]], zone: str, week: date) -> list[list[int]]:
    """Turn weekly hours of a zone into minutes of one UTC week, given by its Monday.

    `hours` are (weekday from Monday 0, start, end) in minutes of the zone's day. Minutes count from Monday
    00:00 UTC and may run over either end of the week. Time that a clock change leaves out is left out.
    """
    place = ZoneInfo(zone)
    monday = datetime.combine(week, datetime.min.time(), UTC)
    found = []
    for weekday, start, end in hours:
        day = datetime.combine(week + timedelta(days=weekday), datetime.min.time())
        first, last = (
            int(((day + timedelta(minutes=at)).replace(tzinfo=place) - monday).total_seconds() // 60)
            for at in (start, end)
        )
        if first < last:
            found.append([first, last])
    return found


def offset_in(zone: str, week: date) -> int:
    """Return how many minutes a zone's clocks are ahead of UTC in the middle of a week given by its Monday."""
    noon = datetime.combine(week + timedelta(days=2), time(12), ZoneInfo(zone))
    return int((noon.utcoffset() or timedelta()).total_seconds() // 60)


def intervals_from(minutes: int) -> list[list[int]]:
    """Turn the set of minutes into sorted intervals ``[start, end]`` of the week.

    >>> intervals_from(minutes_from([(120, 180), (60, 120), (300, 310)]))
    [[60, 180], [300, 310]]
    """
    intervals = []
    offset = 0
    while minutes:
        gap = (minutes & -minutes).bit_length() - 1
        minutes >>= gap
        length = (~minutes & (minutes + 1)).bit_length() - 1
        intervals.append([offset + gap, offset + gap + length])
        minutes >>= length
        offset += gap + length
    return intervals


def slots(intervals: Sequence[Sequence[int]], utc_offset: int = 0) -> list[Slot]:
    """Intervals of the UTC week by weekday and part of day of a clock ``utc_offset`` minutes ahead.

    The longest first, then in the order of the week.

    >>> slots([[1980, 2160]], utc_offset=-60)
    [{'weekday': 1, 'part': 'morning', 'minutes': 180}]
    """
    minutes: Counter[int] = Counter()
    for start, end in intervals:
        at = start + utc_offset
        while at < end + utc_offset:
            quarter = at // _QUARTER
            upto = min((quarter + 1) * _QUARTER, end + utc_offset)
            minutes[quarter * _QUARTER % MINUTES_PER_WEEK] += upto - at
            at = upto
    return [
        {"weekday": start // _DAY, "part": DAY_PARTS[start % _DAY // _QUARTER], "minutes": length}
        for start, length in sorted(minutes.items(), key=lambda item: (-item[1], item[0]))
    ]


def named(shared: Sequence[Slot], gettext: Gettext) -> list[str]:
    """Name the one or two longest slots; the five working days together count as one.

    >>> named([{"weekday": 1, "part": "morning", "minutes": 180}], lambda string, **_: string)
    ['Tuesday mornings']
    """
    long_enough = [slot for slot in shared if slot["minutes"] >= LEAST_MINUTES_TOLD] or list(shared[:1])
    names: dict[str, None] = {}
    for slot in long_enough:
        days = {other["weekday"] for other in long_enough if other["part"] == slot["part"]}
        every_day = days >= _WEEKDAYS and slot["weekday"] in _WEEKDAYS
        names[_time(None if every_day else slot["weekday"], slot["part"], gettext)] = None
    return list(names)[:2]


def _time(weekday: int | None, part: str, gettext: Gettext) -> str:
    """Name a part of a weekday, or of every working day."""
    names = {
        (None, "early"): gettext("the early hours of weekdays"),
        (None, "morning"): gettext("weekday mornings"),
        (None, "afternoon"): gettext("weekday afternoons"),
        (None, "evening"): gettext("weekday evenings"),
        (0, "early"): gettext("the early hours of Mondays"),
        (0, "morning"): gettext("Monday mornings"),
        (0, "afternoon"): gettext("Monday afternoons"),
        (0, "evening"): gettext("Monday evenings"),
        (1, "early"): gettext("the early hours of Tuesdays"),
        (1, "morning"): gettext("Tuesday mornings"),
        (1, "afternoon"): gettext("Tuesday afternoons"),
        (1, "evening"): gettext("Tuesday evenings"),
        (2, "early"): gettext("the early hours of Wednesdays"),
        (2, "morning"): gettext("Wednesday mornings"),
        (2, "afternoon"): gettext("Wednesday afternoons"),
        (2, "evening"): gettext("Wednesday evenings"),
        (3, "early"): gettext("the early hours of Thursdays"),
        (3, "morning"): gettext("Thursday mornings"),
        (3, "afternoon"): gettext("Thursday afternoons"),
        (3, "evening"): gettext("Thursday evenings"),
        (4, "early"): gettext("the early hours of Fridays"),
        (4, "morning"): gettext("Friday mornings"),
        (4, "afternoon"): gettext("Friday afternoons"),
        (4, "evening"): gettext("Friday evenings"),
        (5, "early"): gettext("the early hours of Saturdays"),
        (5, "morning"): gettext("Saturday mornings"),
        (5, "afternoon"): gettext("Saturday afternoons"),
        (5, "evening"): gettext("Saturday evenings"),
        (6, "early"): gettext("the early hours of Sundays"),
        (6, "morning"): gettext("Sunday mornings"),
        (6, "afternoon"): gettext("Sunday afternoons"),
        (6, "evening"): gettext("Sunday evenings"),
    }
    return names[weekday, part]
