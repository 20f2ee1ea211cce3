"""Learning buddies: pairs of equals, and trios where they place somebody more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from matching import large, trios
from matching.candidates import EVERY, buddy_edges
from matching.graph import loaded
from matching.pairing import PLAIN
from matching.parts import buddy_parts, hours_of
from matching.people import Crowd, people_from, unknown_skills
from matching.rules import Bars, rules_from, unplaced
from matching.scoring import BUDDY_WEIGHTS, Scorer, checked_weights
from matching.solving import SECONDS, gap_of, half, nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matching.candidates import Known
    from matching.people import Whole
    from matching.types import BuddiesAnswer, BuddiesRequest, BuddyGroup, Parts, Solved, Sum

Group = tuple[int, ...]


@dataclass(frozen=True)
class Found:
    """Groups of people by their places, and how sure it is that there are none better."""

    groups: list[Group]
    gap: float | None
    proved: bool


def solve(request: BuddiesRequest, tell: Callable[[str], None] = nobody) -> BuddiesAnswer:
    """Bring people together as buddies.

    First as many people as possible are placed, with as few trios as that takes; then, where ``floor`` is asked for,
    the worst-off person gets the most; then the sum of the scores is the greatest; then the most earlier pairs are
    kept. A trio needs a language and the minimum of hours that all three share. The same people, graph and seed give
    the same answer in whatever order they come.

    Raises UnknownGraph, or ValueError for a malformed person, graph or weight. Every allowed pair is weighed up to
    `candidates.EVERY` people; above, each person's best are, and the answer is nearly the best (`matching.large`).
    """
    tell("reading")
    graph = loaded(request.get("graph"), request.get("graph_version"))
    people = people_from(request["people"], request.get("seed", 0))
    weights = checked_weights(request.get("weights", BUDDY_WEIGHTS), BUDDY_WEIGHTS)
    crowd = Crowd(list(people.values()))
    everybody = range(len(crowd))
    scorer, bars = Scorer(graph, crowd, everybody, everybody, weights), Bars(crowd, rules_from(request))
    locked, ignored = _locked(crowd, bars, request.get("locked", ()))
    free = np.setdiff1d(np.arange(len(crowd)), np.array(locked, dtype=np.int64).ravel())
    previous = frozenset(frozenset(pair) for pair in request.get("previous", ()))
    tell("scoring")
    known = buddy_edges(scorer, bars, free, previous)
    most_trios = request.get("max_trios", len(people) % 2)
    seconds = request.get("seconds", SECONDS)

    def find(*, floor: bool) -> Found:
        return _find(known, free, most_trios=most_trios, floor=floor, seconds=seconds)

    floor = request.get("floor", False)
    tell("matching")
    found = find(floor=floor)
    other = find(floor=not floor) if request.get("compare") else None
    tell("explaining")
    groups = [tuple(sorted(group, key=lambda at: crowd.people[at].id)) for group in [*locked, *found.groups]]
    groups.sort(key=lambda group: [crowd.people[at].id for at in group])
    parts = _parts_of(scorer, groups)
    sums = _sum([*locked, *found.groups], parts)
    placed = {at for group in groups for at in group}
    left = [at for at in everybody if at not in placed]
    solved: Solved = {
        "placed": sums["placed"],
        "total": sums["total"],
        "worst": sums["worst"],
        "each": {crowd.people[at].id: worth for at, worth in _each(groups, parts).items()},
        "optimal": found.proved,
        "gap": found.gap,
        "solver": _solver(len(free), found),
        "floor": sums if floor else None,
        "plain": None if floor else sums,
        "ignored": ignored,
    }
    if other is not None:
        solved["plain" if floor else "floor"] = _sum([*locked, *other.groups], _parts_of(scorer, other.groups) | parts)
    return {
        "graph_version": graph.version,
        "groups": [_group(crowd, group, parts) for group in groups],
        "unplaced": [
            unplaced(crowd, at, bars.between(np.array([at]), np.array(everybody)))
            for at in sorted(left, key=lambda at: crowd.people[at].id)
        ],
        "placed": sums["placed"],
        "trios": sum(len(group) > 2 for group in groups),
        "total": sums["total"],
        "solved": solved,
        "unknown_skills": unknown_skills(graph, people.values()),
    }


def _find(known: Known, people: Whole, *, most_trios: int, floor: bool, seconds: float) -> Found:
    """Find pairs and trios among some people, who are numbered in the edges by their places in `people`."""
    if len(people) > EVERY:
        answer, edges = large.solve(known, most_trios=most_trios, floor=floor, seconds=seconds)
    else:
        edges = known.edges
        answer = trios.solve(edges, most_trios=most_trios, floor=floor, seconds=seconds)
    groups = [tuple(people[list(group)].tolist()) for group in [*answer.pairs, *answer.trios]]
    total = trios.total(edges, answer)
    return Found(groups, 0 if answer.proved else gap_of(total, answer.bound), answer.proved)


def _locked(crowd: Crowd, bars: Bars, pairs: Iterable[Sequence[str]]) -> tuple[list[Group], list[list[str]]]:
    """Take the pairs that are to be made in any case; those that a rule bars, or who overlap, are given back."""
    locked: list[Group] = []
    ignored: list[list[str]] = []
    taken: set[int] = set()
    for pair in sorted(sorted(pair) for pair in pairs):
        places = [at for name in pair for at in crowd.places.get(name, ())]
        if len(places) == 2 and not taken & set(places) and not bars.between(*np.array(places).reshape(2, 1))[0]:
            locked.append(tuple(places))
            taken.update(places)
        else:
            ignored.append(pair)
    return locked, ignored


def _parts_of(scorer: Scorer, groups: Iterable[Group]) -> dict[tuple[int, int], Parts]:
    names = scorer.crowd.people
    pairs = [tuple(sorted(two, key=lambda at: names[at].id)) for group in groups for two in combinations(group, 2)]
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    made = buddy_parts(scorer, one, other)
    return {(a, b): parts for (a, b), parts in zip(pairs, made, strict=True)}


def _each(groups: Iterable[Group], parts: dict[tuple[int, int], Parts]) -> dict[int, float]:
    """Say what everybody has of it: her score, or the mean of two."""
    found: dict[int, float] = {}
    for group in groups:
        for at in group:
            mine = [
                side["score"]
                for pair, one in _pairs(group, parts)
                if at in pair
                for side in [one["sides"][pair.index(at)]]
            ]
            found[at] = half(2 * sum(mine) // len(mine)) if len(mine) == 2 else mine[0]
    return found


def _pairs(group: Group, parts: dict[tuple[int, int], Parts]) -> list[tuple[tuple[int, int], Parts]]:
    return [(pair, parts[pair]) for two in combinations(group, 2) for pair in (two, two[::-1]) if pair in parts]


def _sum(groups: Sequence[Group], parts: dict[tuple[int, int], Parts]) -> Sum:
    """Count a pair for both of its people, and a trio by its three pairs."""
    each = _each(groups, parts)
    total = sum(
        (2 if len(group) == 2 else 1) * sum(one["score"] for _, one in _pairs(group, parts)) for group in groups
    )
    return {"placed": len(each), "total": total, "worst": min(each.values(), default=None)}


def _group(crowd: Crowd, group: Group, parts: dict[tuple[int, int], Parts]) -> BuddyGroup:
    pairs = [one for _, one in _pairs(group, parts)]
    return {
        "members": [crowd.people[at].id for at in group],
        "score": sum(one["score"] for one in pairs),
        "pairs": [{"people": one["people"], "score": one["score"], "parts": one} for one in pairs],
        "hours": hours_of([crowd.people[at] for at in group]),
    }


def _solver(people: int, found: Found) -> str:
    if people > EVERY:
        return "relaxation, rustworkx blossom"
    solver = "networkx blossom" if people <= PLAIN else "rustworkx blossom"
    return f"{solver}, HiGHS" if not found.proved or any(len(group) > 2 for group in found.groups) else solver
