"""Facts about cohorts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class CohortCreated(Event):
    """A cohort was opened for a track."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "track_version_id")
    cohort_id: UUID
    track_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class PersonEnrolled(Event):
    """Somebody was enrolled in a cohort."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "person_id", "role")
    cohort_id: UUID
    person_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class CohortEdited(Event):
    """A cohort's name, dates, seats or agreements were changed. `fields` names what, never what to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "fields")
    cohort_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CohortClosed(Event):
    """A cohort was closed: its people stay as alumni, nothing new begins."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id",)
    cohort_id: UUID


@dataclass(frozen=True, kw_only=True)
class CohortReopened(Event):
    """A closed cohort was opened again."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id",)
    cohort_id: UUID


@dataclass(frozen=True, kw_only=True)
class PersonWaitlisted(Event):
    """There was no seat, so somebody waits for one."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "person_id")
    cohort_id: UUID
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class SeatGiven(Event):
    """A seat came free and was given to whoever was next."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "person_id")
    cohort_id: UUID
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class WaitlistMoved(Event):
    """A lead moved somebody up the waitlist; `reason` is one of the reasons offered."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "person_id", "before", "after", "reason")
    cohort_id: UUID
    person_id: UUID
    before: int
    after: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WaitlistLeft(Event):
    """Somebody was taken off the waitlist without a seat."""

    recorded: ClassVar[tuple[str, ...] | None] = ("cohort_id", "person_id")
    cohort_id: UUID
    person_id: UUID
