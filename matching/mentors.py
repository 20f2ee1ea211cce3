"""Mentors for learners, as many for each mentor as there are free places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matching.candidates import mentor_pairs, ranked_pairs
from matching.graph import loaded
from matching.parts import mentor_parts
from matching.people import Crowd, people_from, unknown_skills
from matching.places import FAST, best_places
from matching.pricing import places_of, widened
from matching.rules import Bars, rules_from, unplaced
from matching.scoring import MENTOR_WEIGHTS, Scorer, checked_weights
from matching.solving import gap_of, nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matching.people import Whole
    from matching.places import Places
    from matching.types import MentorMatch, MentorsAnswer, MentorsRequest, Parts, Solved, Sum

RANKED = 5
"""How many candidates a learner's ranking names unless the request says otherwise."""


@dataclass(frozen=True)
class Asked:
    """Learners and mentors ready for calculation: in the crowd the mentors stand behind the learners."""

    crowd: Crowd
    scorer: Scorer
    bars: Bars
    learners: int
    locked: list[tuple[int, int]]
    """Learner and mentor, by their places among the learners and among the mentors."""
    ignored: list[list[str]]


@dataclass(frozen=True)
class Found:
    """Who gets whom, by their places, with the score.

    `among` are the pairs that were weighed, but for locked ones; `bound` is a total that no answer exceeds.
    """

    learner: Whole
    mentor: Whole
    score: Whole
    among: Places
    bound: int | None
    proved: bool


def solve(request: MentorsRequest, tell: Callable[[str], None] = nobody) -> MentorsAnswer:
    """Give learners mentors.

    As many learners as possible get one; then, where ``floor`` is asked for, the worst-off learner gets the most; then
    the sum of the scores is the greatest, then the most earlier pairs are kept, then the load is the most even; no
    mentor gets more than her capacity (places still free). Each learner's ranking of candidates comes with it. The
    same people, graph and seed give the same answer in whatever order they come.

    Raises UnknownGraph, or ValueError for a malformed person, graph or weight.
    """
    tell("reading")
    asked = ready(request)
    floor = request.get("floor", False)
    previous = frozenset(frozenset(pair) for pair in request.get("previous", ()))
    found = find(asked, floor=floor, previous=previous, tell=tell)
    other = find(asked, floor=not floor, previous=previous) if request.get("compare") else None
    tell("explaining")
    people, mentors = asked.crowd.people, len(asked.crowd) - asked.learners
    ranked = ranked_pairs(asked.scorer, asked.bars, found.learner, found.mentor, request.get("ranked", RANKED))
    parts = parts_of(asked, _pairs(found))

    def match(learner: int, mentor: int) -> MentorMatch:
        made = parts[learner, mentor]
        return {"learner": made["people"][0], "mentor": made["people"][1], "score": made["score"], "parts": made}

    pairs = sorted(_pairs(found), key=lambda pair: people[pair[0]].id)
    every = np.arange(mentors) + asked.learners
    left = sorted(set(range(asked.learners)) - set(found.learner.tolist()), key=lambda at: people[at].id)
    sums = _sum(found)
    solved: Solved = {
        "placed": sums["placed"],
        "total": sums["total"],
        "worst": sums["worst"],
        "each": {people[learner].id: parts[learner, mentor]["score"] for learner, mentor in pairs},
        "optimal": found.proved,
        "gap": 0 if found.proved else gap_of(sums["total"], found.bound),
        "solver": "OR-tools flow" if FAST else "scipy assignment",
        "floor": sums if floor else None,
        "plain": None if floor else sums,
        "ignored": asked.ignored,
    }
    if other is not None:
        solved["plain" if floor else "floor"] = _sum(other)
    return {
        "graph_version": asked.scorer.graph.version,
        "matches": [match(*pair) for pair in pairs],
        "ranked": {
            people[at].id: [
                {"mentor": people[asked.learners + mentor].id, "score": score} for mentor, score in ranked[at]
            ]
            for at in sorted(ranked)
        },
        "unplaced": [unplaced(asked.crowd, at, asked.bars.between(np.array([at]), every)) for at in left],
        "placed": sums["placed"],
        "total": sums["total"],
        "solved": solved,
        "unknown_skills": unknown_skills(asked.scorer.graph, people),
    }


