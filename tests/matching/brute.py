"""Every way to group a few people, tried one by one: slow, short, and nothing of the code under test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

Worth = dict[frozenset[str], int]


class Outcome(NamedTuple):
    placed: int
    trios: int
    worst_twice: int
    total: int
    kept: int


def group_value(group: tuple[str, ...], worth: Worth) -> tuple[int, int]:
    """What a group adds to the total, and twice what its worst-off has."""
    weights = {pair: worth[frozenset(pair)] for pair in combinations(group, 2)}
    if len(group) == 2:
        return 2 * sum(weights.values()), 2 * sum(weights.values())
    return sum(weights.values()), min(sum(w for pair, w in weights.items() if who in pair) for who in group)


def groupings(people: list[str], worth: Worth) -> Iterator[list[tuple[str, ...]]]:
    if not people:
        yield []
        return
    first, rest = people[0], people[1:]
    yield from groupings(rest, worth)
    for size in (1, 2):
        for others in combinations(rest, size):
            group = (first, *others)
            if all(frozenset(pair) in worth for pair in combinations(group, 2)):
                for more in groupings([one for one in rest if one not in others], worth):
                    yield [group, *more]


def outcome(groups: list[tuple[str, ...]], worth: Worth, kept: frozenset[frozenset[str]] = frozenset()) -> Outcome:
    values = [group_value(group, worth) for group in groups]
    pairs = [frozenset(pair) for group in groups for pair in combinations(group, 2)]
    return Outcome(
        placed=sum(map(len, groups)),
        trios=sum(len(group) == 3 for group in groups),
        worst_twice=min((low for _value, low in values), default=0),
        total=sum(value for value, _low in values),
        kept=sum(pair in kept for pair in pairs),
    )


def rank(one: Outcome, floor: bool) -> tuple[int, ...]:
    """Placed, few trios, the floor if asked for, total, kept, and then the worst-off."""
    return (one.placed, -one.trios, *([one.worst_twice] if floor else []), one.total, one.kept, one.worst_twice)


def best(outcomes: set[Outcome], max_trios: int, floor: bool) -> Outcome:
    return max((one for one in outcomes if one.trios <= max_trios), key=lambda one: rank(one, floor))


def every_outcome(people: list[str], worth: Worth, kept: frozenset[frozenset[str]] = frozenset()) -> set[Outcome]:
    return {outcome(groups, worth, kept) for groups in groupings(people, worth)}
