"""Dated things, and how they are written as iCalendar (RFC 5545). Pure.

An event keeps its UID for life, and its SEQUENCE rises with time and place. A time that somebody planned in a zone
is written in that zone, with the zone's rules for the years that are needed and no others.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

PRODUCT = "-//Capability Academy//Calendar//EN"
REFRESH = "PT1H"
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"})
# Characters that reorder the line they stand in: a name must not be able to.
_REORDERING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MOMENT = timedelta(seconds=1)
_STAMP = re.compile(rb"^DTSTAMP:.*\r\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Dated:
    """Something dated, for one viewer: at an instant with a length, or on a whole day.

    `at` is aware, `zone` the zone in which it was planned; of a whole day `on` is set instead. `url` is an address
    on this site. `line` says more in one line, `icon` names a drawing of the sprite.
    """

    uid: str
    title: str
    url: str
    at: datetime | None = None
    minutes: int = 0
    on: date | None = None
    zone: str = "UTC"
    line: str = ""
    place: str = ""
    icon: str = "calendar"
    sequence: int = 0
    cancelled: bool = False
    tentative: bool = False

    def day(self, zone: str) -> date:
        """Return the day on which it is, or begins, in somebody's zone."""
        if self.at is None:
            return self.on or date.min
        return self.at.astimezone(ZoneInfo(zone)).date()


def ordered(things: Iterable[Dated], zone: str) -> list[Dated]:
    """Sort by day in a zone; what lasts all day comes before what has an hour."""
    start = datetime.min.replace(tzinfo=UTC)
    return sorted(things, key=lambda t: (t.day(zone), t.at or start, t.title, t.uid))


def one_line(text: str) -> str:
    """Return a text without line breaks, control characters and characters that reorder their line."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if c not in _REORDERING)
    return " ".join("".join(kept).split())


@lru_cache(maxsize=256)
def zone_rules(zone: str, first_year: int, last_year: int) -> bytes:
    """Write a zone's rules for the years of some events; nothing for UTC itself.

    Each change of the clocks is a part of its own. A list of further days (RDATE) would be shorter, and some
    calendars (ical.js, which Thunderbird uses) read such a list without the day before it.
    """
    if zone in UTC_NAMES:
        return b""
    found: Any = Timezone.from_tzid(zone, first_date=date(first_year, 1, 1), last_date=date(last_year, 12, 31))
    rules: Any = Timezone()
    rules.add("tzid", zone)
    for part in found.subcomponents:
        days = part.get("RDATE", [])
        lists = days if isinstance(days, list) else [days]
        before, then = part["TZOFFSETFROM"].td, part["TZOFFSETTO"].td
        for wall in [part["DTSTART"].dt, *(one.dt for days in lists for one in days.dts)]:
            change = type(part)()
            change.add("dtstart", _onset(wall, zone, before, then))
            for name in ("TZOFFSETFROM", "TZOFFSETTO", "TZNAME"):
                if name in part:
                    change[name] = part[name]
            rules.add_component(change)
    return bytes(rules.to_ical())


def _onset(wall: datetime, zone: str, before: timedelta, then: timedelta) -> datetime:
    """Return when clocks change, on the clock of before (RFC 5545, 3.6.5), given a wall time of either clock."""
    for offset in (before, then):
        instant = (wall - offset).replace(tzinfo=UTC)
        around = [(instant + shift).astimezone(ZoneInfo(zone)).utcoffset() for shift in (-_MOMENT, _MOMENT)]
        if around == [before, then]:
            return (instant + before).replace(tzinfo=None)
    return wall


def clear(at: datetime, zone: str) -> datetime:
    """Bring an instant to a zone's clock; in the hour that a clock shows twice, and for UTC itself, to UTC.

    A wall time does not say which of the two it is, so each calendar would choose its own.
    """
    if zone in UTC_NAMES:
        return at.astimezone(UTC)
    local = at.astimezone(ZoneInfo(zone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return at.astimezone(UTC) if twice else local


def feed(things: Sequence[Dated], *, name: str, site: str, stamp: datetime) -> bytes:
    """Write a calendar that others subscribe to, with CRLF line ends and lines of at most 75 bytes.

    `site` is this site's address, before each thing's own; `stamp` is when this is written.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", one_line(name))
    calendar.add("x-wr-calname", one_line(name))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    years: dict[str, set[int]] = {}
    for thing in things:
        if thing.at is not None:
            ends = thing.at + timedelta(minutes=thing.minutes)
            years.setdefault(thing.zone, set()).update({thing.at.year, ends.year})
    for zone in sorted(years):
        rules = zone_rules(zone, min(years[zone]), max(years[zone]))
        if rules:
            calendar.add_component(Timezone.from_ical(rules))
    for thing in things:
        calendar.add_component(_event(thing, site, stamp))
    text: bytes = calendar.to_ical()
    return text


def _event(thing: Dated, site: str, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", thing.uid)
    event.add("sequence", thing.sequence)
    event.add("dtstamp", stamp.astimezone(UTC).replace(microsecond=0))
    if thing.at is None:
        on = thing.on or date.min
        event.add("dtstart", on)
        event.add("dtend", on + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", clear(thing.at, thing.zone))
        event.add("dtend", clear(thing.at + timedelta(minutes=thing.minutes), thing.zone))
        event.add("transp", "OPAQUE")
    event.add("summary", one_line(thing.title))
    if thing.line:
        event.add("description", one_line(thing.line))
    if thing.place:
        event.add("location", one_line(thing.place))
    event.add("url", site + one_line(thing.url))
    event.add("status", "CANCELLED" if thing.cancelled else "TENTATIVE" if thing.tentative else "CONFIRMED")
    return event


def tag(text: bytes) -> str:
    """Name what a feed says, whenever it was written: the same name always means the same events."""
    return hashlib.sha256(_STAMP.sub(b"", text)).hexdigest()[:32]


def month(first: date, week_starts: int) -> list[list[date]]:
    """Return the weeks that show a month, each of seven days; `week_starts` is 0 for Monday."""
    day = first - timedelta(days=(first.weekday() - week_starts) % 7)
    weeks = []
    while True:
        weeks.append([day + timedelta(days=n) for n in range(7)])
        day += timedelta(days=7)
        if (day.year, day.month) != (first.year, first.month):
            return weeks
