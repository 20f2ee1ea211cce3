"""Pairs in a crowd too large to prove the best: nearly the best, within a time, and by how much it may fall short.

The relaxation that prices the pairs (`matching.pairing`) also proposes partners, by round trips: a round of two is a
pair, a round of an even number falls into pairs, one of an odd number leaves somebody over. Those are few; an exact
matching over their surroundings brings them in again. The relaxation's total is what no answer exceeds: half-integral
matchings, M. Balinski, "Integer programming: methods, uses, computation", 1965.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from matching.pairing import Edges, best_pairs, can_be_priced, highest_floor, most_pairs, prices
from matching.trios import Answer, joining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matching.candidates import Known
    from matching.pairing import Picked, Prices, Whole

GOOD = 0.005
"""The part of an answer that may be missing without further pairs being looked through."""
TRIES = 6
WHOLE = 6_000
"""People up to whom one matching over all of them is made as well, of the pairs that lose least by the prices."""
AROUND = 600
"""People whose pairs are made anew at once to bring those left over in."""


@dataclass(frozen=True)
class Bound:
    """Twice what an answer may weigh, by prices at which no allowed pair gains.

    The prices of all who have a pair, how many those are, and what each of them who stays alone adds at most.
    """

    prices: int
    people: int
    alone: int

    def of(self, placed: int) -> int:
        """Return what no answer that places so many exceeds; a trio counts by its three pairs, and so at its prices."""
        return self.prices + (self.people - placed) * self.alone


def solve(known: Known, *, most_trios: int, floor: bool, seconds: float) -> tuple[Answer, Edges]:
    """Place as many as pairs can, nearly as well as can be; then let those left over join pairs, one to each.

    With `floor`, the worst-off person first gets as much as she can in the time. Never says that it is proved. Returns
    the pairs from which it is made, too.
    """
    ends, edges, least = time.monotonic() + seconds, known.edges, 0
    size = most_pairs(edges)
    if floor and size:
        least = highest_floor(edges, size, ends)
        edges = edges.only(edges.low >= least)
    edges, chosen, bounds = near_best(replace(known, edges=edges), size, ends, least)
    triangles = joining(edges, chosen, min(most_trios, edges.joined - 2 * size)) if size else np.empty((0, 3), int)
    left = np.setdiff1d(chosen, triangles[:, 0])
    pairs = sorted(zip(edges.a[left].tolist(), edges.b[left].tolist(), strict=True))
    each = np.sort(np.stack([edges.a[triangles], edges.b[triangles]], axis=2).reshape(-1, 6), axis=1)[:, ::2]
    threes = sorted((i, j, k) for i, j, k in each.tolist())
    placed = 2 * size + len(threes)
    return Answer(pairs, threes, min((bound.of(placed) for bound in bounds), default=None), proved=False), edges


def near_best(known: Known, size: int, ends: float, least: int = 0) -> tuple[Edges, Whole, list[Bound]]:
    """Return pairs, the numbers of `size` nearly best ones among them, and bounds on what any answer weighs.

    As long as much may be missing, the pairs that were left out and would gain by the prices join the known ones, of
    those that are worth `least` to both (column generation, as in `matching.pricing`). There is no bound where the
    relaxation does not fit into memory.
    """
    edges, bounds = known.edges, list[Bound]()
    if not size or not can_be_priced(edges, size):
        return edges, best_pairs(edges, size, nearly=True), bounds
    for tries in range(TRIES, -1, -1):
        priced = prices(edges, size)
        chosen = _chosen(edges, priced, size, ends)
        # A price below what a pair left out may weigh is raised to it: no such pair can gain anything then.
        bounds.append(_bound(edges, priced, np.maximum(np.where(known.beyond >= 0, known.beyond, 0) - priced.each, 0)))
        if not tries or time.monotonic() > ends or _good(edges, chosen, bounds):
            break
        more, gain = known.gaining(priced.each, least)
        bounds.append(_bound(edges, priced, gain))
        if not len(more) or _good(edges, chosen, bounds):
            break
        edges = edges.plus(more)
    if edges.people <= WHOLE and time.monotonic() < ends:
        whole = best_pairs(edges, size, nearly=True)
        if len(whole) == size and edges.weight[whole].sum() > edges.weight[chosen].sum():
            chosen = whole
    return edges, chosen, bounds


def _good(edges: Edges, chosen: Whole, bounds: list[Bound]) -> bool:
    most = min(bound.of(2 * len(chosen)) for bound in bounds)
    return most - 2 * int(edges.weight[chosen].sum()) <= GOOD * most


def _bound(edges: Edges, priced: Prices, raised: Whole) -> Bound:
    joined = np.bincount(np.r_[edges.a, edges.b], minlength=edges.people) > 0
    alone = max(priced.alone, min(0, priced.alone - int(raised.max(initial=0))))
    return Bound(int((priced.each + raised)[joined].sum()), int(joined.sum()), alone)


def _chosen(edges: Edges, priced: Prices, size: int, ends: float) -> Whole:
    """Make `size` pairs of what the relaxation proposes."""
    chosen = _pairs_of(edges, priced)
    while len(chosen) < size and time.monotonic() < ends:
        better = _with_more(edges, chosen)
        if len(better) == len(chosen):
            break
        chosen = better
    return np.sort(chosen if len(chosen) == size else best_pairs(edges, size, nearly=True))


def _pairs_of(edges: Edges, priced: Prices) -> Whole:
    """Turn round trips into pairs: every second step, where one is left over so that the rest is worth most."""
    number = {pair: at for at, pair in enumerate(zip(edges.a.tolist(), edges.b.tolist(), strict=True))}

    def step(one: int, other: int) -> int:
        return number[min(one, other), max(one, other)]

    chosen: list[int] = []
    weight = edges.weight.tolist()
    for trip, closed in _trips(priced.partner.tolist()):
        steps = [
            step(one, other) for one, other in zip(trip, [*trip[1:], trip[0]] if closed else trip[1:], strict=False)
        ]
        if closed and len(trip) > 2 and len(trip) % 2:
            options = [[steps[(at + 1 + 2 * k) % len(steps)] for k in range(len(trip) // 2)] for at in range(len(trip))]
        elif len(trip) % 2:
            half = len(trip) // 2
            options = [steps[: 2 * cut : 2] + steps[2 * cut + 1 :: 2] for cut in range(half + 1)]
        else:
            options = [steps[::2]] if len(trip) == 2 or not closed else [steps[::2], steps[1::2]]
        chosen += max(options, key=lambda some: sum(weight[at] for at in some))
    return np.array(sorted(chosen), dtype=np.int64)


def _trips(partner: list[int]) -> Iterator[tuple[list[int], bool]]:
    """Follow everybody's partner: trips that end where somebody is alone, then round trips."""
    has = {one for one, other in enumerate(partner) if other >= 0}
    reached = {other for other in partner if other >= 0}
    seen: set[int] = set()
    for start in [*sorted(has - reached), *sorted(has & reached)]:
        if start in seen:
            continue
        trip, at = [], start
        while at >= 0 and at not in seen:
            seen.add(at)
            trip.append(at)
            at = partner[at]
        if len(trip) > 1:
            yield trip, at == start


