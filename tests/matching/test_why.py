from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from matching import why
from matching.buddies import solve as buddies
from matching.mentors import solve as mentors
from tests.matching.test_buddies import people

if TYPE_CHECKING:
    from matching.types import BuddiesRequest, GraphData, MentorsRequest


def test_two_buddies_are_compared_as_the_matcher_compares_them(languages: GraphData) -> None:
    request: BuddiesRequest = {"graph": languages, "people": people(9, random.Random(6)), "excluded": [["p00", "p01"]]}
    answer = buddies(request)
    for group in answer["groups"]:
        for match in group["pairs"]:
            one, other = match["people"]
            assert why.buddies(request, one, other) == {"reasons": [], "parts": match["parts"]}
    assert "excluded" in why.buddies(request, "p01", "p00")["reasons"]
    for left in answer["unplaced"]:
        others = [one["id"] for one in request["people"] if one["id"] != left["person"]]
        reasons = [why.buddies(request, left["person"], other)["reasons"] for other in others]
        assert Counter(reason for some in reasons for reason in some) == left["reasons"]
        assert Counter(some[0] for some in reasons if len(some) == 1) == left["only"]


def test_a_learner_and_a_mentor_are_compared_as_the_matcher_compares_them(languages: GraphData) -> None:
    cohort: list[Any] = people(8, random.Random(8))
    offering = [{**one, "id": f"m{one['id']}", "capacity": number % 2} for number, one in enumerate(cohort[5:])]
    request: MentorsRequest = {"graph": languages, "learners": cohort[:5], "mentors": offering, "ranked": 9}
    answer = mentors(request)
    allowed = {(learner, one["mentor"]): one["score"] for learner, some in answer["ranked"].items() for one in some}
    explained = dict(zip(allowed, why.mentors_of(request, allowed), strict=True))
    assert {pair: parts["score"] for pair, parts in explained.items()} == allowed
    for learner in cohort[:5]:
        for mentor in offering:
            found = why.mentor(request, learner["id"], mentor["id"])
            pair = (learner["id"], mentor["id"])
            assert (pair in allowed) == (not found["reasons"])
            assert pair not in allowed or found["parts"] == explained[pair]
            assert ("no_capacity" in found["reasons"]) == (mentor["capacity"] == 0)


def test_who_is_not_among_the_people_is_said(languages: GraphData) -> None:
    request: BuddiesRequest = {"graph": languages, "people": people(3, random.Random(1))}
    for one, other in combinations(["p00", "nobody"], 2):
        with pytest.raises(ValueError, match="nobody is not among"):
            why.buddies(request, one, other)
