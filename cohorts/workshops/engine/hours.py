"""The overlap picture: one event, the viewer's day, and who works when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from academy.web import pictures
from cohorts.workshops.engine import times


@dataclass(frozen=True)
class Somebody:
    """A person as a row of the picture."""

    id: UUID
    name: str
    zone: str


@dataclass(frozen=True)
class HoursPicture:
    """Working hours around an event on the viewer's day, drawn for `rows` and counted for all.

    `inside` of the `known` people whose hours are known, of `total` people, work during the whole event. The
    first row is the viewer's.
    """

    starts_at: datetime
    strip: pictures.OverlapStrip
    rows: tuple[Somebody, ...]
    inside: int
    known: int
    total: int


def picture(
    me: Somebody,
    event: times.Span,
    people: Sequence[Somebody],
    weekly: Mapping[UUID, Sequence[times.Hours]],
    *,
    limit: int,
) -> HoursPicture:
    """Draw `me` and at most `limit` of `people`, one of each zone first; count all of `people`.

    `weekly` holds each person's hours in their own zone; whoever set none is not known.
    """
    day = times.day_around(event[0], me.zone)
    longer = (min(day[0], event[0]), max(day[1], event[1]))
    asked = {one.id: one for one in people}
    known = [one for one in asked.values() if weekly.get(one.id)]
    inside = sum(times.covers(times.working(longer, weekly[one.id], one.zone), event) for one in known)
    seen = {me.zone}
    first: list[Somebody] = []
    rest: list[Somebody] = []
    for one in asked.values():
        if one.id != me.id:
            (rest if one.zone in seen else first).append(one)
            seen.add(one.zone)
    drawn = (me, *[*first, *rest][:limit])
    working = [times.working(day, weekly.get(one.id, ()), one.zone) for one in drawn]
    return HoursPicture(event[0], pictures.overlap(day, event, working), drawn, inside, len(known), len(asked))


@dataclass(frozen=True)
class DayOfWeek:
    """The best stretch of one day: when most people work, and how many. `best` is None when nobody does."""

    begins_at: datetime
    best: times.Window | None


def week(
    at: datetime, zone: str, minutes: int, people: Sequence[Somebody], weekly: Mapping[UUID, Sequence[times.Hours]]
) -> list[DayOfWeek]:
    """Return the best stretch of at least `minutes` for each day, Monday to Sunday, of the week of `at` in `zone`."""
    monday = at.astimezone(ZoneInfo(zone))
    monday = monday.replace(hour=12, minute=0) - timedelta(days=monday.weekday())
    found = []
    for offset in range(7):
        day = times.day_around(monday + timedelta(days=offset), zone)
        spans = [times.working(day, weekly.get(one.id, ()), one.zone) for one in people]
        found.append(DayOfWeek(day[0], times.best_window(spans, minutes)))
    return found
