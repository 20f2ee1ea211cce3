"""Nearly best pairs against the best ones, and the bound against both."""

from __future__ import annotations

import random
from itertools import combinations
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest

from matching import large, trios
from matching.candidates import Known
from matching.pairing import Edges, best_pairs

if TYPE_CHECKING:
    from matching.people import Whole


def edges_of(people: int, pairs: list[tuple[int, int, int]]) -> Edges:
    a, b, weight = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 3).T
    kept = np.zeros(len(weight), dtype=bool)
    return Edges([str(at) for at in range(people)], a, b, weight, weight, weight, kept)


def crowd(people: int, share: float, chance: random.Random) -> Edges:
    pairs = [(a, b, chance.randrange(1000)) for a, b in combinations(range(people), 2) if chance.random() < share]
    return edges_of(people, pairs)


def known(edges: Edges, whole: Edges | None = None, beyond: Whole | None = None) -> Known:
    """Know some pairs, of all those there are."""
    every = whole or edges

    def gaining(price: Whole, least: int) -> tuple[Edges, Whole]:
        gain = np.where(every.low >= least, 2 * every.weight - price[every.a] - price[every.b], 0)
        most = np.zeros(every.people, dtype=np.int64)
        for ends in (every.a, every.b):
            np.maximum.at(most, ends, gain)
        return every.only(gain > 0), most

    return Known(edges, np.full(edges.people, -1) if beyond is None else beyond, gaining)


@pytest.mark.parametrize("case", range(60))
def test_as_many_are_placed_as_can_be_and_no_total_exceeds_the_bound(
    case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(case)
    people = chance.randrange(2, 41)
    edges = crowd(people, chance.choice([0.08, 0.2, 0.6, 1.0]), chance)
    monkeypatch.setattr(large, "AROUND", chance.choice([6, 600]))
    best = best_pairs(edges)
    answer, _ = large.solve(known(edges), most_trios=0, floor=False, seconds=60)
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
    _, found, bounds = large.near_best(known(edges, whole, beyond), len(best_pairs(edges)), inf)
    assert bounds
    most = 2 * int(whole.weight[best_pairs(whole)].sum())
    if len(found) == size:
        assert min(bound.of(2 * size) for bound in bounds) >= most


def test_pairs_that_were_left_out_join_as_long_as_much_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody wants one of two people most, and each has a partner who is nearly as good for her."""
    stars, others = range(2), range(2, 22)
    near = [(star, other, 900) for star in stars for other in others] + [(0, 1, 1)]
    far = [(other, other + 1, 800 if other % 2 == 0 else 10) for other in range(2, 21)]
    whole = edges_of(22, near + far)
    some = edges_of(22, near + [pair for pair in far if pair[2] == 10])
    best = 2 * int(whole.weight[best_pairs(whole)].sum())
    edges, found, bounds = large.near_best(known(some, whole, np.full(22, 900)), 11, inf)
    assert 2 * int(edges.weight[found].sum()) == best == min(bound.of(22) for bound in bounds)
    monkeypatch.setattr(large, "TRIES", 0)
    edges, found, _ = large.near_best(known(some, whole, np.full(22, 900)), 11, inf)
    assert 2 * int(edges.weight[found].sum()) < best / 2


@pytest.mark.parametrize("length", [2, 3, 4, 5, 7, 8])
def test_a_ring_falls_into_its_best_pairs(length: int) -> None:
    chance = random.Random(length)
    pairs = [
        (min(a, b), max(a, b), chance.randrange(9))
        for a, b in {frozenset((at, (at + 1) % length)): 0 for at in range(length)}
    ]
    edges = edges_of(length, pairs)
    _, found, _ = large.near_best(known(edges), length // 2, inf)
    assert int(edges.weight[found].sum()) == int(edges.weight[best_pairs(edges)].sum())


def test_those_left_over_join_pairs_as_far_as_trios_are_allowed() -> None:
    edges = edges_of(5, [(a, b, 5) for a, b in combinations(range(5), 2)])
    alone, _ = large.solve(known(edges), most_trios=0, floor=False, seconds=60)
    assert (len(alone.pairs), alone.trios) == (2, [])
    joined, _ = large.solve(known(edges), most_trios=1, floor=False, seconds=60)
    assert (len(joined.pairs), len(joined.trios)) == (1, 1)
    assert {at for group in [*joined.pairs, *joined.trios] for at in group} == set(range(5))


@pytest.mark.parametrize("case", range(40))
def test_the_bound_holds_for_answers_with_trios_too(case: int) -> None:
    chance = random.Random(case)
    people = chance.choice([5, 7])
    edges = crowd(people, chance.choice([0.6, 1.0]), chance)
    answer, _ = large.solve(known(edges), most_trios=1, floor=False, seconds=60)
    if not answer.trios:
        return
    best = best_groups(edges, placed=2 * len(answer.pairs) + 3)
    assert answer.bound is not None
    assert trios.total(edges, answer) <= best <= answer.bound


def best_groups(edges: Edges, placed: int) -> int:
    """Try every way to place so many people in pairs and one trio; return the greatest total."""
    weight = {frozenset(pair): w for *pair, w in zip(edges.a.tolist(), edges.b.tolist(), edges.weight.tolist())}
    found = [-1]

    def go(free: tuple[int, ...], trio: bool, total: int, left: int) -> None:
        if not left:
            found.append(total)
        if not free or not left:
            return
        one, rest = free[0], free[1:]
        go(rest, trio, total, left)
        for other in rest:
            if frozenset((one, other)) in weight and left > 1:
                go(tuple(x for x in rest if x != other), trio, total + 2 * weight[frozenset((one, other))], left - 2)
        for pair in combinations(rest, 2) if trio and left > 2 else ():
            sides = [frozenset(two) for two in combinations((one, *pair), 2)]
            if all(side in weight for side in sides):
                more = sum(weight[side] for side in sides)
                go(tuple(x for x in rest if x not in pair), False, total + more, left - 3)

    go(tuple(range(edges.people)), True, 0, placed)
    return max(found)


def test_the_floor_is_raised_as_far_as_the_time_allows() -> None:
    edges = edges_of(4, [(0, 1, 10), (2, 3, 1), (0, 2, 4), (1, 3, 4)])
    assert large.solve(known(edges), most_trios=0, floor=True, seconds=60)[0].pairs == [(0, 2), (1, 3)]
    assert large.solve(known(edges), most_trios=0, floor=False, seconds=60)[0].pairs == [(0, 1), (2, 3)]
    assert large.solve(known(edges), most_trios=0, floor=True, seconds=-1)[0].pairs == [(0, 1), (2, 3)]
