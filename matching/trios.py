"""Pairs and trios in one group, where a trio places somebody whom pairs alone leave over.

A pair counts twice its weight, a trio the sum of its three, so that everybody counts what she has of it on average:
the weight to her partner, or the mean of the two. A trio stands only where it places more people, and then there are
as few as possible: a group of three in place of a pair places one more, so where `t` trios place `t` more people than
pairs alone can, fewer cannot.

The rest is an integer program over pairs and triangles (`matching.program`). Prices of the relaxation
(`matching.pairing`) and a first answer leave out what no better answer can hold: "reduced cost fixing", G. Dantzig,
R. Fulkerson, S. Johnson, "Solution of a large-scale traveling-salesman problem", 1954.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from matching.oddsets import proof
from matching.pairing import FIRST, best_pairs, can_be_priced, fairest_pairs, highest_floor, most_pairs, prices
from matching.program import (
    Groups,
    Row,
    best_groups,
    groups_of,
    kept_of,
    low_of,
    size_of,
    ties_of,
    triangles_of,
    trio_of,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matching.pairing import Edges, Whole

MANY = 60_000
"""Triangles that are too many to prove anything about; the answer then comes with its gap."""
TRIED = 12
"""Trios that are tried one by one for a good first answer."""
SHARP = 2
"""Pairs per person above which prices are sharpened (`matching.oddsets`)."""
PAIR = 2


@dataclass(frozen=True)
class Answer:
    """Pairs and trios by the numbers of their people.

    `bound` is a total that no answer with as many people and trios exceeds, if one is known; `proved` says that this
    answer is the best in every respect.
    """

    pairs: list[tuple[int, int]]
    trios: list[tuple[int, int, int]]
    bound: int | None
    proved: bool


def solve(edges: Edges, *, most_trios: int, floor: bool = False, seconds: float = 10.0) -> Answer:
    """Place as many as possible, with as few trios as that takes; then the greatest floor if asked; then the total.

    Then, where several answers are as good, the one that keeps the most pairs, then whose worst-off has the most, then
    by `tie_key`. `seconds` bound the search for trios; where none can help the answer is always proved.
    """
    size = most_pairs(edges)
    extra = min(most_trios, edges.joined - 2 * size)
    if extra <= 0:
        return _pairs_only(edges, size, floor=floor)
    ends = time.monotonic() + seconds
    first = _start(edges, size, extra)
    if first is None and size and can_be_priced(edges, size):
        first = _with_one_trio(edges, prices(edges, size).slack, size - 1, 0, ends)
    proved = first is not None and first.trios == extra
    triangles = None if proved and not floor else triangles_of(edges, MANY)
    columns = None if triangles is None else groups_of(edges, triangles)
    if columns is not None and not proved:
        first, proved = _most(columns, first, extra, _half_way(ends))
    if first is None:
        return _pairs_only(edges, size, floor=floor, proved=proved)
    least = 0
    if floor:
        first, sure = _raised(edges, size, first)
        if columns is not None and not sure:
            first, sure = _highest(columns, first, _half_way(ends))
        proved &= sure
        least = int(first.low.min())
    return _priced(edges, first, least=least, proved=proved, ends=ends)


def total(edges: Edges, answer: Answer) -> int:
    """Count an answer's pairs twice by their weight, its trios by the sum of their three."""
    both = zip(edges.a.tolist(), edges.b.tolist(), strict=True)
    weight = dict(zip(both, edges.weight.tolist(), strict=True))
    pairs: int = sum(2 * weight[pair] for pair in answer.pairs)
    threes: int = sum(weight[i, j] + weight[i, k] + weight[j, k] for i, j, k in answer.trios)
    return pairs + threes


def _pairs_only(edges: Edges, size: int, *, floor: bool, proved: bool = True) -> Answer:
    if floor and size:
        edges = edges.only(edges.low >= highest_floor(edges, size))
    chosen = fairest_pairs(edges, size)
    pairs = list(zip(edges.a[chosen].tolist(), edges.b[chosen].tolist(), strict=True))
    return Answer(pairs, [], 2 * int(edges.weight[chosen].sum()), proved=proved)


def _most(columns: Groups, first: Groups | None, extra: int, ends: float) -> tuple[Groups | None, bool]:
    """Place the most people with the fewest trios; None where trios place nobody more."""
    # One more person beats any number of trios.
    chosen, proved = best_groups(columns, lambda c: (c.people + 1) * c.size - c.trio, [(trio_of, 0, extra)], ends)
    if chosen is None:
        return first, False
    found = columns.only(chosen)
    if first is not None and found.placed <= first.placed:
        return first, proved
    return (found if found.trios else None), proved


