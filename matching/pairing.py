"""The best pairs in one group: as many as possible, then the greatest weight, then those kept, then a tie key. Exact.

The matching itself is Edmonds' blossom algorithm (J. Edmonds, "Paths, trees, and flowers", 1965; Z. Galil, ACM
Computing Surveys 1986), as networkx and rustworkx compute it. What stands here makes it quick where there are many
edges: the assignment problem on two copies of everybody is a relaxation of the matching (every pair counts twice,
cycles are allowed), it is solved in a moment, and its prices prove of most edges that no best matching holds them;
where that is not enough, `matching.oddsets` sharpens them.
The same pricing for perfect matchings: U. Derigs, A. Metz, "Solving (large scale) matching problems
combinatorially", Mathematical Programming 1991.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from hashlib import blake2b
from math import inf
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from matching.oddsets import proof

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Picked = NDArray[np.bool_]

PLAIN = 60
"""People up to whom networkx itself solves; above, rustworkx does by its name."""
FEW = 4_000
"""Edges up to which nothing is won by proving some of them away."""
NEAR = 8
"""Edges per person that are tried first for how many pairs can be made."""
FIRST = 4
"""Edges per person that the best pairs are first looked for in."""
ROOM = 5_000_000
"""Entries for people left over that are too many for the relaxation (100 bytes each): all edges are tried then."""
TIE_BITS = 32


@dataclass(frozen=True)
class Edges:
    """Allowed pairs among `len(names)` people, as arrays of one length.

    `a` and `b` are places in `names`, a < b, each pair once; `weight` whole numbers of at least 0; `first` and
    `second` what the pair is worth to each of the two, at least 0, on whatever scale; `kept` says which pairs were
    pairs before. `fits` says of rows of three people, each two of them a pair, which can be a trio; None: all.
    """

    names: Sequence[str]
    a: Whole
    b: Whole
    weight: Whole
    first: Whole
    second: Whole
    kept: Picked
    fits: Callable[[Whole], Picked] | None = None

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.a)

    @property
    def people(self) -> int:
        """Count the people."""
        return len(self.names)

    @property
    def joined(self) -> int:
        """Count the people who have a pair at all."""
        return int(np.count_nonzero(np.bincount(np.r_[self.a, self.b], minlength=self.people)))

    @property
    def low(self) -> Whole:
        """What each pair is worth to whoever of the two it serves less."""
        return np.minimum(self.first, self.second)

    def plus(self, more: Edges) -> Edges:
        """Return these pairs and others among the same people."""
        names = ("a", "b", "weight", "first", "second", "kept")
        return replace(self, **{name: np.r_[getattr(self, name), getattr(more, name)] for name in names})

    def only(self, which: Picked | Whole) -> Edges:
        """Return some of the pairs, by a mask or by their numbers."""
        arrays = {name: getattr(self, name)[which] for name in ("a", "b", "weight", "first", "second", "kept")}
        return replace(self, **arrays)


def best_pairs(edges: Edges, size: int | None = None, *, nearly: bool = False) -> Whole:
    """Return the numbers of the pairs of the best matching, sorted.

    `size` is the greatest number of pairs where the caller knows it. Exact; O(n³) at worst, in practice the relaxation
    and two blossoms over some edges per person. `nearly` spares the proof: as many pairs, perhaps not the heaviest.
    """
    return _best(edges, size, nearly=nearly)[0]


def fairest_pairs(edges: Edges, size: int) -> Whole:
    """Return the best `size` pairs; of those with the same weight and as many kept, where the worst-off has the most.

    So that the worst-off person of an answer does not hang on what people are called, as a tie key does. Takes
    another matching for each step that the worst-off rises by, and one that fails.
    """
    found, numbers = _best(edges, size)
    while size:
        numbers = numbers[edges.low[numbers] > edges.low[found].min()]
        above = edges.only(numbers)
        if most_pairs(above, size) < size:
            break
        again = numbers[best_pairs(above, size)]
        if _worth(edges, again) < _worth(edges, found):
            break
        found = again
    return found


def _best(edges: Edges, size: int | None, *, nearly: bool = False) -> tuple[Whole, Whole]:
    """Return the numbers of the best pairs, and those of all pairs that matchings as heavy can hold."""
    every = np.arange(len(edges))
    if len(edges) <= FEW or edges.people <= PLAIN:
        return _blossom(edges), every
    size = most_pairs(edges) if size is None else size
    if not can_be_priced(edges, size):
        return _blossom(edges), every
    priced = prices(edges, size)
    order, tried = np.argsort(priced.slack, kind="stable"), min(FIRST * edges.people, len(edges))
    while len(found := order[_blossom(edges.only(order[:tried]))]) < size:
        if tried == len(edges):
            return np.sort(found), every
        tried = min(2 * tried, len(edges))
    if nearly:
        return np.sort(found), every
    total, most = int(edges.weight[found].sum()), priced.bound(edges.joined - 2 * size)
    # With more slack than this a pair is in no answer as good.
    holding = order[: np.searchsorted(priced.slack[order], most - 2 * total, "right")]
    if most > 2 * total and len(holding) > tried:
        holding = holding[proof(edges.only(holding), 2 * size, np.arange(tried)).holding(2 * total)]
    if not np.isin(holding, order[:tried]).all():
        found = holding[_blossom(edges.only(holding))]
    return np.sort(found), np.sort(holding)


def most_pairs(edges: Edges, enough: int | None = None) -> int:
    """Return the greatest number of pairs that fit beside each other, or `enough` of them where that is less.

    Tries each person's nearest first: they nearly always make as many as can be made, and then no more are needed.
    """
    limit = _most_at_all(edges)
    limit = limit if enough is None else min(limit, enough)
    flat = replace(edges, weight=np.zeros_like(edges.weight), kept=np.zeros_like(edges.kept))
    tried = NEAR
    while True:
        chosen = _nearest(edges, tried)
        found = len(_blossom(flat.only(chosen), ties=False))
        if found >= limit or chosen.all():
            return found
        tried *= 4


def highest_floor(edges: Edges, size: int, ends: float = inf) -> int:
    """Return the greatest `low` that everybody placed can have while `size` pairs are made; needs `size` ≥ 1.

    A bottleneck matching by bisection: O(log m) matchings without weights. Where the time (of `time.monotonic`) is over
    before, the greatest that was found so far.
    """
    low = edges.low
    values = np.unique(low)
    at_most = len(values) - 1
    if 2 * size == edges.people:  # nobody can have more than her own best
        best = np.full(edges.people, np.iinfo(np.int64).min)
        np.maximum.at(best, edges.a, low)
        np.maximum.at(best, edges.b, low)
        at_most = int(np.searchsorted(values, best.min(), "right")) - 1
    fits, fails, tried = 0, at_most + 1, at_most
    while fails - fits > 1 and time.monotonic() < ends:
        if most_pairs(edges.only(low >= values[tried]), size) >= size:
            fits = tried
        else:
            fails = tried
        tried = (fits + fails) // 2
    return int(values[fits])


def tie_key(*names: str) -> int:
    """Return a number of 32 bits that depends on who is in a group and on nothing else."""
    return int.from_bytes(blake2b("\0".join(sorted(names)).encode(), digest_size=TIE_BITS // 8).digest())


def _blossom(edges: Edges, *, ties: bool = True) -> Whole:
    """Match over all of these edges; in whole numbers, so that one more pair, or one point, beats whatever follows."""
    one, some = edges.people, (edges.people << TIE_BITS) + 1
    a, b, weight, kept = (array.tolist() for array in (edges.a, edges.b, edges.weight, edges.kept))
    net: Any = nx.Graph()
    net.add_nodes_from(range(edges.people))
    if ties:
        names = edges.names
        worth = (
            (w * one + k) * some + tie_key(names[i], names[j]) for i, j, w, k in zip(a, b, weight, kept, strict=True)
        )
        net.add_weighted_edges_from(zip(a, b, worth, strict=True))
    else:
        net.add_weighted_edges_from(zip(a, b, weight, strict=True))
    backend = {} if edges.people <= PLAIN else {"backend": "rustworkx"}
    found = nx.max_weight_matching(net, maxcardinality=True, **backend)
    number = {pair: at for at, pair in enumerate(zip(a, b, strict=True))}
    return np.array(sorted(number[min(pair), max(pair)] for pair in found), dtype=np.int64)


@dataclass(frozen=True)
class Prices:
    """What the relaxation says, in half units of weight.

    A pair's slack is the prices of both minus twice its weight, never negative. Whoever stays alone costs her price,
    and that is never less than minus `alone`. So pairs are worth, twice their weights, at most the prices of all
    (`people`) and `alone` for each person left over, minus their slacks.
    """

    people: int
    alone: int
    slack: Whole
    each: Whole
    """Everybody's price, 0 for who has no edge."""
    partner: Whole
    """With whom the relaxation puts everybody, by round trips: the partner of a partner may be a third. -1: alone."""

    def bound(self, left: int) -> int:
        """Return what no answer exceeds that leaves over so many of those who have an edge."""
        return self.people + left * self.alone


