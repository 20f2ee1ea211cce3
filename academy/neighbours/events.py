"""Facts about the skill graph."""

from __future__ import annotations

from dataclasses import dataclass

from academy.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class GraphChanged(Event):
    """The skill graph is another than before: nearest skills are to be computed again."""


@dataclass(frozen=True, kw_only=True)
class TogetherChanged(Event):
    """What the academy says goes together may be other skills than before: they are to be counted again."""
