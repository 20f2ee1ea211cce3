"""What is next for one person: pure choice over plain values. A page answers "what now?" with one button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What there is to do, the most urgent first."""

    JOIN = "join"
    OFFER = "offer"
    ANSWER = "answer"
    STEP = "step"
    READ = "read"
    COHORT = "cohort"
    QUIET = "quiet"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is open for one person; each is an id or None."""

    live_workshop: UUID | None = None
    pending_offer: UUID | None = None
    unanswered_workshop: UUID | None = None
    next_activity: UUID | None = None
    unread_room: UUID | None = None
    led_cohort: UUID | None = None


@dataclass(frozen=True)
class NextStep:
    """The one thing to do now."""

    kind: Kind
    ref: UUID | None


def next_step(now: Situation) -> NextStep:
    """Choose the one next step.

    People who are waiting come first (a live workshop, somebody who asked for a mentor), then one's own
    learning, then answers and rooms; somebody who only leads is taken to their cohort.
    """
    for kind, ref in (
        (Kind.JOIN, now.live_workshop),
        (Kind.OFFER, now.pending_offer),
        (Kind.STEP, now.next_activity),
        (Kind.ANSWER, now.unanswered_workshop),
        (Kind.READ, now.unread_room),
        (Kind.COHORT, now.led_cohort),
    ):
        if ref is not None:
            return NextStep(kind, ref)
    return NextStep(Kind.QUIET, None)


def month_of(text: str, today: date) -> date:
    """Return the first day of a month such as 2026-11; anything else is the month of `today`."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 2000 <= found.year < 2100 else today.replace(day=1)


def months_around(first: date) -> tuple[str, str]:
    """Return the months before and after the one that begins on `first`, as 2026-11."""
    return f"{first - timedelta(days=1):%Y-%m}", f"{first + timedelta(days=31):%Y-%m}"
