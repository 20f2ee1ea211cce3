"""The matching of pairs beside published cases of the blossom algorithm, networkx, rustworkx and its own prices."""

from __future__ import annotations

import random
from itertools import combinations
from unittest.mock import patch

import networkx as nx
import numpy as np
import pytest
import rustworkx
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import pairing
from matching.pairing import Edges, best_pairs, fairest_pairs, highest_floor, most_pairs, prices

Weighted = dict[tuple[int, int], int]


def edges_of(people: int, weighted: Weighted) -> Edges:
    rows = np.array(sorted((a, b, w) for (a, b), w in weighted.items()), dtype=np.int64).reshape(-1, 3)
    a, b, weight = rows.T
    return Edges([f"p{at:04}" for at in range(people)], a, b, weight, weight, weight, np.zeros(len(a), dtype=bool))


def pairs_of(edges: Edges, chosen: np.ndarray) -> set[tuple[int, int]]:
    return set(zip(edges.a[chosen].tolist(), edges.b[chosen].tolist(), strict=True))


def some(people: int, share: float, seed: int, heaviest: int = 10_000) -> Weighted:
    chance = random.Random(seed)
    return {pair: chance.randint(0, heaviest) for pair in combinations(range(people), 2) if chance.random() < share}


# Graphs that exercise each case of the algorithm, and their published matchings: the test cases of J. van Rantwijk's
# implementation (2008), which networkx has too. Each with the matching that has the most pairs; all of these graphs
# have it at the greatest weight as well, or say so.
PUBLISHED: dict[str, tuple[Weighted, set[tuple[int, int]]]] = {
    "nobody": ({}, set()),
    "one pair": ({(0, 1): 1}, {(0, 1)}),
    "two of three": ({(1, 2): 10, (2, 3): 11}, {(2, 3)}),
    "most pairs before weight": ({(1, 2): 5, (2, 3): 11, (3, 4): 5}, {(1, 2), (3, 4)}),
    "an odd cycle": ({(1, 2): 8, (1, 3): 9, (2, 3): 10, (3, 4): 7}, {(1, 2), (3, 4)}),
    "an odd cycle, augmented": (
        {(1, 2): 8, (1, 3): 9, (2, 3): 10, (3, 4): 7, (1, 6): 5, (4, 5): 6},
        {(1, 6), (2, 3), (4, 5)},
    ),
    "a cycle becomes the far end": (
        {(1, 2): 9, (1, 3): 8, (2, 3): 10, (1, 4): 5, (4, 5): 4, (1, 6): 3},
        {(1, 6), (2, 3), (4, 5)},
    ),
    "a cycle becomes the far end, lighter": (
        {(1, 2): 9, (1, 3): 8, (2, 3): 10, (1, 4): 5, (4, 5): 3, (1, 6): 4},
        {(1, 6), (2, 3), (4, 5)},
    ),
    "a cycle becomes the far end, elsewhere": (
        {(1, 2): 9, (1, 3): 8, (2, 3): 10, (1, 4): 5, (4, 5): 3, (3, 6): 4},
        {(1, 2), (3, 6), (4, 5)},
    ),
    "a cycle within a cycle": (
        {(1, 2): 9, (1, 3): 9, (2, 3): 10, (2, 4): 8, (3, 5): 8, (4, 5): 10, (5, 6): 6},
        {(1, 3), (2, 4), (5, 6)},
    ),
    "a cycle within a cycle, relabelled": (
        {(1, 2): 10, (1, 7): 10, (2, 3): 12, (3, 4): 20, (3, 5): 20, (4, 5): 25, (5, 6): 10, (6, 7): 10, (7, 8): 8},
        {(1, 2), (3, 4), (5, 6), (7, 8)},
    ),
    "a cycle within a cycle, opened": (
        {
            (1, 2): 8, (1, 3): 8, (2, 3): 10, (2, 4): 12, (3, 5): 12, (4, 5): 14, (4, 6): 12, (5, 7): 12, (6, 7): 14,
            (7, 8): 12,
        },
        {(1, 2), (3, 5), (4, 6), (7, 8)},
    ),
    "a cycle relabelled and opened": (
        {(1, 2): 23, (1, 5): 22, (1, 6): 15, (2, 3): 25, (3, 4): 22, (4, 5): 25, (4, 8): 14, (5, 7): 13},
        {(1, 6), (2, 3), (4, 8), (5, 7)},
    ),
    "a cycle within a cycle, relabelled and opened": (
        {(1, 2): 19, (1, 3): 20, (1, 8): 8, (2, 3): 25, (2, 4): 18, (3, 5): 18, (4, 5): 13, (4, 7): 7, (5, 6): 7},
        {(1, 8), (2, 3), (4, 7), (5, 6)},
    ),
    "opened in two ways": (
        {
            (1, 2): 45, (1, 5): 45, (2, 3): 50, (3, 4): 45, (4, 5): 50, (1, 6): 30, (3, 9): 35, (4, 8): 35, (5, 7): 26,
            (9, 10): 5,
        },
        {(1, 6), (2, 3), (4, 8), (5, 7), (9, 10)},
    ),
    "opened in two ways, the other first": (
        {
            (1, 2): 45, (1, 5): 45, (2, 3): 50, (3, 4): 45, (4, 5): 50, (1, 6): 30, (3, 9): 35, (4, 8): 26, (5, 7): 40,
            (9, 10): 5,
        },
        {(1, 6), (2, 3), (4, 8), (5, 7), (9, 10)},
    ),
    "opened with the least slack": (
        {
            (1, 2): 45, (1, 5): 45, (2, 3): 50, (3, 4): 45, (4, 5): 50, (1, 6): 30, (3, 9): 35, (4, 8): 28, (5, 7): 26,
            (9, 10): 5,
        },
        {(1, 6), (2, 3), (4, 8), (5, 7), (9, 10)},
    ),
    "opened far out": (
        {
            (1, 2): 45, (1, 7): 45, (2, 3): 50, (3, 4): 45, (4, 5): 95, (4, 6): 94, (5, 6): 94, (6, 7): 50, (1, 8): 30,
            (3, 11): 35, (5, 9): 36, (7, 10): 26, (11, 12): 5,
        },
        {(1, 8), (2, 3), (4, 6), (5, 9), (7, 10), (11, 12)},
    ),
    "opened, each nested": (
        {
            (1, 2): 40, (1, 3): 40, (2, 3): 60, (2, 4): 55, (3, 5): 55, (4, 5): 50, (1, 8): 15, (5, 7): 30, (7, 6): 10,
            (8, 10): 10, (4, 9): 30,
        },
        {(1, 2), (3, 5), (4, 9), (6, 7), (8, 10)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("plain", [0, 60], ids=["rustworkx", "networkx"])
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_cases_have_their_published_matchings(name: str, plain: int) -> None:
    weighted, expected = PUBLISHED[name]
    edges = edges_of(13, {(min(pair), max(pair)): weight for pair, weight in weighted.items()})
    with patch.multiple(pairing, PLAIN=plain, FEW=0):
        assert pairs_of(edges, best_pairs(edges)) == expected
        assert most_pairs(edges) == len(expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.sampled_from([0.05, 0.2, 1.0]), st.sampled_from([1, 20, 10_000]), st.integers(0, 2**32))
def test_pairs_proved_away_by_prices_change_nothing(people: int, share: float, heaviest: int, seed: int) -> None:
    weighted = some(people, share, seed, heaviest)
    edges = edges_of(people, weighted)
    with patch.multiple(pairing, PLAIN=0, FEW=0, NEAR=1, FIRST=1):
        quick = best_pairs(edges)
    assert pairs_of(edges, quick) == pairs_of(edges, best_pairs(edges))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 30), st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 2**32))
