"""Facts about second factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class FactorAdded(Event):
    """Somebody has one more way to show that it is them; `kind` is "app" or "passkey"."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "kind", "factor_id")
    person_id: UUID
    kind: str
    factor_id: UUID


@dataclass(frozen=True, kw_only=True)
class FactorRemoved(Event):
    """Somebody has one way less; `kind` is "app" or "passkey"."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "kind", "factor_id")
    person_id: UUID
    kind: str
    factor_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    """Somebody has new recovery codes; those of before are worth nothing."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Event):
    """Somebody showed a recovery code; `left` is how many they still have."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id", "left")
    person_id: UUID
    left: int


@dataclass(frozen=True, kw_only=True)
class FactorsReset(Event):
    """An admin took every factor of somebody away, so that their password alone lets them in."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID


@dataclass(frozen=True, kw_only=True)
class SecondStepFailed(Event):
    """Somebody knew the password and then guessed wrong until they had to wait."""

    recorded: ClassVar[tuple[str, ...] | None] = ("person_id",)
    person_id: UUID
