"""The framework that ships, names that somebody may have meant, and the level that several statements come to. Pure."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from rapidfuzz import fuzz, process, utils

if TYPE_CHECKING:
    from matching.types import GraphData

DATA = Path(__file__).parent / "data"
BUILT_IN = "esco-1.2.0"
LIKE = 72.0
"""How alike, from 0 to 100, a name must be to be offered: a letter too many in a word of six is about 90."""


def built_in() -> GraphData:
    """Read the ESCO extract that ships with the house."""
    nodes, edges = (rows_of(f"{BUILT_IN}-{part}.csv") for part in ("nodes", "edges"))
    return {
        "version": BUILT_IN,
        "nodes": [[row["key"], row["label"], row["kind"]] for row in nodes],
        "edges": [[row["a"], row["b"], row["relation"]] for row in edges],
    }


def rows_of(name: str) -> list[dict[str, str]]:
    """Read a file of the data that ships."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def meant(text: str, names: Sequence[tuple[UUID, str]], limit: int = 5) -> list[tuple[UUID, str]]:
    """Return the (id, name) pairs whose names are most like what was typed, the most alike first.

    Whole words count in any order; case and punctuation do not. Linear in the letters of all names.
    """
    found = process.extract(
        text,
        [name for _, name in names],
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        limit=limit,
        score_cutoff=LIKE,
    )
    return [names[place] for _, _, place in found]


WEIGHTS = {
    "self": 1,
    "peer": 2,
    "manager": 2,
    "organization": 2,
    "mentor": 3,
    "360": 3,
    "evidence": 3,
    "assessment": 4,
}
"""How much each source of a level counts."""
SEVERAL = "several"
"""Stands for the source where more than one has spoken."""
OLD = timedelta(days=730)
"""A statement older than this counts half."""


@dataclass(frozen=True)
class Said:
    """One statement: who (None for nobody in particular), from which side, what level, when."""

    source: str
    by: UUID | None
    level: int
    at: datetime


def combined(said: Sequence[Said], now: datetime) -> int | None:
    """Return the level that statements come to; None without any.

    Of each voice the newest word holds. Each source comes to the mean of its voices, the sources come to their mean
    by WEIGHTS, and it is rounded half up. A voice older than OLD counts half in its source, and a source in which
    all voices are old counts half.

    >>> from datetime import UTC
    >>> day = datetime(2026, 3, 1, tzinfo=UTC)
    >>> combined([Said("self", None, 2, day), Said("mentor", None, 4, day)], day)  # (1*2 + 3*4) / 4 = 3.5
    4
    """
    voices: dict[tuple[str, UUID | None], Said] = {}
    for one in sorted(said, key=lambda one: one.at):
        voices[one.source, one.by] = one
    by_source: dict[str, list[tuple[Fraction, int]]] = defaultdict(list)
    for one in voices.values():
        by_source[one.source].append((Fraction(1, 2) if now - one.at > OLD else Fraction(1), one.level))
    total = weight = Fraction(0)
    for source, found in by_source.items():
        voiced = sum((share * level for share, level in found), Fraction(0))
        mean = voiced / sum((share for share, _ in found), Fraction(0))
        counts = WEIGHTS[source] * max(share for share, _ in found)
        total, weight = total + counts * mean, weight + counts
    return floor(total / weight + Fraction(1, 2)) if weight else None


def source_of(said: Sequence[Said]) -> str:
    """Return the one source that has spoken, or `several`."""
    sources = {one.source for one in said}
    return sources.pop() if len(sources) == 1 else SEVERAL
