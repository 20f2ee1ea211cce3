"""Links that bring people in: mailed to one address and used once, or handed to a group and used by many."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class LinkKind(StrEnum):
    """What a mailed link does when it is used."""

    RESET = "reset"
    """Sets a new password."""
    ADDRESS = "address"
    """Proves a new address, which becomes the account's."""
    UNDO = "undo"
    """Takes a change of address back; mailed to the address before."""
    INVITATION = "invitation"
    """Accepts an invitation."""
    SIGN_UP = "sign-up"
    """Proves the address of somebody who came by a join link."""


class Invitation(Table):
    """Somebody is asked by mail into a group. Name and address are kept while it is open and no longer."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index(
            "uq_invitations_open",
            "group_id",
            "address_key",
            unique=True,
            sqlite_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    invited_by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    sent_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    withdrawn_at: Mapped[datetime | None]


class JoinLink(Table):
    """A link by which several people join a group.

    Its token is kept as it is, so that who made it can copy it again: it is handed round by its nature, ends by
    time, by seats or by hand, and opens to learners and members only.
    """

    __tablename__ = "join_links"
    __table_args__ = (CheckConstraint("seats IS NULL OR taken <= seats", name="seats"),)

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seats: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


class MailedLink(Table):
    """A link that was mailed to one address. The mail holds a token of which only the hash is kept here.

    Open until it is used, superseded by a newer one of its kind, or past its time; removed soon after that. Of
    `person_id`, `invitation_id` and `join_link_id` one says what it is about. `address` is the one that it proves,
    or for an undo the one that it restores.
    """

    __tablename__ = "mailed_links"
    __table_args__ = (
        # One open link of a kind: a newer one supersedes it. An undo is not superseded, or whoever changed the
        # address twice would have taken the first owner's way back.
        Index(
            "uq_mailed_links_open",
            "kind",
            "person_id",
            unique=True,
            sqlite_where=text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"),
            postgresql_where=text("used_at IS NULL AND ended_at IS NULL AND kind <> 'undo'"),
        ),
    )

    id: Mapped[key]
    kind: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("invitations.id"), index=True)
    join_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("join_links.id"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
