"""Facts about backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class AcademyRestored(Event):
    """The database is again what it was at `made_at`."""

    recorded: ClassVar[tuple[str, ...] | None] = ("made_at",)
    made_at: datetime
