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
