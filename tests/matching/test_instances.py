"""Cohorts whose optima other programs found: see instances/README.md."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from matching.buddies import match_pairs
from matching.mentors import assign

INSTANCES = Path(__file__).parent / "instances"


def instance(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(gzip.decompress((INSTANCES / f"{name}.json.gz").read_bytes()))
    return loaded


@pytest.mark.parametrize(("name", "placed", "total"), [("buddies_30", 28, 49_988), ("buddies_29_odd", 28, 47_340)])
def test_buddies_reach_the_known_optimum(name: str, placed: int, total: int) -> None:
    known = instance(name)
    worth = {(a, b): score for a, b, score in known["pairs"]}
    pairs = match_pairs(known["people"], worth)
    assert 2 * len(pairs) == placed
    # The published totals count each pair for both of its people.
    assert 2 * sum(worth[pair] for pair in pairs) == total


def test_mentors_reach_the_known_optimum() -> None:
    known = instance("mentors_1000x200_cap5")
    worth = {(learner, mentor): score for learner, mentor, score in known["pairs"]}
    chosen = assign(known["mentees"], known["mentors"], worth)
    assert len(chosen) == 983
    assert sum(worth[pair] for pair in chosen.items()) == 3_274_769
    assert max(list(chosen.values()).count(mentor) for mentor in known["mentors"]) <= 5
