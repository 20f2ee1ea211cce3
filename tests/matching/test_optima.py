"""Every known optimum of `instances/optima.json` is reproduced: none of the list may be forgotten."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from matching.instance import Buddies, Mentors, read
from matching.solving import solve

INSTANCES = Path(__file__).parent / "instances"
KNOWN: dict[str, dict[str, Any]] = json.loads((INSTANCES / "optima.json").read_text())
COHORTS = [name for name in KNOWN if name.endswith(".json.gz")]
ASSIGNMENTS = [name for name in KNOWN if name.endswith(".txt.gz")]
WAYS = pytest.mark.parametrize("fast", [True, False], ids=["flow", "assignment"])


def test_each_instance_that_is_here_has_its_optimum_and_the_other_way_round() -> None:
    assert sorted(KNOWN) == sorted(path.name for path in INSTANCES.glob("*.gz"))
    assert sorted(KNOWN) == sorted([*COHORTS, *ASSIGNMENTS])


@WAYS
@pytest.mark.parametrize("name", COHORTS)
def test_cohorts_are_placed_as_well_as_is_known_to_be_possible(name: str, fast: bool) -> None:
    known, asked = KNOWN[name], read((INSTANCES / name).read_bytes())
    people = len(asked.people) if isinstance(asked, Buddies) else len(asked.mentees)
    assert (people, len(asked.pairs)) == (known["people"], known["allowed_pairs"])
    answer = solve(asked, fast=fast)
    assert [answer["placed"], answer["total"], answer["worst"], len(answer["trios"])] == [
        known[key] for key in ("placed", "total", "worst", "trios")
    ]
    assert (answer["optimal"], answer["gap"]) == (True, 0)
    if "best_possible_worst_pair" in known:
        assert solve(asked, floor=True, fast=fast)["worst"] == known["best_possible_worst_pair"]


@WAYS
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_an_assignment_of_the_or_library_costs_what_is_published(name: str, fast: bool) -> None:
    count, *costs = map(int, gzip.decompress((INSTANCES / name).read_bytes()).split())
    assert len(costs) == count * count
    dearest = max(costs)
    mentees, mentors = ([f"{letter}{at:03}" for at in range(count)] for letter in "em")
    pairs = [(at // count, at % count, dearest - cost) for at, cost in enumerate(costs)]
    answer = solve(Mentors(mentees, mentors, [1] * count, pairs), fast=fast)
    assert (answer["placed"], answer["optimal"]) == (count, True)
    assert count * dearest - answer["total"] == KNOWN[name]["minimum_cost"]
    chosen = sum(costs[mentees.index(mentee) * count + mentors.index(mentor)] for mentee, mentor in answer["pairs"])
    assert chosen == KNOWN[name]["minimum_cost"]