def _highest(columns: Groups, first: Groups, ends: float) -> tuple[Groups, bool]:
    """Raise the floor by bisection over every pair and every triangle; says whether it can't be raised further."""
    levels, proved = np.unique(columns.low), True
    fits, fails = int(np.searchsorted(levels, first.low.min())), len(levels)
    while fails - fits > 1:
        tried = (fits + fails) // 2
        enough = columns.only(columns.low >= levels[tried])
        rows: list[Row] = [(size_of, first.placed, first.placed), (trio_of, first.trios, first.trios)]
        chosen, sure = best_groups(enough, value_of, rows, ends)
        proved &= sure
        if chosen is None:
            fails = tried
        else:
            fits, first = tried, enough.only(chosen)
    return first, proved


def _priced(edges: Edges, first: Groups, *, least: int, proved: bool, ends: float) -> Answer:
    """From a good answer, leave out what is in no better one, and solve over what remains, in time.

    `least` is twice the floor.
    """
    within = _within(edges, least)
    above = edges.only(2 * edges.low >= least)
    size = (first.placed - first.trios) // 2  # a trio without one of its three is a pair
    if not can_be_priced(within, size):
        return _answer(first, None, proved=False)
    priced = prices(within, size)
    bound = priced.bound(within.joined - first.placed)
    pairs = len(first.value) - first.trios
    first = max(first, _with_best_pairs(above, first.only(first.trio), pairs) or first, key=_total)
    if first.trios == 1:
        first = max(first, _with_one_trio(within, priced.slack, pairs, least, ends) or first, key=_total)
    gap, slack = bound - _total(first), priced.slack
    if np.count_nonzero(slack <= 2 * gap) > SHARP * within.people:
        numbers = np.union1d(np.argsort(slack, kind="stable")[: FIRST * within.people], _held(within, first))
        sharp = proof(within, first.placed, numbers, first.trios, 2 * within.low < least)
        slack, bound, gap = sharp.slack, sharp.bound // sharp.scale, sharp.bound - sharp.scale * _total(first)
    near = slack <= 2 * gap  # a trio's slack is half of that of its three pairs
    close, slack = within.only(near), slack[near]
    triangles = triangles_of(close, MANY)
    if triangles is None:
        return _answer(first, bound, proved=False)
    columns = groups_of(close, triangles)
    cost = np.concatenate([slack, slack[triangles].sum(axis=1) // 2])
    best = columns.only((cost <= gap) & (columns.low >= least))
    return _refined(best, first, edges.names, ends, proved=proved, bound=bound)


def _held(edges: Edges, groups: Groups) -> Whole:
    """Return the numbers of all pairs within some groups."""
    group = np.full(edges.people, -1)
    for who in groups.members.T:
        group[who[who >= 0]] = np.flatnonzero(who >= 0)
    return np.flatnonzero((group[edges.a] >= 0) & (group[edges.a] == group[edges.b]))


def _within(edges: Edges, least: int) -> Edges:
    """Leave out the pairs that can't be in a group above a floor.

    In a trio somebody's worse pair is made up for by her other one, at most by her best.
    """
    best = np.zeros(edges.people, dtype=np.int64)
    np.maximum.at(best, edges.a, edges.first)
    np.maximum.at(best, edges.b, edges.second)
    return edges.only((edges.first + best[edges.a] >= least) & (edges.second + best[edges.b] >= least))


def joining(edges: Edges, chosen: Whole, most: int) -> Whole:
    """Let those whom some pairs leave over join them, one to each: the most, then the greatest value.

    Returns the trios that come of it as rows of three numbers of pairs, the chosen one first, at most so many.
    """
    number = csr_array((np.arange(1, len(edges) + 1), (edges.a, edges.b)), shape=(edges.people, edges.people))
    number = number + number.T
    alone = np.setdiff1d(np.r_[edges.a, edges.b], np.r_[edges.a[chosen], edges.b[chosen]])
    to_a = number[alone][:, edges.a[chosen]].toarray() - 1
    to_b = number[alone][:, edges.b[chosen]].toarray() - 1
    can = (to_a >= 0) & (to_b >= 0)
    if edges.fits is not None and can.any():
        row, column = np.nonzero(can)
        can[row, column] = edges.fits(np.stack([alone[row], edges.a[chosen][column], edges.b[chosen][column]], axis=1))
    gain = edges.weight[to_a] + edges.weight[to_b] - edges.weight[chosen]
    one_more = 2 * int(edges.weight.sum()) + 1
    who, whom = linear_sum_assignment(np.where(can, one_more + gain, 0), maximize=True)
    joins = sorted(
        ((int(gain[i, j]), int(i), int(j)) for i, j in zip(who, whom, strict=True) if can[i, j]), reverse=True
    )
    rows = [[chosen[j], to_a[i, j], to_b[i, j]] for _gain, i, j in joins[:most]]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _start(edges: Edges, size: int, extra: int) -> Groups | None:
    """Make the best pairs and let those left over join them; None where nobody can."""
    chosen = best_pairs(edges, size)
    triangles = joining(edges, chosen, extra)
    if not len(triangles):
        return None
    return groups_of(edges.only(np.setdiff1d(chosen, triangles[:, 0])), np.empty((0, 3), dtype=np.int64)).joined_by(
        groups_of(edges, triangles).only(np.arange(len(edges) + len(triangles)) >= len(edges))
    )


def _with_one_trio(edges: Edges, slack: Whole, pairs: int, least: int, ends: float) -> Groups | None:
    """Try the trios that cost least by the prices, each with the best pairs of everybody else; None if none fits."""
    above = edges.only(2 * edges.low >= least)
    order = np.argsort(slack, kind="stable")
    near = 4 * edges.people
    while True:
        numbers = np.sort(order[:near])
        found = triangles_of(edges.only(numbers), MANY)
        if found is None:
            return None
        columns = groups_of(edges.only(numbers), found)
        fitting = columns.trio & (columns.low >= least)
        if fitting.sum() >= TRIED or near >= len(edges):
            break
        near *= 2
    trios, cost = columns.only(fitting), slack[numbers][found[fitting[len(numbers) :]]].sum(axis=1)
    best: Groups | None = None
    few = edges.only(order[: FIRST * edges.people])  # nearly always enough, and tried in a moment
    few = few.only(2 * few.low >= least)
    for at in np.argsort(cost, kind="stable")[:TRIED]:
        if best is not None and time.monotonic() > ends:
            break
        trio = trios.only(np.array([at]))
        one = _with_best_pairs(few, trio, pairs) or _with_best_pairs(above, trio, pairs)
        if one is not None and (best is None or _total(one) > _total(best)):
            best = one
    return best


def _with_best_pairs(edges: Edges, trios: Groups, size: int) -> Groups | None:
    """Join trios with the best `size` pairs of everybody else; None where there are not as many."""
    rest = edges.only(~np.isin(edges.a, trios.members) & ~np.isin(edges.b, trios.members))
    if most_pairs(rest, size) < size:
        return None
    return groups_of(rest.only(best_pairs(rest, size)), np.empty((0, 3), dtype=np.int64)).joined_by(trios)


def _total(columns: Groups) -> int:
    return int(columns.value.sum())


def _raised(edges: Edges, size: int, first: Groups) -> tuple[Groups, bool]:
    """Raise the floor as far as a good answer can be made; says whether it can't be raised further."""
    low = 2 * edges.low
    best = np.full(edges.people, -1, dtype=np.int64)
    np.maximum.at(best, edges.a, 2 * edges.first)
    np.maximum.at(best, edges.b, 2 * edges.second)
    # Where everybody is placed, nobody has more than whoever can have least.
    most = int(best[best >= 0].min() if first.placed == edges.joined else best.max())
    levels = np.unique(low[(low > first.low.min()) & (low <= most)])
    fits, fails = -1, len(levels)
    while fails - fits > 1:
        tried = (fits + fails) // 2
        among = edges.only(low >= levels[tried])
        found = _start(among, size, first.trios) if most_pairs(among, size) == size else None
        if found is not None and found.placed == first.placed:
            fits, first = tried, found
        else:
            fails = tried
    return first, int(first.low.min()) >= most


def _half_way(ends: float) -> float:
    """Return when half of the remaining time is over."""
    return (time.monotonic() + ends) / 2


def _refined(columns: Groups, first: Groups, names: Sequence[str], ends: float, *, proved: bool, bound: int) -> Answer:
    """Find the best with as many people and trios as at first; stops with the best so far where the time is over."""
    best = first
    rows: list[Row] = [(size_of, first.placed, first.placed), (trio_of, first.trios, first.trios)]
    for aim in (value_of, kept_of, low_of, partial(ties_of, names=names)):
        if aim is low_of:
            columns, best, sure = _with_better_worst(columns, best, rows, ends)
        else:
            chosen, sure = best_groups(columns, aim, rows, ends)
            if chosen is not None and (sure or _total(columns.only(chosen)) >= _total(best)):
                best = columns.only(chosen)
            rows.append((aim, int(aim(best).sum()), np.inf))
        proved &= sure
        if not sure:
            break
        if aim is value_of:
            bound = _total(best)
    return _answer(best, bound, proved=proved)


def _answer(groups: Groups, bound: int | None, *, proved: bool) -> Answer:
    each = [tuple(at for at in who if at >= 0) for who in groups.members.tolist()]
    return Answer(
        sorted((g[0], g[1]) for g in each if len(g) == PAIR),
        sorted((g[0], g[1], g[2]) for g in each if len(g) > PAIR),
        bound,
        proved=proved,
    )


def _with_better_worst(columns: Groups, best: Groups, rows: Sequence[Row], ends: float) -> tuple[Groups, Groups, bool]:
    """Raise the worst-off step by step, as long as every row still holds; says whether she can't be raised further."""
    while True:
        above = columns.only(columns.low > best.low.min())
        chosen, sure = best_groups(above, kept_of, rows, ends)
        if chosen is None:
            return columns.only(columns.low >= best.low.min()), best, sure
        best = above.only(chosen)
