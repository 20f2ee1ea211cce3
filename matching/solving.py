"""From a checked instance to its answer, by the method that fits its size.

| what | up to | by |
|---|---|---|
| pairs | 60 people | networkx's blossom |
| pairs | above | rustworkx's blossom over the edges that prices leave (`matching.pairing`) |
| trios | all sizes | HiGHS over what prices leave, within a time (`matching.trios`) |
| mentors | all sizes | OR-tools' flow where it is installed, else scipy's assignment (`matching.places`) |
"""

from __future__ import annotations

import time
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from matching import places, trios
from matching.instance import Answer, Buddies, Mentors
from matching.pairing import PLAIN, Edges

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from matching.pairing import Picked, Whole

SECONDS = 10.0
"""How long trios are searched for unless somebody says otherwise."""


def nobody(_step: str) -> None:
    """Hear how far a calculation is, and do nothing about it."""


GAP_STEPS = 1_000_000


def solve(
    instance: Buddies | Mentors,
    *,
    floor: bool = False,
    kept: Collection[frozenset[str]] = frozenset(),
    seconds: float = SECONDS,
    fast: bool = places.FAST,
) -> Answer:
    """Match everybody: the most people, then with `floor` the best for the worst-off, then the greatest total.

    Of answers as good as each other, the one with the most pairs of `kept`. `seconds` bound the search for trios;
    all else is exact and takes what it takes. `fast` solves mentors with OR-tools.
    """
    started = time.monotonic()
    if isinstance(instance, Buddies):
        answer = _buddies(instance, floor=floor, kept=kept, seconds=seconds)
    else:
        answer = _mentors(instance, floor=floor, kept=kept, fast=fast)
    answer["seconds"] = round(time.monotonic() - started, 3)
    return answer


def _buddies(instance: Buddies, *, floor: bool, kept: Collection[frozenset[str]], seconds: float) -> Answer:
    people = instance.people
    a, b, weight = _columns(instance.pairs)
    edges = Edges(people, a, b, weight, weight, weight, _kept(people, people, a, b, kept))
    found = trios.solve(edges, most_trios=instance.max_trios, floor=floor, seconds=seconds)
    worth = {(i, j): w for i, j, w in instance.pairs}
    pairs = [worth[pair] for pair in found.pairs]
    threes = [(worth[i, j], worth[i, k], worth[j, k]) for i, j, k in found.trios]
    total = trios.total(edges, found)
    # In a trio everybody has all three but the one between the two others.
    twice = [2 * worst for worst in pairs] + [sum(three) - max(three) for three in threes]
    solver = "networkx" if len(people) <= PLAIN else "rustworkx"
    return Answer(
        pairs=[[people[i], people[j]] for i, j in found.pairs],
        trios=[[people[i], people[j], people[k]] for i, j, k in found.trios],
        placed=2 * len(pairs) + 3 * len(threes),
        total=total,
        worst=half(min(twice)) if twice else None,
        optimal=found.proved,
        gap=0 if found.proved else gap_of(total, found.bound),
        solver=f"{solver} blossom, HiGHS" if found.trios or not found.proved else f"{solver} blossom",
        seconds=0,
    )


def _mentors(instance: Mentors, *, floor: bool, kept: Collection[frozenset[str]], fast: bool) -> Answer:
    mentee, mentor, weight = _columns(instance.pairs)
    was = _kept(instance.mentees, instance.mentors, mentee, mentor, kept)
    capacity = np.array(instance.capacity, dtype=np.int64)
    asked = places.Places(instance.mentees, instance.mentors, capacity, mentee, mentor, weight, weight, was)
    chosen = places.best_places(asked, floor=floor, fast=fast)
    pairs = [(instance.mentees[mentee[at]], instance.mentors[mentor[at]]) for at in chosen.tolist()]
    return Answer(
        pairs=[list(pair) for pair in sorted(pairs)],
        trios=[],
        placed=len(pairs),
        total=int(weight[chosen].sum()),
        worst=int(weight[chosen].min()) if pairs else None,
        optimal=True,
        gap=0,
        solver="OR-tools flow" if fast else "scipy assignment",
        seconds=0,
    )


def _columns(pairs: Sequence[tuple[int, int, int]]) -> tuple[Whole, Whole, Whole]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2]


def _kept(first: Sequence[str], second: Sequence[str], a: Whole, b: Whole, kept: Collection[frozenset[str]]) -> Picked:
    if not kept:
        return np.zeros(len(a), dtype=bool)
    both = zip(a.tolist(), b.tolist(), strict=True)
    return np.array([frozenset((first[i], second[j])) in kept for i, j in both], dtype=bool)


def half(twice: int) -> float:
    """Halve a whole number; a half that is whole is written so."""
    return twice / 2 if twice % 2 else twice // 2


def gap_of(total: int, bound: int | None) -> float | None:
    """Return the share of the bound that is missing, rounded up, so that what is missing never reads as nothing."""
    if bound is None:
        return None
    return ceil((bound - total) * GAP_STEPS / bound) / GAP_STEPS if bound else 0