def can_be_priced(edges: Edges, size: int) -> bool:
    """Say whether the relaxation fits into memory where `size` pairs are to be made."""
    joined = edges.joined
    return (joined - 2 * size) * joined <= ROOM


def prices(edges: Edges, size: int) -> Prices:
    """Price the people by the relaxation, where `size` pairs are to be made."""
    joined = np.flatnonzero(np.bincount(np.r_[edges.a, edges.b], minlength=edges.people))
    people, left = len(joined), len(joined) - 2 * size
    place = np.zeros(edges.people, dtype=np.int64)
    place[joined] = np.arange(people)
    # Whoever stays alone pairs with a stand-in, for nothing.
    stand_in = np.repeat(np.arange(people, people + left), people)
    whom = np.tile(np.arange(people), left)
    rows = np.r_[place[edges.a], place[edges.b], stand_in, whom]
    columns = np.r_[place[edges.b], place[edges.a], whom, stand_in]
    value = np.r_[edges.weight, edges.weight, np.zeros(2 * len(whom), dtype=np.int64)]
    order = np.lexsort((rows, columns))
    rows, columns, value = rows[order], columns[order], value[order]
    everybody = people + left
    # One is added, as a stored zero would be no edge; everybody has exactly one partner, so nothing changes by it.
    matrix = csr_array((value + 1.0, (rows, columns)), shape=(everybody, everybody))
    row, column = min_weight_full_bipartite_matching(matrix, maximize=True)
    partner, given = np.empty(everybody, dtype=np.int64), np.empty(everybody, dtype=np.int64)
    partner[row] = column
    given[row] = np.asarray(matrix[row, column]).ravel().astype(np.int64) - 1
    starts = np.searchsorted(columns, np.arange(everybody))
    right = np.zeros(everybody, dtype=np.int64)
    while True:  # Bellman and Ford: no cycle gains anything, as the assignment is the best
        wanted = np.maximum.reduceat(value - given[rows] + right[partner[rows]], starts)
        if (wanted <= right).all():
            break
        right = np.maximum(right, wanted)
    price = given - right[partner] + right
    slack = price[place[edges.a]] + price[place[edges.b]] - 2 * edges.weight
    each, with_whom = np.zeros(edges.people, dtype=np.int64), np.full(edges.people, -1)
    each[joined] = price[:people]
    with_whom[joined] = np.r_[joined, np.full(left, -1)][partner[:people]]
    return Prices(int(price[:people].sum()), int(price[people:].min()) if left else 0, slack, each, with_whom)


def _worth(edges: Edges, chosen: Whole) -> tuple[int, int]:
    """Return the weight of some pairs, and how many of them were pairs before."""
    return int(edges.weight[chosen].sum()), int(edges.kept[chosen].sum())


def _most_at_all(edges: Edges) -> int:
    """Return a number of pairs that can't be exceeded: half of each connected part."""
    net = csr_array((np.ones(len(edges)), (edges.a, edges.b)), shape=(edges.people, edges.people))
    _count, part = connected_components(net, directed=False)
    return int((np.bincount(part) // 2).sum())


def _nearest(edges: Edges, most: int) -> Picked:
    """Mark the edges that are among the `most` heaviest of one of their two people."""
    chosen = np.zeros(len(edges), dtype=bool)
    for ends in (edges.a, edges.b):
        order = np.lexsort((np.arange(len(edges)), -edges.weight, ends))
        sorted_ends = ends[order]
        start = np.searchsorted(sorted_ends, sorted_ends)
        chosen[order[np.arange(len(order)) - start < most]] = True
    return chosen
