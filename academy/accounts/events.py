"""Facts about accounts. The ledger keeps ids, never an address or a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class ResetAsked(Event):
    """Somebody, perhaps nobody we know, asked for a new password for an address. Kept out of the ledger."""

    address: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class AddressAsked(Event):
    """Somebody wants to sign in with another address, which is theirs once it is proved."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID
    address: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class LinkUsed(Event):
    """A mailed link about an account did what it does."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "link_id", "link_kind")
    person_id: UUID
    link_id: UUID
    link_kind: str


@dataclass(frozen=True, kw_only=True)
class InvitationSent(Event):
    """Somebody is invited into a group, for the first time or again."""

    recorded: ClassVar[tuple[str, ...] | None] = ("invitation_id", "group_id", "role")
    invitation_id: UUID
    group_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(Event):
    """An invitation is taken back."""

    recorded: ClassVar[tuple[str, ...] | None] = ("invitation_id", "group_id")
    invitation_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class FirstPasswordOffered(Event):
    """Somebody who was brought in without a password is invited by mail to choose one."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    """Somebody came by an invitation."""

    recorded: ClassVar[tuple[str, ...] | None] = ("invitation_id", "group_id", "person_id", "role")
    invitation_id: UUID
    group_id: UUID
    person_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class JoinLinkMade(Event):
    """A link by which people may join a group was made."""

    recorded: ClassVar[tuple[str, ...] | None] = ("join_link_id", "group_id", "role")
    join_link_id: UUID
    group_id: UUID
    role: str


@dataclass(frozen=True, kw_only=True)
class JoinLinkEnded(Event):
    """A join link opens no more."""

    recorded: ClassVar[tuple[str, ...] | None] = ("join_link_id", "group_id")
    join_link_id: UUID
    group_id: UUID


@dataclass(frozen=True, kw_only=True)
class JoinLinkUsed(Event):
    """Somebody joined a group by its link."""

    recorded: ClassVar[tuple[str, ...] | None] = ("join_link_id", "group_id", "person_id")
    join_link_id: UUID
    group_id: UUID
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class JoinAsked(Event):
    """Somebody without a sign-in wants to join by a link, with an address that is to be proved. Not in the ledger."""

    join_link_id: UUID
    address: str = field(repr=False)
