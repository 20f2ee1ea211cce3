"""Facts about framework files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class FrameworkBroughtIn(Event):
    """A framework file was applied: so many skills and groups are new, changed, removed, or gone and kept."""

    recorded: ClassVar[tuple[str, ...] | None] = ("framework", "added", "changed", "removed", "kept")
    framework: str
    added: int
    changed: int
    removed: int
    kept: int
