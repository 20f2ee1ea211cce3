"""Facts about people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonAdded(Event):
    """Somebody got an account."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in on a device."""

    recorded: ClassVar[tuple[str, ...] | None] = ("sign_in_id",)
    sign_in_id: UUID


@dataclass(frozen=True, kw_only=True)
class SignInEnded(Event):
    """A sign-in is over: its cookie is worth nothing, its sockets close."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "sign_in_id")
    person_id: UUID
    sign_in_id: UUID


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    """Somebody's password is another one; their other sign-ins have ended."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressChanged(Event):
    """Somebody signs in with another address. `restored` says that a change was taken back."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "restored")
    person_id: UUID
    before: str = field(repr=False)
    restored: bool = False


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Event):
    """Somebody got a role in a group."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "person_id", "role")
    group_id: UUID
    group_kind: str
    person_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class MemberLeft(Event):
    """Somebody's role in a group ended. `last` says whether it was their last one there."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id", "person_id", "role")
    group_id: UUID
    group_kind: str
    person_id: UUID
    role: str
    last: bool


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    """Somebody changed their own profile. `fields` names what, never what to."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "fields")
    person_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PersonBlocked(Event):
    """Somebody blocked somebody. Kept out of the ledger's facts: the other must not learn of it."""

    recorded: ClassVar[tuple[str, ...] | None] = ()
    person_id: UUID
    blocked_id: UUID


@dataclass(frozen=True, kw_only=True)
class AccountClosed(Event):
    """Somebody's account was closed: they can't sign in, and what they wrote stays."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class AccountReopened(Event):
    """Somebody who could not sign in any more can again."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class ManagerSet(Event):
    """Somebody reports to somebody else from now on, or to nobody."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "manager_id")
    person_id: UUID
    manager_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class GroupRenamed(Event):
    """A group is called something else; what it was called is nowhere."""

    recorded: ClassVar[tuple[str, ...] | None] = ("group_id",)
    group_id: UUID