def test_prices_bound_every_pair_and_the_whole(people: int, share: float, seed: int) -> None:
    edges = edges_of(people, some(people, share, seed, 50))
    size = most_pairs(edges)
    if size:
        priced, chosen = prices(edges, size), best_pairs(edges, size)
        assert (priced.slack >= 0).all()
        total = 2 * int(edges.weight[chosen].sum())
        assert total + int(priced.slack[chosen].sum()) <= priced.bound(edges.joined - 2 * size)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 20), st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([2, 50]), st.integers(0, 2**32))
def test_the_floor_is_the_highest_that_pairs_as_many(people: int, share: float, heaviest: int, seed: int) -> None:
    edges = edges_of(people, some(people, share, seed, heaviest))
    size = most_pairs(edges)
    if size:
        floor = highest_floor(edges, size)
        assert most_pairs(edges.only(edges.weight >= floor)) == size
        assert most_pairs(edges.only(edges.weight > floor)) < size


def test_the_worst_off_has_the_most_among_answers_that_are_as_good() -> None:
    # ab + cd = ac + bd = 10, and in one of them nobody has less than 4.
    edges = edges_of(4, {(0, 1): 9, (2, 3): 1, (0, 2): 6, (1, 3): 4})
    assert pairs_of(edges, fairest_pairs(edges, 2)) == {(0, 2), (1, 3)}


@pytest.mark.parametrize(("people", "share"), [(150, 1.0), (151, 0.5)])
def test_networkx_finds_nothing_better(people: int, share: float) -> None:
    weighted = some(people, share, people)
    edges = edges_of(people, weighted)
    assert len(edges) > pairing.FEW
    chosen = best_pairs(edges)
    net = nx.Graph()
    net.add_weighted_edges_from((a, b, weight) for (a, b), weight in weighted.items())
    found = nx.max_weight_matching(net, maxcardinality=True)
    assert len(chosen) == len(found)
    assert edges.weight[chosen].sum() == sum(net[a][b]["weight"] for a, b in found)


def test_rustworkx_finds_nothing_better_among_two_thousand() -> None:
    chance, people = random.Random(6), 2_000
    weighted = {
        (min(a, b), max(a, b)): chance.randrange(10_000)
        for a in range(people)
        for b in chance.sample(range(people), 10)
        if a != b
    }
    edges = edges_of(people, weighted)
    chosen = best_pairs(edges)
    net = rustworkx.PyGraph()
    net.add_nodes_from(range(people))
    net.add_edges_from([(a, b, weight) for (a, b), weight in weighted.items()])
    found = rustworkx.max_weight_matching(net, max_cardinality=True, weight_fn=int)
    assert len(chosen) == len(found)
    assert edges.weight[chosen].sum() == sum(weighted[min(pair), max(pair)] for pair in found)
