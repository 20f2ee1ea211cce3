"""Pairs that a best matching can hold: never one too few, whatever the linear program says, and seldom too many."""

from __future__ import annotations

import random
from itertools import combinations
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matching import oddsets, pairing
from matching.oddsets import holdable
from matching.pairing import Edges, best_pairs, fairest_pairs


def edges_of(people: int, weighted: dict[tuple[int, int], int]) -> Edges:
    a, b, weight = np.array(sorted((*pair, w) for pair, w in weighted.items()), dtype=np.int64).reshape(-1, 3).T
    return Edges([f"p{at}" for at in range(people)], a, b, weight, weight, weight, np.zeros(len(a), dtype=bool))


def some(people: int, share: float, heaviest: int, seed: int) -> Edges:
    chance = random.Random(seed)
    pairs = [pair for pair in combinations(range(people), 2) if chance.random() < share]
    return edges_of(people, {pair: chance.randint(0, heaviest) for pair in pairs})


def every_matching(edges: Edges, size: int, start: int = 0, taken: int = 0) -> list[list[int]]:
    if not size:
        return [[]]
    return [
        [at, *rest]
        for at in range(start, len(edges))
        if not taken & (who := 1 << int(edges.a[at]) | 1 << int(edges.b[at]))
        for rest in every_matching(edges, size - 1, at + 1, taken | who)
    ]


graphs = st.builds(
    some, st.integers(2, 8), st.sampled_from([0.4, 0.7, 1.0]), st.sampled_from([1, 20, 10**9]), st.integers(0, 2**32)
)


@settings(max_examples=60, deadline=None)
@given(graphs, st.sampled_from([0.0, 0.01, 0.3]), st.sampled_from([oddsets.ROUNDS, 0, 1]))
def test_a_pair_of_any_matching_that_is_heavy_enough_is_marked(edges: Edges, less: float, rounds: int) -> None:
    size = len(best_pairs(edges))
    assume(size)
    found = every_matching(edges, size)
    most = max(int(edges.weight[chosen].sum()) for chosen in found)
    total = int(most * (1 - less))
    with patch.object(oddsets, "ROUNDS", rounds):
        marked = holdable(edges, size, total, np.arange(len(edges)))
    heavy = {at for chosen in found if edges.weight[chosen].sum() >= total for at in chosen}
    assert heavy <= set(np.flatnonzero(marked).tolist())


@settings(max_examples=60, deadline=None)
@given(graphs, st.integers(0, 2**32))
def test_prices_that_are_all_wrong_still_mark_every_pair_of_a_best_matching(edges: Edges, seed: int) -> None:
    chance = np.random.default_rng(seed)
    size = len(best_pairs(edges))
    assume(size)
    found = every_matching(edges, size)
    most = max(int(edges.weight[chosen].sum()) for chosen in found)
    greatest = float(edges.weight.max(initial=1))
    sets = chance.random((3, edges.people)) < 0.6
    sets = sets[sets.sum(axis=1) % 2 == 1]
    priced = oddsets._Prices(
        chance.random(edges.people) * greatest, chance.random(len(sets)) * greatest, (chance.random() - 0.5) * greatest
    )
    marked = oddsets._within(edges, size, most, priced, sets)
    best = {at for chosen in found if edges.weight[chosen].sum() == most for at in chosen}
    assert best <= set(np.flatnonzero(marked).tolist())


def test_two_odd_rounds_are_told_from_the_pair_between_them() -> None:
    # Every pair of the two triangles weighs 10, and counts half in the relaxation: 60. Only 4 + 20 can be had.
    threes = {pair: 10 for three in ((0, 1, 2), (3, 4, 5)) for pair in combinations(three, 2)}
    edges = edges_of(6, {**threes, (2, 3): 4, (0, 5): 1})
    marked = holdable(edges, 3, 24, np.arange(len(edges)))
    taken = [(int(edges.a[at]), int(edges.b[at])) for at in np.flatnonzero(marked)]
    assert {(0, 1), (2, 3), (4, 5)} <= set(taken)
    assert (0, 5) not in taken


@pytest.mark.parametrize(("people", "share"), [(80, 1.0), (81, 0.4), (120, 0.15)])
def test_few_pairs_are_left_and_among_them_is_the_best_answer(people: int, share: float) -> None:
    edges = some(people, share, 10_000, people)
    with patch.multiple(pairing, FEW=len(edges)):
        best = best_pairs(edges)
    order = np.argsort(-edges.weight, kind="stable")
    marked = holdable(edges, len(best), int(edges.weight[best].sum()), np.union1d(order[: 4 * people], best))
    assert marked[best].all()
    assert marked.sum() <= 2 * people
    with patch.multiple(pairing, FEW=0, PLAIN=0, NEAR=1, FIRST=2):
        assert best_pairs(edges).tolist() == best.tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 24), st.sampled_from([0.3, 1.0]), st.sampled_from([1, 3, 30]), st.randoms(use_true_random=False))
def test_the_worst_off_is_the_same_whichever_way_the_pairs_were_proved_away(
    people: int, share: float, heaviest: int, chance: random.Random
) -> None:
    edges = some(people, share, heaviest, chance.randrange(2**32))
    size = len(best_pairs(edges))
    with patch.multiple(pairing, FEW=0, PLAIN=0, NEAR=1, FIRST=1):
        quick = fairest_pairs(edges, size)
    assert quick.tolist() == fairest_pairs(edges, size).tolist()
