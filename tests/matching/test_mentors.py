from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.mentors import assign, solve

if TYPE_CHECKING:
    from matching.types import GraphData, MentorsRequest, PersonData

Worth = dict[tuple[str, str], int]
OPEN: PersonData = {"id": "", "hours": [(0, 600)], "languages": ["en"]}


def best_by_trying_all(learners: list[str], free: dict[str, int], worth: Worth) -> tuple[int, int]:
    """Most learners placed, then greatest sum, over every assignment."""
    if not learners:
        return (0, 0)
    best = best_by_trying_all(learners[1:], free, worth)
    for mentor, places in free.items():
        if places and (learners[0], mentor) in worth:
            placed, total = best_by_trying_all(learners[1:], {**free, mentor: places - 1}, worth)
            best = max(best, (placed + 1, total + worth[learners[0], mentor]))
    return best


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 6), st.lists(st.integers(0, 3), max_size=4), st.randoms(use_true_random=False))
def test_learners_are_placed_as_well_as_trying_every_assignment_shows(
    count: int, places: list[int], chance: random.Random
) -> None:
    learners = [f"e{number}" for number in range(count)]
    free = {f"m{number}": place for number, place in enumerate(places)}
    worth = {
        (learner, mentor): chance.randrange(30) for learner in learners for mentor in free if chance.random() < 0.5
    }
    chosen = assign(learners, free, worth)
    for mentor, place in free.items():
        assert list(chosen.values()).count(mentor) <= place
    assert (len(chosen), sum(worth[pair] for pair in chosen.items())) == best_by_trying_all(learners, free, worth)


def request(languages: GraphData) -> MentorsRequest:
    return {
        "graph": languages,
        "learners": [
            {**OPEN, "id": "maria", "goals": [("1", 3)]},
            {**OPEN, "id": "nils", "goals": [("4", 2)]},
        ],
        "mentors": [
            {**OPEN, "id": "ana", "skills": [("2", 4)], "capacity": 1},
            {**OPEN, "id": "bo", "skills": [("1", 5)], "capacity": 1},
            {**OPEN, "id": "cem", "skills": [("5", 5)], "capacity": 3},
        ],
    }


def chosen(answer_of: MentorsRequest) -> dict[str, str]:
    return {match["learner"]: match["mentor"] for match in solve(answer_of)["matches"]}


def test_a_learner_gets_the_mentor_who_has_what_she_wants(languages: GraphData) -> None:
    # Nils wants SQL: only the group joins it to functional programming and Haskell, and bo is Maria's.
    assert chosen(request(languages)) == {"maria": "bo", "nils": "ana"}


def test_no_mentor_gets_more_learners_than_places(languages: GraphData) -> None:
    wanted = request(languages)
    wanted["mentors"] = [{**OPEN, "id": "bo", "skills": [("1", 5)], "capacity": 1}]
    answer = solve(wanted)
    assert [match["learner"] for match in answer["matches"]] == ["maria"]
    assert [(one["person"], one["code"], one["allowed"]) for one in answer["unplaced"]] == [("nils", "taken", 1)]


def test_candidates_are_ranked_from_the_best_score_down_with_the_proposed_one_among_them(
    languages: GraphData,
) -> None:
    answer = solve(request(languages))
    for learner, ranking in answer["ranked"].items():
        scores = [match["score"] for match in ranking]
        assert scores == sorted(scores, reverse=True)
        assert {match["learner"] for match in ranking} == {learner}
    assert [match["mentor"] for match in answer["ranked"]["maria"]] == ["bo", "ana", "cem"]
    assert solve({**request(languages), "ranked": 1})["ranked"]["maria"][0]["mentor"] == "bo"


def test_one_who_declined_is_not_asked_again(languages: GraphData) -> None:
    wanted = request(languages)
    wanted["mentors"][1]["declined"] = ["maria"]
    answer = solve(wanted)
    assert chosen(wanted)["maria"] == "ana"
    assert "bo" not in [match["mentor"] for match in answer["ranked"]["maria"]]


def test_somebody_who_is_learner_and_mentor_is_never_her_own(languages: GraphData) -> None:
    wanted = request(languages)
    wanted["mentors"] = [{**OPEN, "id": "maria", "skills": [("4", 5)], "capacity": 5}]
    answer = solve(wanted)
    assert chosen(wanted) == {"nils": "maria"}
    assert [one["code"] for one in answer["unplaced"]] == ["nobody_else"]


def test_no_mentors_leaves_every_learner_with_a_reason(languages: GraphData) -> None:
    answer = solve({**request(languages), "mentors": []})
    assert [one["code"] for one in answer["unplaced"]] == ["nobody_else", "nobody_else"]
    assert answer["ranked"] == {"maria": [], "nils": []}


def test_weights_may_be_changed_but_must_name_every_component_and_sum_to_one(languages: GraphData) -> None:
    wanted = request(languages)
    wanted["weights"] = {"goals": 0.0, "hours": 1.0, "languages": 0.0, "zone": 0.0}
    assert {match["score"] for match in solve(wanted)["matches"]} == {10_000}
    for wrong in ({"goals": 1.0}, {"goals": 0.5, "hours": 0.2, "languages": 0.1, "zone": 0.1}):
        with pytest.raises(ValueError, match="sum to 1"):
            solve({**wanted, "weights": wrong})


def test_the_same_people_in_any_order_are_matched_alike(languages: GraphData) -> None:
    learners: list[PersonData] = [{**OPEN, "id": f"e{number}", "goals": [("1", 3)]} for number in range(6)]
    mentors: list[PersonData] = [
        {**OPEN, "id": f"m{number}", "skills": [("1", 3)], "capacity": 1} for number in range(4)
    ]
    answers = set()
    for shuffle in range(6):
        chance = random.Random(shuffle)
        chance.shuffle(learners)
        chance.shuffle(mentors)
        answer = solve({"graph": languages, "learners": learners, "mentors": mentors, "seed": 3})
        answers.add(json.dumps(answer, sort_keys=True))
    assert len(answers) == 1