def ready(request: MentorsRequest) -> Asked:
    """Check a request and lay out its people; raises as `solve` does."""
    graph = loaded(request.get("graph"), request.get("graph_version"))
    seed = request.get("seed", 0)
    learners = people_from(request["learners"], seed)
    mentors = people_from(request["mentors"], seed)
    weights = checked_weights(request.get("weights", MENTOR_WEIGHTS), MENTOR_WEIGHTS)
    crowd = Crowd([*learners.values(), *mentors.values()])
    first, behind = range(len(learners)), range(len(learners), len(crowd))
    bars = Bars(crowd, rules_from(request), places=True)
    locked, ignored = _locked(crowd, bars, first, behind, request.get("locked", ()))
    return Asked(crowd, Scorer(graph, crowd, first, behind, weights), bars, len(learners), locked, ignored)


def find(
    asked: Asked,
    *,
    floor: bool = False,
    previous: frozenset[frozenset[str]] = frozenset(),
    tell: Callable[[str], None] = nobody,
) -> Found:
    """Choose mentors; see `solve`. Up to `candidates.EVERY_PAIR` pairs each is weighed; above: `matching.pricing`."""
    crowd, behind = asked.crowd, asked.learners
    tell("scoring")
    capacity = np.array([person.capacity for person in crowd.people[behind:]], dtype=np.int64)
    fixed = np.array(asked.locked, dtype=np.int64).reshape(-1, 2)
    capacity -= np.bincount(fixed[:, 1], minlength=len(capacity))
    free = np.setdiff1d(np.arange(behind), fixed[:, 0])
    learner, mentor, score, every = mentor_pairs(asked.scorer, asked.bars, free, capacity)
    tell("matching")
    if every:
        among, bound, proved = places_of(asked.scorer, capacity, (learner, mentor, score), previous), None, True
        chosen = best_places(among, floor=floor)
    else:
        wide = widened(asked.scorer, asked.bars, free, capacity, (learner, mentor, score), previous)
        among, bound, proved = wide.places, wide.bound, wide.proved and not floor
        chosen = best_places(among, floor=floor, heaviest=wide.chosen)
    own = asked.scorer.score(fixed[:, 0], fixed[:, 1])
    return Found(
        np.r_[fixed[:, 0], among.mentee[chosen]],
        np.r_[fixed[:, 1], among.mentor[chosen]],
        np.r_[own, among.weight[chosen]],
        among,
        None if bound is None else int(own.sum()) + bound,
        proved,
    )


def _locked(
    crowd: Crowd, bars: Bars, learners: range, mentors: range, pairs: Iterable[Sequence[str]]
) -> tuple[list[tuple[int, int]], list[list[str]]]:
    """Take the pairs that are to be made in any case; those that a rule or a full mentor bars are given back."""
    locked: list[tuple[int, int]] = []
    ignored: list[list[str]] = []
    for pair in sorted(list(pair) for pair in pairs):
        one, other = (crowd.places.get(name, ()) for name in pair)
        found = [
            (a, b - mentors.start)
            for first, second in ((one, other), (other, one))
            for a in first
            for b in second
            if a in learners and b in mentors and not bars.between(np.array([a]), np.array([b]))[0]
        ][:1]
        taken = [
            at for a, at in found if sum(mentor == at for _, mentor in locked) >= crowd.people[mentors[at]].capacity
        ]
        if not found or taken or any(a == found[0][0] for a, _ in locked):
            ignored.append(pair)
        else:
            locked += found
    return locked, ignored


def _pairs(found: Found) -> list[tuple[int, int]]:
    return list(zip(found.learner.tolist(), found.mentor.tolist(), strict=True))


def parts_of(asked: Asked, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Parts]:
    """Say what pairs of a learner and a mentor are worth, and why, by their places among learners and mentors."""
    table = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    made = mentor_parts(asked.scorer, table[:, 0], table[:, 1])
    return {(a, b): parts for (a, b), parts in zip(table.tolist(), made, strict=True)}


def _sum(found: Found) -> Sum:
    worst = int(found.score.min()) if len(found.score) else None
    return {"placed": len(found.score), "total": int(found.score.sum()), "worst": worst}
