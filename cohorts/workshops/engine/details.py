"""What a lead wrote about a workshop, checked: everything that is wrong is said at once, beside its field."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NotRequired, TypedDict
from urllib.parse import urlsplit
from uuid import UUID

from academy.bridges.calendars.engine import one_line
from academy.kernel.access import Invalid
from academy.people.engine import ZONES
from cohorts.workshops.engine import times

LONGEST_TITLE = 160
LONGEST_URL = 500
SHORTEST, LONGEST = 5, 600  # minutes
MOST_SEATS = 100_000


class Written(TypedDict):
    """What is written into the form. `wall_start` is `YYYY-MM-DDTHH:MM` on the clocks of `zone`."""

    title: str
    agenda_md: str
    agenda_html: str
    wall_start: str
    zone: str
    minutes: int
    venue_url: str
    capacity: NotRequired[int | None]
    facilitator_id: UUID
    activity_id: NotRequired[UUID | None]


class Details(TypedDict):
    """The columns of a workshop that follow."""

    title: str
    agenda_md: str
    agenda_html: str
    wall_start: str
    zone: str
    starts_at: datetime
    minutes: int
    venue_url: str
    capacity: int | None
    facilitator_id: UUID
    activity_id: UUID | None


def check(written: Written, *, now: datetime) -> Details:
    """Turn what was written into columns; raises `Invalid` with the errors of all fields."""
    errors: dict[str, list[str]] = defaultdict(list)
    title = one_line(written["title"])
    if not 1 <= len(title) <= LONGEST_TITLE:
        errors["title"].append(f"A title has 1 to {LONGEST_TITLE} characters.")
    if not SHORTEST <= written["minutes"] <= LONGEST:
        errors["minutes"].append(f"A workshop takes {SHORTEST} to {LONGEST} minutes.")
    capacity = written.get("capacity")
    if capacity is not None and not 1 <= capacity <= MOST_SEATS:
        errors["capacity"].append("Write how many seats there are, at least 1, or leave it empty.")
    venue = written["venue_url"].strip()
    if venue and not _is_link(venue):
        errors["venue_url"].append("Write a link that begins with https:// or http://, up to 500 characters.")
    starts_at = _start(written["wall_start"], written["zone"], now, errors)
    if errors or starts_at is None:
        detail = "Some of this can't be used yet. What you wrote is kept."
        raise Invalid(detail, errors=errors)
    return Details(
        title=title,
        agenda_md=written["agenda_md"],
        agenda_html=written["agenda_html"],
        wall_start=written["wall_start"],
        zone=written["zone"],
        starts_at=starts_at,
        minutes=written["minutes"],
        venue_url=venue,
        capacity=capacity,
        facilitator_id=written["facilitator_id"],
        activity_id=written.get("activity_id"),
    )


def _start(wall_start: str, zone: str, now: datetime, errors: dict[str, list[str]]) -> datetime | None:
    if zone not in ZONES:
        errors["zone"].append("This time zone is not known. Choose one from the list, such as Europe/Lisbon.")
        return None
    try:
        wall = times.read_wall(wall_start)
    except ValueError:
        errors["date"].append("Write a date and a time, such as 2027-01-18 and 15:00.")
        return None
    try:
        starts_at = times.instant(wall, zone)
    except times.SkippedTimeError as skipped:
        errors["time"].append(
            f"The clocks in {zone} go forward that night, so {wall:%H:%M} does not happen. "
            f"The next time that does is {skipped.following:%H:%M}."
        )
        return None
    if starts_at <= now:
        errors["date"].append("This time has passed. Choose one that is still to come.")
        return None
    return starts_at


def _is_link(text: str) -> bool:
    if len(text) > LONGEST_URL or not text.isprintable() or any(c in ' "<>\\^`{|}' for c in text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = "@" not in parts.netloc and port != 0
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
