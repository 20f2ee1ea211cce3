"""Pairs in a crowd too large to prove the best: nearly the best, within a time, and by how much it may fall short.

The relaxation that prices the pairs (`matching.pairing`) also proposes partners, by round trips: a round of two is a
pair, a round of an even number falls into pairs, one of an odd number leaves somebody over. Those are few; an exact
matching over their surroundings brings them in again. The relaxation's total is what no answer exceeds: half-integral
matchings, M. Balinski, "Integer programming: methods, uses, computation", 1965.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from matching.pairing import Edges, best_pairs, can_be_priced, highest_floor, most_pairs, prices
from matching.trios import Answer, joining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matching.pairing import Picked, Prices, Whole

AROUND = 600
"""People whose pairs are made anew at once to bring those left over in."""


def solve(edges: Edges, beyond: Whole, *, most_trios: int, floor: bool, seconds: float) -> Answer:
    """Place as many as pairs can, nearly as well as can be; then let those left over join pairs, one to each.

    With `floor`, the worst-off person first gets as much as she can in the time. Never says that it is proved.
    """
    ends = time.monotonic() + seconds
    size = most_pairs(edges)
    if floor and size:
        edges = edges.only(edges.low >= highest_floor(edges, size, ends))
    chosen, bound = near_best(edges, size, beyond, ends)
    triangles = joining(edges, chosen, min(most_trios, edges.joined - 2 * size)) if size else np.empty((0, 3), int)
    left = np.setdiff1d(chosen, triangles[:, 0])
    pairs = sorted(zip(edges.a[left].tolist(), edges.b[left].tolist(), strict=True))
    each = np.sort(np.stack([edges.a[triangles], edges.b[triangles]], axis=2).reshape(-1, 6), axis=1)[:, ::2]
    threes = sorted((i, j, k) for i, j, k in each.tolist())
    return Answer(pairs, threes, None if threes else bound, proved=False)


def near_best(edges: Edges, size: int, beyond: Whole, ends: float) -> tuple[Whole, int | None]:
    """Return the numbers of `size` nearly best pairs, the most there can be, and a bound on twice their weight.

    `beyond` says of everybody what no pair that was left out of the edges weighs more than, -1 where none was. The
    bound holds for answers that place as many; it is None where the relaxation does not fit into memory.
    """
    if not size or not can_be_priced(edges, size):
        return best_pairs(edges, size), None
    priced = prices(edges, size)
    chosen = _pairs_of(edges, priced)
    while 2 * len(chosen) < 2 * size and time.monotonic() < ends:
        better = _with_more(edges, chosen)
        if len(better) == len(chosen):
            break
        chosen = better
    if len(chosen) < size:
        chosen = best_pairs(edges, size)
    joined = np.bincount(np.r_[edges.a, edges.b], minlength=edges.people) > 0
    # A price below what a pair left out may weigh is raised to it: no such pair can gain anything then.
    raised = np.maximum(priced.each, np.where(beyond >= 0, beyond, priced.each))
    alone = min(0, priced.alone - int((raised - priced.each).max(initial=0)))
    left = int(joined.sum()) - 2 * size
    return np.sort(chosen), int(raised[joined].sum()) + left * max(priced.alone, alone)


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
    return np.sort(np.r_[kept, numbers[best_pairs(_alone(edges, numbers, around))]])


def _alone(edges: Edges, numbers: Whole, around: Picked) -> Edges:
    """Return some pairs among some people, who are numbered anew."""
    place = np.cumsum(around) - 1
    few = edges.only(numbers)
    names = [edges.names[at] for at in np.flatnonzero(around).tolist()]
    return replace(few, names=names, a=place[few.a], b=place[few.b])
