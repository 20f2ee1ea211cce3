"""What may be decided about matching: the components that are weighed, and what each counts unless a lead says so."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from mentoring.pairs.models import PairKind

WHOLE = 100
"""What the weights sum to."""

DEFAULTS: Mapping[str, Mapping[str, int]] = {
    PairKind.BUDDY.value: {
        "help": 30,
        "shared_goals": 30,
        "hours": 20,
        "rarity": 10,
        "languages": 5,
        "zone": 5,
    },
    PairKind.MENTORSHIP.value: {
        "help": 45,
        "level": 15,
        "hours": 20,
        "rarity": 10,
        "languages": 5,
        "zone": 5,
    },
}
"""The matcher's own weights (`matching.scoring`), as parts of 100."""


def ordered(kind: str, one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Put two people in the order in which they are kept: a learner before her mentor, buddies by their ids."""
    return (one, other) if kind == PairKind.MENTORSHIP else (min(one, other), max(one, other))
