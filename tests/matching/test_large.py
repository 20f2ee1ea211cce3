"""Nearly best pairs against the best ones, and the bound against both."""

from __future__ import annotations

import random
from itertools import combinations
from math import inf

import numpy as np
import pytest

from matching import large
from matching.pairing import Edges, best_pairs


def edges_of(people: int, pairs: list[tuple[int, int, int]]) -> Edges:
    a, b, weight = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 3).T
    kept = np.zeros(len(weight), dtype=bool)
    return Edges([str(at) for at in range(people)], a, b, weight, weight, weight, kept)


def crowd(people: int, share: float, chance: random.Random) -> Edges:
    pairs = [(a, b, chance.randrange(1000)) for a, b in combinations(range(people), 2) if chance.random() < share]
    return edges_of(people, pairs)


NOTHING_BEYOND = np.full(100, -1)


@pytest.mark.parametrize("case", range(60))
def test_as_many_are_placed_as_can_be_and_no_total_exceeds_the_bound(
    case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(case)
    people = chance.randrange(2, 41)
    edges = crowd(people, chance.choice([0.08, 0.2, 0.6, 1.0]), chance)
    monkeypatch.setattr(large, "AROUND", chance.choice([6, 600]))
    best = best_pairs(edges)
    answer = large.solve(edges, NOTHING_BEYOND[:people], most_trios=0, floor=False, seconds=60)
    who = [at for pair in answer.pairs for at in pair]
    assert len(who) == len(set(who)) == 2 * len(best)
    weight = dict(zip(zip(edges.a.tolist(), edges.b.tolist(), strict=True), edges.weight.tolist(), strict=True))
    total = 2 * sum(weight[pair] for pair in answer.pairs)
    most = 2 * int(edges.weight[best].sum())
    assert total <= most
    assert answer.bound is None or answer.bound >= most
    assert total >= 0.8 * most
    assert not answer.proved


@pytest.mark.parametrize("case", range(30))
def test_the_bound_counts_the_pairs_that_were_left_out(case: int) -> None:
    chance = random.Random(case)
    people = 24
    whole = crowd(people, 1.0, chance)
    rank = [sorted(whole.weight[(whole.a == at) | (whole.b == at)].tolist(), reverse=True) for at in range(people)]
    near = [
        at
        for at, (a, b, w) in enumerate(zip(whole.a, whole.b, whole.weight, strict=True))
        if w >= min(rank[a][4], rank[b][4])
    ]
    beyond = np.array([ranks[4] for ranks in rank])
    size = len(best_pairs(whole))
    edges = whole.only(np.array(near))
    found, bound = large.near_best(edges, len(best_pairs(edges)), beyond, inf)
    if len(found) == size:
        assert bound is not None
        assert bound >= 2 * int(whole.weight[best_pairs(whole)].sum())


@pytest.mark.parametrize("length", [2, 3, 4, 5, 7, 8])
def test_a_ring_falls_into_its_best_pairs(length: int) -> None:
    chance = random.Random(length)
    pairs = [
        (min(a, b), max(a, b), chance.randrange(9))
        for a, b in {frozenset((at, (at + 1) % length)): 0 for at in range(length)}
    ]
    edges = edges_of(length, pairs)
    found, _ = large.near_best(edges, length // 2, NOTHING_BEYOND[:length], inf)
    assert int(edges.weight[found].sum()) == int(edges.weight[best_pairs(edges)].sum())


def test_those_left_over_join_pairs_as_far_as_trios_are_allowed() -> None:
    edges = edges_of(5, [(a, b, 5) for a, b in combinations(range(5), 2)])
    alone = large.solve(edges, NOTHING_BEYOND[:5], most_trios=0, floor=False, seconds=60)
    assert (len(alone.pairs), alone.trios) == (2, [])
    joined = large.solve(edges, NOTHING_BEYOND[:5], most_trios=1, floor=False, seconds=60)
    assert (len(joined.pairs), len(joined.trios)) == (1, 1)
    assert {at for group in [*joined.pairs, *joined.trios] for at in group} == set(range(5))


def test_the_floor_is_raised_as_far_as_the_time_allows() -> None:
    edges = edges_of(4, [(0, 1, 10), (2, 3, 1), (0, 2, 4), (1, 3, 4)])
    assert large.solve(edges, NOTHING_BEYOND[:4], most_trios=0, floor=True, seconds=60).pairs == [(0, 2), (1, 3)]
    assert large.solve(edges, NOTHING_BEYOND[:4], most_trios=0, floor=False, seconds=60).pairs == [(0, 1), (2, 3)]
    assert large.solve(edges, NOTHING_BEYOND[:4], most_trios=0, floor=True, seconds=-1).pairs == [(0, 1), (2, 3)]
