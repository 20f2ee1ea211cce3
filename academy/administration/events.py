"""Facts of administration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class OrganizationSettled(Event):
    """What is settled for everybody changed. `fields` names what, never what to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "fields")
    group_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AcademyOpened(Event):
    """The organization has a new academy."""

    recorded: ClassVar[tuple[str, ...] | None] = ("academy_id",)
    academy_id: UUID


@dataclass(frozen=True, kw_only=True)
class RoleGiven(Event):
    """An admin gave somebody a role. Kept out of the ledger, where that they joined says the same."""

    membership_id: UUID
    group_id: UUID
    person_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleEnded(Event):
    """An admin ended somebody's role. Kept out of the ledger, where that they left says the same."""

    membership_id: UUID
    group_id: UUID
    person_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class PersonSeen(Event):
    """An admin looked at what is kept of somebody."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class AuditSeen(Event):
    """An admin looked at the audit, perhaps for one kind of entry, one person or one group."""

    recorded: ClassVar[tuple[str, ...] | None] = ("entry_kind", "person_id", "group_id")
    entry_kind: str
    person_id: UUID | None
    group_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class MailLogSeen(Event):
    """An admin looked at which letters were sent to one person."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class JobsRetried(Event):
    """An admin had work tried again that had not been done."""

    recorded: ClassVar[tuple[str, ...] | None] = ("job_ids",)
    job_ids: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class JobSetAside(Event):
    """An admin had work left undone."""

    recorded: ClassVar[tuple[str, ...] | None] = ("job_id",)
    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class MailTried(Event):
    """An admin tried the mail server out with a letter to themselves."""

    recorded: ClassVar[tuple[str, ...] | None] = ("taken",)
    taken: bool
