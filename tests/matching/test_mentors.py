from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from matching.explain import Speaker
from matching.mentors import solve
from matching.scoring import MENTOR_WEIGHTS
from tests.matching.crowds import crowds
from tests.matching.test_scoring import SMALL

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


@settings(max_examples=40, deadline=None)
@given(crowds(most=5), crowds(most=4, prefix="m"))
def test_mentors_are_the_most_and_the_best_as_trying_every_choice_shows(
    learners: list[Any], offering: list[Any]
) -> None:
    worth = {}
    alike = solve({"graph": SMALL, "learners": learners, "mentors": offering, "ranked": 9})
    for learner, ranking in alike["ranked"].items():
        worth |= {(learner, one["mentor"]): one["score"] for one in ranking}
    answer = solve({"graph": SMALL, "learners": learners, "mentors": offering})
    free = {mentor["id"]: mentor["capacity"] for mentor in offering}
    assert (answer["placed"], answer["total"]) == best_by_trying_all([one["id"] for one in learners], free, worth)
    taken = [match["mentor"] for match in answer["matches"]]
    assert all(taken.count(mentor) <= places for mentor, places in free.items())
    assert all(worth[match["learner"], match["mentor"]] == match["score"] for match in answer["matches"])
    assert answer["solved"]["worst"] == min((match["score"] for match in answer["matches"]), default=None)
    assert all(
        Speaker(names={one["id"]: one["id"] for one in [*learners, *offering]}).reasons(match["parts"])
        for match in answer["matches"]
    )


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
    for ranking in answer["ranked"].values():
        scores = [match["score"] for match in ranking]
        assert scores == sorted(scores, reverse=True)
    for match in answer["matches"]:
        ranked = {one["mentor"]: one["score"] for one in answer["ranked"][match["learner"]]}
        assert ranked[match["mentor"]] == match["score"] == match["parts"]["score"]
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
    wanted["weights"] = {**dict.fromkeys(MENTOR_WEIGHTS, 0.0), "hours": 1.0}
    assert {match["score"] for match in solve(wanted)["matches"]} == {10_000}
    for wrong in ({"help": 1.0}, {**MENTOR_WEIGHTS, "help": 0.2}):
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


def crowded(languages: GraphData) -> MentorsRequest:
    """Both want the better mentor, who takes one."""
    return {
        "graph": languages,
        "learners": [
            {**OPEN, "id": "maria", "goals": [("1", 3)]},
            {**OPEN, "id": "nils", "goals": [("1", 3), ("5", 3)]},
        ],
        "mentors": [
            {**OPEN, "id": "ana", "skills": [("1", 3)], "capacity": 1},
            {**OPEN, "id": "bo", "skills": [("2", 3)], "capacity": 1},
        ],
    }


def test_a_locked_pair_is_made_whatever_would_be_better(languages: GraphData) -> None:
    wanted = crowded(languages)
    assert chosen(wanted) == {"maria": "ana", "nils": "bo"}
    wanted["locked"] = [["nils", "ana"]]
    answer = solve(wanted)
    assert {one["learner"]: one["mentor"] for one in answer["matches"]} == {"nils": "ana", "maria": "bo"}
    assert answer["solved"]["ignored"] == []
    assert answer["total"] == sum(one["score"] for one in answer["matches"])


def test_a_locked_pair_that_a_rule_or_a_full_mentor_bars_is_given_back(languages: GraphData) -> None:
    wanted = crowded(languages)
    wanted["mentors"][1]["blocks"] = ["maria"]
    wanted["locked"] = [["maria", "ana"], ["nils", "ana"], ["maria", "bo"], ["maria", "nobody"]]
    answer = solve(wanted)
    assert answer["solved"]["ignored"] == [["maria", "bo"], ["maria", "nobody"], ["nils", "ana"]]
    assert chosen(wanted) == {"maria": "ana", "nils": "bo"}


def test_an_excluded_pair_is_never_made(languages: GraphData) -> None:
    wanted = crowded(languages)
    wanted["excluded"] = [["ana", "maria"]]
    assert chosen(wanted) == {"maria": "bo", "nils": "ana"}


def test_what_putting_the_worst_off_first_costs_is_said_with_either_answer(languages: GraphData) -> None:
    wanted = crowded(languages)
    plain, floor = solve({**wanted, "compare": True}), solve({**wanted, "floor": True, "compare": True})
    for answer in (plain, floor):
        assert answer["solved"]["plain"] == {name: plain["solved"][name] for name in ("placed", "total", "worst")}
        assert answer["solved"]["floor"] == {name: floor["solved"][name] for name in ("placed", "total", "worst")}
    assert solve(wanted)["solved"]["floor"] is None
    assert floor["solved"]["worst"] >= plain["solved"]["worst"]
    assert floor["solved"]["total"] <= plain["solved"]["total"]


def test_of_equal_answers_the_one_with_earlier_pairs_is_given(languages: GraphData) -> None:
    same: MentorsRequest = {
        "graph": languages,
        "learners": [{**OPEN, "id": name} for name in ("maria", "nils")],
        "mentors": [{**OPEN, "id": name, "capacity": 1} for name in ("ana", "bo")],
    }
    for partner, other in (("ana", "bo"), ("bo", "ana")):
        assert chosen({**same, "previous": [["maria", partner]]}) == {"maria": partner, "nils": other}
