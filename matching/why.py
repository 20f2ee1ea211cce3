"""What bars two people from each other, and what they would be worth to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matching import mentors
from matching.graph import loaded
from matching.parts import buddy_parts, mentor_parts
from matching.people import Crowd, people_from
from matching.rules import Bars, reasons_of, rules_from
from matching.scoring import BUDDY_WEIGHTS, Scorer, checked_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matching.people import Whole
    from matching.types import BuddiesRequest, MentorsRequest, Parts, WhyAnswer


def buddies(request: BuddiesRequest, one: str, other: str) -> WhyAnswer:
    """Compare two of the people of a request as buddies; raises ValueError where one of them is not among them."""
    graph = loaded(request.get("graph"), request.get("graph_version"))
    people = people_from(request["people"], request.get("seed", 0))
    weights = checked_weights(request.get("weights", BUDDY_WEIGHTS), BUDDY_WEIGHTS)
    crowd = Crowd(list(people.values()))
    first, second = _place(crowd, one), _place(crowd, other)
    everybody = range(len(crowd))
    scorer = Scorer(graph, crowd, everybody, everybody, weights)
    barred = Bars(crowd, rules_from(request)).between(first, second)[0]
    return {"reasons": [reason.value for reason in reasons_of(barred)], "parts": buddy_parts(scorer, first, second)[0]}


def mentor(request: MentorsRequest, learner: str, who: str) -> WhyAnswer:
    """Compare a learner and a mentor of a request; raises ValueError where one of them is not among them."""
    asked = mentors.ready(request)
    first = _place(asked.crowd, learner, upto=asked.learners)
    second = _place(asked.crowd, who, since=asked.learners)
    barred = asked.bars.between(first, second)[0]
    parts = mentor_parts(asked.scorer, first, second - asked.learners)[0]
    return {"reasons": [reason.value for reason in reasons_of(barred)], "parts": parts}


def mentors_of(request: MentorsRequest, pairs: Iterable[Sequence[str]]) -> list[Parts]:
    """Say what pairs of a learner and a mentor of a request are worth, and why, in their order; raises as `mentor`."""
    asked = mentors.ready(request)
    found = [
        (
            int(_place(asked.crowd, learner, upto=asked.learners)[0]),
            int(_place(asked.crowd, who, since=asked.learners)[0]) - asked.learners,
        )
        for learner, who in pairs
    ]
    parts = mentors.parts_of(asked, set(found))
    return [parts[pair] for pair in found]


def _place(crowd: Crowd, who: str, since: int = 0, upto: int | None = None) -> Whole:
    places = [at for at in crowd.places.get(who, ()) if since <= at < (len(crowd) if upto is None else upto)]
    if not places:
        message = f"{who} is not among the people of this request"
        raise ValueError(message)
    return np.array(places[:1])
