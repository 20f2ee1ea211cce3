"""Facts about the skill graph."""

from __future__ import annotations

from dataclasses import dataclass

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class GraphChanged(Event):
    """The skill graph is another than before: nearest skills are to be computed again."""
