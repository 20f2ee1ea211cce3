"""Mentors for learners, as many for each mentor as there are free places."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

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
    the allowed (learner, mentor) pairs. Each mentor stands in the matrix once per place, and every allowed
    pair weighs more than all scores together, so that one more pair beats any sum; whole numbers below 2⁵³
    make that exact. D. F. Crouse, "On implementing 2D rectangular assignment algorithms" (2016), as scipy
    computes it. O(r² c) for the smaller side r and the larger c, O(r c) memory.

    >>> assign(["x", "y"], {"m": 1, "n": 1}, {("x", "m"): 9, ("x", "n"): 1, ("y", "m"): 2})
    {'x': 'n', 'y': 'm'}
    """
    wanted = dict.fromkeys(capacities, 0)
    for _, mentor in worth:
        wanted[mentor] += 1
    slots = [mentor for mentor, capacity in capacities.items() for _ in range(min(capacity, wanted[mentor]))]
    columns: dict[str, list[int]] = {}
    for column, mentor in enumerate(slots):
        columns.setdefault(mentor, []).append(column)
    rows = {learner: row for row, learner in enumerate(order)}
    one_more = min(len(order), len(slots)) * max(worth.values(), default=0) + 1
    matrix = np.zeros((len(order), len(slots)))
    for (learner, mentor), value in worth.items():
        matrix[rows[learner], columns.get(mentor, [])] = one_more + value
    picked = zip(*linear_sum_assignment(matrix, maximize=True), strict=True)
    return {order[row]: slots[column] for row, column in picked if matrix[row, column]}


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
