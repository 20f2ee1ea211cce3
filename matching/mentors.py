"""Mentors for learners, as many for each mentor as there are free places."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from matching.candidates import (
    Candidates,
    candidates,
    people_from,
    rules_from,
    unknown_skills,
    unplaced,
    why_not_mentor,
)
from matching.graph import loaded
from matching.places import Places, best_places
from matching.scoring import MENTOR_WEIGHTS, Scorer, checked_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matching.types import MentorMatch, MentorsAnswer, MentorsRequest, Person

RANKED = 5
"""How many candidates a learner's ranking names unless the request says otherwise."""


def solve(request: MentorsRequest) -> MentorsAnswer:
    """Give learners mentors.

    As many learners as possible get one and, of all ways to place that many, one with the greatest sum of
    scores; no mentor gets more than her capacity (places still free). Each learner's ranking of candidates
    comes with it. The same people, graph and seed give the same answer in whatever order they come.

    Raises UnknownGraph, or ValueError for a malformed person, graph or weight.
    """
    graph = loaded(request.get("graph"), request.get("graph_version"))
    seed = request.get("seed", 0)
    learners = people_from(request["learners"], seed)
    mentors = people_from(request["mentors"], seed)
    rules = rules_from(request)
    weights = checked_weights(request.get("weights", MENTOR_WEIGHTS), MENTOR_WEIGHTS)
    scorer = Scorer(graph, learners.values(), mentors.values(), weights)
    everyone = [(learner, mentor) for learner in learners.values() for mentor in mentors.values()]
    found = candidates(everyone, partial(why_not_mentor, rules=rules), scorer.mentor)

    def match(learner: str, mentor: str) -> MentorMatch:
        score = found.scores[learner, mentor]
        return {
            "learner": learner,
            "mentor": mentor,
            "score": score.points,
            "parts": scorer.parts("mentor", learners[learner], mentors[mentor], score),
        }

    chosen = assign(
        tuple(learners),
        {mentor.id: mentor.capacity for mentor in mentors.values()},
        {pair: score.points for pair, score in found.scores.items()},
    )
    left = sorted(set(learners) - set(chosen))
    limit = request.get("ranked", RANKED)
    return {
        "graph_version": graph.version,
        "matches": [match(learner, chosen[learner]) for learner in sorted(chosen)],
        "ranked": {
            learner: [match(learner, mentor) for mentor in ranking[:limit]]
            for learner, ranking in rankings(learners, mentors, found).items()
        },
        "unplaced": [unplaced(learner, [(learner, mentor) for mentor in mentors], found) for learner in left],
        "placed": len(chosen),
        "total": sum(found.scores[learner, mentor].points for learner, mentor in chosen.items()),
        "unknown_skills": unknown_skills(graph, [*learners.values(), *mentors.values()]),
    }


def assign(order: Sequence[str], capacities: Mapping[str, int], worth: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """Choose each placed learner's mentor: the most learners, then the greatest sum, within the capacities.

    ``order`` names the learners and ``capacities`` the mentors in the order that breaks ties; ``worth`` holds
    the allowed (learner, mentor) pairs. See `matching.places`.

    >>> assign(["x", "y"], {"m": 1, "n": 1}, {("x", "m"): 9, ("x", "n"): 1, ("y", "m"): 2})
    {'x': 'n', 'y': 'm'}
    """
    learners = {learner: at for at, learner in enumerate(order)}
    mentors = {mentor: at for at, mentor in enumerate(capacities)}
    rows = sorted((learners[learner], mentors[mentor], value) for (learner, mentor), value in worth.items())
    learner, mentor, weight = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    free = np.array(list(capacities.values()), dtype=np.int64)
    # Ties are broken by place, and so by the seed that the order is made from.
    first, second = ([str(at) for at in range(len(some))] for some in (order, capacities))
    kept = np.zeros(len(rows), dtype=bool)
    chosen = best_places(Places(first, second, free, learner, mentor, weight, weight, kept))
    whom = tuple(capacities)
    return {order[learner[at]]: whom[mentor[at]] for at in chosen.tolist()}


def rankings(learners: Mapping[str, Person], mentors: Mapping[str, Person], found: Candidates) -> dict[str, list[str]]:
    """Each learner's allowed mentors, the best score first, ties in the order of ``mentors``."""
    ranked = {}
    for learner in learners:
        allowed = [
            (-found.scores[learner, mentor].points, at, mentor)
            for at, mentor in enumerate(mentors)
            if (learner, mentor) in found.scores
        ]
        ranked[learner] = [mentor for _, _, mentor in sorted(allowed)]
    return ranked
