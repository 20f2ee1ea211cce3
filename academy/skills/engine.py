"""Names that somebody may have meant: pure comparison of letters. It runs off the hub."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rapidfuzz import fuzz, process, utils

LIKE = 72.0
"""How alike, from 0 to 100, a name must be to be offered: a letter too many in a word of six is about 90."""


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