def _with_more(edges: Edges, chosen: Whole) -> Whole:
    """Make the pairs around those left over anew, so that more of them have one."""
    paired = np.full(edges.people, -1)
    paired[edges.a[chosen]], paired[edges.b[chosen]] = edges.b[chosen], edges.a[chosen]
    around = (paired < 0) & (np.bincount(np.r_[edges.a, edges.b], minlength=edges.people) > 0)
    while around.sum() < AROUND:
        touched = around.copy()
        touched[edges.b[around[edges.a]]] = True
        touched[edges.a[around[edges.b]]] = True
        touched[paired[touched & (paired >= 0)]] = True
        if touched.sum() == around.sum():
            break
        if touched.sum() > AROUND:  # the nearest of them
            fresh = np.flatnonzero(touched & ~around)[: AROUND - int(around.sum())]
            around[fresh] = True
            around[paired[fresh][paired[fresh] >= 0]] = True
            break
        around = touched
    inside = around[edges.a] & around[edges.b]
    numbers = np.flatnonzero(inside)
    kept = chosen[~inside[chosen]]
    return np.sort(np.r_[kept, numbers[best_pairs(_alone(edges, numbers, around), nearly=True)]])


def _alone(edges: Edges, numbers: Whole, around: Picked) -> Edges:
    """Return some pairs among some people, who are numbered anew."""
    place = np.cumsum(around) - 1
    few = edges.only(numbers)
    names = [edges.names[at] for at in np.flatnonzero(around).tolist()]
    return replace(few, names=names, a=place[few.a], b=place[few.b])
