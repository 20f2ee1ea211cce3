"""The best ways from skills that one has to others: a search that stops as soon as it knows. Standard library only."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple, TypeVar

from matching.types import COSTS

Key = TypeVar("Key", bound=Hashable)

FARTHEST = 3 * COSTS["broader_group"]
"""The greatest cost of a way that is worth telling: three steps along the weakest relation."""
_MOST_STEPS = 1 << 16
"""A cost counts this much and a step 1, so one number orders ways by cost, then by steps."""


class Relation(NamedTuple):
    """What joins a skill to the next: `back` when the framework states it of the next one and names this one."""

    to: Any
    relation: str
    back: bool


class Way(NamedTuple):
    """A way: where it begins, and each relation followed from there on."""

    start: Any
    steps: tuple[Relation, ...]


Net = Mapping[Key, Sequence[Relation]]


def net_of(links: Iterable[tuple[Key, Key, str]]) -> dict[Key, list[Relation]]:
    """Make both ends of each relation know of it; of several between the same two the strongest is kept.

    >>> net_of([("a", "b", "optional"), ("b", "a", "broader_group")])["b"]
    [Relation(to='a', relation='optional', back=True)]
    """
    best: dict[frozenset[Key], tuple[Key, Key, str]] = {}
    for a, b, relation in links:
        pair = frozenset((a, b))
        if len(pair) == 2 and (pair not in best or COSTS[relation] < COSTS[best[pair][2]]):
            best[pair] = (a, b, relation)
    net: dict[Key, list[Relation]] = {}
    for a, b, relation in best.values():
        net.setdefault(a, []).append(Relation(b, relation, back=False))
        net.setdefault(b, []).append(Relation(a, relation, back=True))
    return net


def ways(net: Net[Key], starts: Collection[Key], ends: Collection[Key], farthest: int = FARTHEST) -> dict[Key, Way]:
    """Find the best way to each end from whichever start is nearest to it; ends that are too far are left out.

    Best is the least sum of costs (12 divided by the weight of a relation), of equal ones the one with fewer steps,
    then the one whose keys, read from the end, come first in sorting order: the same as `matching.graph` finds.
    Dijkstra (1959), O((V + E) log V) over what is nearer than the farthest end.
    """
    reach: dict[Any, int] = {start: 0 for start in starts if start in net}
    heap: list[tuple[int, Any]] = [(0, start) for start in sorted(reach)]
    open_ends, settled, most = {end for end in ends if end in net}, set(), (farthest + 1) * _MOST_STEPS
    while heap and open_ends:
        length, here = heappop(heap)
        if here in settled or length >= most:
            continue
        settled.add(here)
        open_ends.discard(here)
        for to, relation, _back in net[here]:
            ahead = length + COSTS[relation] * _MOST_STEPS + 1
            if ahead < reach.get(to, most):
                reach[to] = ahead
                heappush(heap, (ahead, to))
    return {end: _way(net, reach, end) for end in ends if end in settled}


def _way(net: Net[Key], reach: Mapping[Key, int], end: Key) -> Way:
    steps: list[Relation] = []
    here: Any = end
    while reach[here]:
        length = reach[here]
        before, relation, back = min(
            (step for step in net[here] if _leads(reach, step, length)), key=lambda step: step.to
        )
        steps.append(Relation(here, relation, not back))
        here = before
    return Way(here, tuple(reversed(steps)))


def _leads(reach: Mapping[Any, int], step: Relation, length: int) -> bool:
    """Say whether a best way of this length comes along a step."""
    before = reach.get(step.to)
    return before is not None and before + COSTS[step.relation] * _MOST_STEPS + 1 == length
