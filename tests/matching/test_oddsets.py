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
from matching.oddsets import proof
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
        marked = proof(edges, 2 * size, np.arange(len(edges))).holding(2 * total)
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
    families = chance.random((2, len(sets))) < 0.5
    priced = oddsets._Prices(
        *(chance.random(count) * greatest for count in (edges.people, len(sets), 2)),
        (chance.random() - 0.5) * greatest,
        0.0,
    )
    marked = oddsets._proved(edges, 2 * size, priced, oddsets._Sets(sets, families), 0, edges.kept).holding(2 * most)
    best = {at for chosen in found if edges.weight[chosen].sum() == most for at in chosen}
    assert best <= set(np.flatnonzero(marked).tolist())


def with_one_trio(edges: Edges) -> list[tuple[list[int], list[int]]]:
    """Every answer of one trio and as many pairs as can be beside one: the numbers of its pairs, then of the trio's."""
    number = {pair: at for at, pair in enumerate(zip(edges.a.tolist(), edges.b.tolist(), strict=True))}
    found = []
    for three in combinations(range(edges.people), 3):
        if all(pair in number for pair in combinations(three, 2)):
            rest = ~np.isin(edges.a, three) & ~np.isin(edges.b, three)
            numbers = np.flatnonzero(rest)
            size = len(best_pairs(edges.only(rest)))
            trio = [number[pair] for pair in combinations(three, 2)]
            found += [(numbers[chosen].tolist(), trio) for chosen in every_matching(edges.only(rest), size)]
    most = max((len(pairs) for pairs, _ in found), default=0)
    return [(pairs, trio) for pairs, trio in found if len(pairs) == most]


@settings(max_examples=60, deadline=None)
@given(graphs, st.sampled_from([oddsets.ROUNDS, 0, 1, 2]), st.sampled_from([0.0, 0.2]), st.integers(0, 2**32))
def test_no_answer_with_a_trio_exceeds_the_bound_less_its_slack(
    edges: Edges, rounds: int, share: float, seed: int
) -> None:
    weak = np.random.default_rng(seed).random(len(edges)) < share
    answers = [(pairs, trio) for pairs, trio in with_one_trio(edges) if not weak[pairs].any()]
    assume(answers)
    placed = 2 * len(answers[0][0]) + 3
    with patch.object(oddsets, "ROUNDS", rounds):
        found = proof(edges, placed, np.arange(len(edges)), 1, weak)
    assert (found.slack >= 0).all()
    for pairs, trio in answers:
        total = 2 * int(edges.weight[pairs].sum()) + int(edges.weight[trio].sum())
        slack = 2 * int(found.slack[pairs].sum()) + int(found.slack[trio].sum())
        assert 2 * found.scale * total + slack <= 2 * found.bound


@pytest.mark.parametrize("seed", range(4))
def test_with_a_trio_the_bound_is_the_best_total_or_nearly(seed: int) -> None:
    edges = some(9, 1.0, 1000, seed)
    best = max(2 * edges.weight[pairs].sum() + edges.weight[trio].sum() for pairs, trio in with_one_trio(edges))
    found = proof(edges, 9, np.arange(len(edges)), 1)
    assert best <= found.bound // found.scale <= 1.02 * best


def test_two_odd_rounds_are_told_from_the_pair_between_them() -> None:
    # Every pair of the two triangles weighs 10, and counts half in the relaxation: 60. Only 4 + 20 can be had.
    threes = {pair: 10 for three in ((0, 1, 2), (3, 4, 5)) for pair in combinations(three, 2)}
    edges = edges_of(6, {**threes, (2, 3): 4, (0, 5): 1})
    marked = proof(edges, 6, np.arange(len(edges))).holding(48)
    taken = [(int(edges.a[at]), int(edges.b[at])) for at in np.flatnonzero(marked)]
    assert {(0, 1), (2, 3), (4, 5)} <= set(taken)
    assert (0, 5) not in taken


@pytest.mark.parametrize(("people", "share"), [(80, 1.0), (81, 0.4), (120, 0.15)])
def test_few_pairs_are_left_and_among_them_is_the_best_answer(people: int, share: float) -> None:
    edges = some(people, share, 10_000, people)
    with patch.multiple(pairing, FEW=len(edges)):
        best = best_pairs(edges)
    order = np.argsort(-edges.weight, kind="stable")
    first = np.union1d(order[: 4 * people], best)
    marked = proof(edges, 2 * len(best), first).holding(2 * int(edges.weight[best].sum()))
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
