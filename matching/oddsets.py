"""Which pairs a best matching can hold, where the relaxation alone leaves too many: its prices, sharpened.

Of an odd number of people one always finds nobody among the others, so 2k + 1 of them hold at most k pairs. With a
row for every such set the linear program has whole answers (J. Edmonds, "Maximum matching and a polyhedron with
0,1-vertices", 1965); only the few that its answer breaks are written down (M. Grötschel, O. Holland, "Solving matching
problems with linear programming", Mathematical Programming 1985). HiGHS solves it, over a few pairs of each person;
the others join where the prices say that they could gain.

Nothing hangs on the solver's floating point, nor on having found every set: its prices are rounded to whole numbers
and raised until no pair is worth more than what it pays, and whatever they are then, they bound every answer (weak
duality). They are only more or less sharp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from matching.pairing import Edges, Picked, Whole

ROUNDS = 40
"""How often sets, or pairs, are added."""
WHOLE = 1e-6
"""What differs from a whole number by less is taken for it."""
SHARES = (WHOLE, 0.26, 0.4)
"""Pairs of which the program takes more than this, and not all, join the people of a set."""
SOLVED = 0
"""What scipy's `linprog` calls its best end."""
SCALE_BITS, SUM_BITS = 20, 60
"""Prices are kept in parts of a point, so many bits of them, as far as their sums stay in 64 bits."""


@dataclass(frozen=True)
class _Prices:
    """A price for each person, for each odd set and for each pair that is made, in points.

    What a pair weighs is at most the prices of both, of the sets that hold both, and of a pair. Those of people and
    sets are never negative.
    """

    each: NDArray[np.float64]
    sets: NDArray[np.float64]
    pair: float


def holdable(edges: Edges, size: int, total: int, first: Whole) -> Picked:
    """Mark the pairs that a matching of `size` pairs (at least one) with a weight of at least `total` can hold.

    `first` are the numbers of the pairs to begin with; there must be such a matching among them. Marks some too many,
    never one too few.
    """
    numbers, sets = np.sort(first), np.empty((0, edges.people), dtype=bool)
    priced = _Prices(np.full(edges.people, float(edges.weight.max(initial=0))), np.zeros(0), 0.0)
    for _ in range(ROUNDS):
        some = edges.only(numbers)
        solved = _solved(some, size, sets)
        if solved is None:
            break
        share, priced = solved
        more = _broken(some, share)
        if len(more):
            sets = np.concatenate([sets, more])
            continue
        slack = _slack(edges, priced, sets)
        gaining = np.flatnonzero(slack < -WHOLE)
        gaining = np.setdiff1d(gaining[np.argsort(slack[gaining], kind="stable")[: edges.people]], numbers)
        if not len(gaining):
            break
        numbers = np.union1d(numbers, gaining)
    return _within(edges, size, total, priced, sets[: len(priced.sets)])


def _solved(edges: Edges, size: int, sets: Picked) -> tuple[NDArray[np.float64], _Prices] | None:
    """Solve the linear program: how much of each pair it takes, and its prices; None where it gives none."""
    pair = np.arange(len(edges))
    held = csr_array(
        (np.ones(2 * len(pair)), (np.r_[edges.a, edges.b], np.r_[pair, pair])), shape=(edges.people, len(pair))
    )
    found = linprog(
        -edges.weight.astype(float),
        A_ub=vstack([held, csr_array((sets[:, edges.a] & sets[:, edges.b]).astype(float))]),
        b_ub=np.r_[np.ones(edges.people), sets.sum(axis=1) // 2],
        A_eq=np.ones((1, len(pair))),
        b_eq=[size],
        method="highs-ipm",
    )
    if found.status != SOLVED:
        return None
    rows = np.maximum(-found.ineqlin.marginals, 0)
    return found.x, _Prices(rows[: edges.people], rows[edges.people :], -float(found.eqlin.marginals[0]))


def _broken(edges: Edges, share: NDArray[np.float64]) -> Picked:
    """Find odd sets (rows of people) of whose pairs more is taken than a matching can, among those joined by parts."""
    part = share < 1 - WHOLE
    for least in SHARES:
        taken = np.flatnonzero(part & (share > least))
        net = csr_array((np.ones(len(taken)), (edges.a[taken], edges.b[taken])), shape=(edges.people, edges.people))
        _, of = connected_components(net, directed=False)
        count = np.bincount(of)
        inside = np.where(of[edges.a] == of[edges.b], of[edges.a], len(count))
        held = np.bincount(inside, share, minlength=len(count))[: len(count)]
        found = np.flatnonzero((count % 2 == 1) & (held > count // 2 + WHOLE))
        if len(found):
            return np.asarray(of[None, :] == found[:, None])
    return np.empty((0, edges.people), dtype=bool)


def _slack(edges: Edges, priced: _Prices, sets: Picked) -> NDArray[np.float64]:
    """Say by how much the prices exceed what each pair weighs."""
    slack = priced.each[edges.a] + priced.each[edges.b] + (priced.pair - edges.weight)
    for price, of in zip(priced.sets.tolist(), sets, strict=True):
        if price:
            slack[of[edges.a] & of[edges.b]] += price
    return slack


def _within(edges: Edges, size: int, total: int, priced: _Prices, sets: Picked) -> Picked:
    """Mark the pairs whose slack the prices leave room for; in whole numbers, as all that is proved hangs on it."""
    greatest = max(1.0, float(edges.weight.max(initial=0)), abs(priced.pair))
    greatest = max(greatest, float(priced.each.max(initial=0)), float(priced.sets.max(initial=0)))
    bits = min(SCALE_BITS, SUM_BITS - int(greatest * (edges.people + len(sets) + 4)).bit_length())
    scale = 1 << max(0, bits)
    each, of_sets = (np.rint(price * scale).astype(np.int64) for price in (priced.each, priced.sets))
    pair = round(priced.pair * scale)
    slack = each[edges.a] + each[edges.b] + pair - scale * edges.weight
    for price, of in zip(of_sets.tolist(), sets, strict=True):
        if price:
            slack[of[edges.a] & of[edges.b]] += price
    lacking = np.zeros_like(each)  # what each must pay more, so that no pair is worth more than its prices
    np.maximum.at(lacking, edges.a, -slack)
    slack += lacking[edges.a] + lacking[edges.b]
    bound = int((each + lacking).sum()) + size * pair + int((of_sets * (sets.sum(axis=1) // 2)).sum())
    return np.asarray(slack <= bound - scale * total)
