"""Second factors: authenticator apps, passkeys, recovery codes, and what a passkey was asked to sign."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class AppFactor(Table):
    """Somebody's authenticator app (TOTP). It counts once it is confirmed.

    `sealed` is its secret as the kernel's vault keeps it; `last_step` the newest time step whose code was taken.
    """

    __tablename__ = "app_factors"
    __table_args__ = (UniqueConstraint("person_id"),)

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class RecoveryCode(Table):
    """One of the codes for the day when the phone is gone. A hash is kept; each counts once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Passkey(Table):
    """A passkey (WebAuthn credential): its public half, which is no secret. Bytes are kept as base64url."""

    __tablename__ = "passkeys"

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[Any]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Challenge(Table):
    """What one browser's passkey is asked to sign, once and soon. Taking it removes the row."""

    __tablename__ = "passkey_challenges"

    id: Mapped[key]
    purpose: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    challenge: Mapped[str] = mapped_column(String(100))
    expires_at: Mapped[datetime] = mapped_column(index=True)
