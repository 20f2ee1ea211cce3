"""Which pairs a best matching can hold, where the relaxation alone leaves too many: its prices, sharpened.

Of an odd number of people one always finds nobody among the others, so 2k + 1 of them hold at most k pairs. With a
row for every such set the linear program has whole answers (J. Edmonds, "Maximum matching and a polyhedron with
0,1-vertices", 1965); only the few that its answer breaks are written down (M. Grötschel, O. Holland, "Solving matching
problems with linear programming", Mathematical Programming 1985). HiGHS solves it, over a few pairs of each person;
the others join where the prices say that they could gain.

A trio counts half of each of its three pairs, and so half a pair more than a set that holds it allows. Of sets that
have nobody in common one trio is in one at most: such a family has room for as many halves as there are trios.

Nothing hangs on the solver's floating point, nor on having found every set: its prices are rounded to whole numbers
and raised until no pair is worth more than what it pays, and whatever they are then, they bound every answer (weak
duality). They are only more or less sharp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_array, csr_array
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
class Proof:
    """Prices of people and sets, as what they leave each pair and all answers; all in `scale` parts of half a point.

    A pair's slack is the prices that it pays minus twice its weight, never negative; that of a trio is half of that of
    its three pairs. No answer's total (twice the weights of pairs, and the weights of a trio's three) exceeds `bound`
    less its slacks.
    """

    slack: Whole
    bound: int
    scale: int

    def holding(self, total: int) -> Picked:
        """Mark the pairs that can be made by answers with at least such a total."""
        return np.asarray(self.slack <= self.bound - self.scale * total)


@dataclass(frozen=True)
class _Sets:
    """Odd sets (rows of people), and families of them without anybody in common (rows of sets)."""

    people: Picked
    families: Picked

    def joined_by(self, fresh: Picked, family: Picked) -> _Sets:
        """Return these and fresh sets, and a family of some of them all."""
        known = np.pad(self.families, ((0, 0), (0, len(fresh))))
        return _Sets(np.concatenate([self.people, fresh]), np.concatenate([known, family[None, :]]))


@dataclass(frozen=True)
class _Prices:
    """A price for each person, odd set and family, and for each pair that is made, in points.

    What a pair weighs is at most the prices of both, of the sets that hold both, and of a pair. A set's price is at
    most twice those of its families. Those of people, sets and families are never negative.
    """

    each: NDArray[np.float64]
    sets: NDArray[np.float64]
    families: NDArray[np.float64]
    pair: float
    weak: float
    """What a pair pays beside that only a trio may hold."""


def proof(edges: Edges, placed: int, first: Whole, trios: int = 0, weak: Picked | None = None) -> Proof:
    """Price answers that place so many people (at least two) with so many trios.

    `first` are the numbers of the pairs to begin with; there must be such an answer among them. `weak` marks pairs
    that may be made within a trio only.
    """
    weak = np.zeros(len(edges), dtype=bool) if weak is None else weak
    numbers = np.sort(first)
    sets = _Sets(np.empty((0, edges.people), dtype=bool), np.empty((0, 0), dtype=bool))
    priced = _Prices(np.full(edges.people, float(edges.weight.max(initial=0))), np.zeros(0), np.zeros(0), 0.0, 0.0)
    used = sets
    for _ in range(ROUNDS):
        some = edges.only(numbers)
        solved = _solved(some, placed / 2, sets, trios, weak[numbers])
        if solved is None:
            break
        share, priced, used = *solved, sets
        more = _broken(some, share, sets, trios)
        if more is not None:
            sets = more
            continue
        slack = _slack(edges, priced, sets.people) + priced.weak * weak
        gaining = np.flatnonzero(slack < -WHOLE)
        gaining = np.setdiff1d(gaining[np.argsort(slack[gaining], kind="stable")[: edges.people]], numbers)
        if not len(gaining):
            break
        numbers = np.union1d(numbers, gaining)
    return _proved(edges, placed, priced, used, trios, weak)


def _solved(
    edges: Edges, size: float, sets: _Sets, trios: int, weak: Picked
) -> tuple[NDArray[np.float64], _Prices] | None:
    """Solve the linear program: how much of each pair it takes, and its prices; None where it gives none."""
    pair, count = np.arange(len(edges)), len(sets.people)
    held = csr_array(
        (np.ones(2 * len(pair)), (np.r_[edges.a, edges.b], np.r_[pair, pair])), shape=(edges.people, len(pair))
    )
    inside = csr_array((sets.people[:, edges.a] & sets.people[:, edges.b]).astype(float))
    rows = [
        [held, None],
        [csr_array(weak[None, :].astype(float)), None],
        [inside, csr_array(np.eye(count) / -2)],
        [None, csr_array(sets.families.astype(float))],
    ]
    room = [np.ones(edges.people), [1.5 * trios], sets.people.sum(axis=1) // 2, np.full(len(sets.families), trios)]
    found = linprog(
        np.r_[-edges.weight.astype(float), np.zeros(count)],
        A_ub=block_array(rows if count else [row[:1] for row in rows[:2]], format="csr"),
        b_ub=np.concatenate(room),
        A_eq=np.r_[np.ones(len(pair)), np.zeros(count)][None, :],
        b_eq=[size],
        method="highs-ipm",
    )
    if found.status != SOLVED:
        return None
    each, of_weak, of_sets, families = np.split(
        np.maximum(-found.ineqlin.marginals, 0), np.cumsum([edges.people, 1, count])
    )
    return found.x[: len(pair)], _Prices(each, of_sets, families, -float(found.eqlin.marginals[0]), float(of_weak[0]))


def _broken(edges: Edges, share: NDArray[np.float64], sets: _Sets, trios: int) -> _Sets | None:
    """Find odd sets of whose pairs more is taken than an answer can, among those joined by parts; None if none are."""
    part = share < 1 - WHOLE
    for least in SHARES:
        taken = np.flatnonzero(part & (share > least))
        net = csr_array((np.ones(len(taken)), (edges.a[taken], edges.b[taken])), shape=(edges.people, edges.people))
        _, of = connected_components(net, directed=False)
        count = np.bincount(of)
        inside = np.where(of[edges.a] == of[edges.b], of[edges.a], len(count))
        more = np.bincount(inside, share, minlength=len(count))[: len(count)] - count // 2
        odd = np.flatnonzero((count % 2 == 1) & (more > WHOLE))
        if len(odd) and 2 * more[odd].sum() > trios + 2 * WHOLE * len(odd):
            found = np.asarray(of[None, :] == odd[:, None])
            known = {one.tobytes() for one in sets.people}
            fresh = found[[one.tobytes() not in known for one in found]]
            family = {one.tobytes() for one in found}
            both = np.concatenate([sets.people, fresh])
            return sets.joined_by(fresh, np.array([one.tobytes() in family for one in both], dtype=bool))
    return None


def _slack(edges: Edges, priced: _Prices, sets: Picked) -> NDArray[np.float64]:
    """Say by how much the prices exceed what each pair weighs."""
    slack = priced.each[edges.a] + priced.each[edges.b] + (priced.pair - edges.weight)
    for price, of in zip(priced.sets.tolist(), sets, strict=True):
        if price:
            slack[of[edges.a] & of[edges.b]] += price
    return slack


def _proved(edges: Edges, placed: int, priced: _Prices, sets: _Sets, trios: int, weak: Picked) -> Proof:
    """Turn prices into whole numbers that hold, as all that is proved hangs on them."""
    floats = [priced.each, priced.sets, priced.families]
    greatest = max(
        1.0, float(edges.weight.max(initial=0)), abs(priced.pair), *(float(x.max(initial=0)) for x in floats)
    )
    many = 4 * (edges.people + len(sets.people) + len(sets.families) + 4)
    scale = 1 << max(0, min(SCALE_BITS, SUM_BITS - int(greatest * many).bit_length()))
    each, of_sets, of_families = (np.rint(price * scale).astype(np.int64) for price in floats)
    pair, of_weak = round(priced.pair * scale), round(priced.weak * scale)
    of_sets = np.minimum(of_sets, 2 * (of_families[:, None] * sets.families).sum(axis=0))
    slack = each[edges.a] + each[edges.b] + pair + of_weak * weak - scale * edges.weight
    for price, of in zip(of_sets.tolist(), sets.people, strict=True):
        if price:
            slack[of[edges.a] & of[edges.b]] += price
    lacking = np.zeros_like(each)  # what each must pay more, so that no pair is worth more than its prices
    np.maximum.at(lacking, edges.a, -slack)
    slack += lacking[edges.a] + lacking[edges.b]
    bound = 2 * int((each + lacking).sum()) + placed * pair + trios * (3 * of_weak + 2 * int(of_families.sum()))
    return Proof(2 * slack, bound + 2 * int((of_sets * (sets.people.sum(axis=1) // 2)).sum()), scale)
