from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from matching.buddies import solve as buddies
from matching.mentors import solve as mentors
from matching.scoring import BUDDY_WEIGHTS, MENTOR_WEIGHTS, half_up

if TYPE_CHECKING:
    from matching.types import GraphData, Parts, PersonData

BASE: PersonData = {"id": "", "hours": [(0, 600)], "languages": ["en"]}


def mentor_parts(graph: GraphData, learner: dict[str, Any], mentor: dict[str, Any]) -> Parts:
    learners: Any = [{**BASE, "id": "maria", **learner}]
    offering: Any = [{**BASE, "id": "ana", **mentor}]
    answer = mentors({"graph": graph, "learners": learners, "mentors": offering})
    return answer["matches"][0]["parts"]


def buddy_parts(graph: GraphData, a: dict[str, Any], b: dict[str, Any]) -> Parts:
    people: Any = [{**BASE, "id": "ana", **a}, {**BASE, "id": "ben", **b}]
    answer = buddies({"graph": graph, "people": people})
    return answer["groups"][0]["pairs"][0]["parts"]


def raw(parts: Parts) -> dict[str, float]:
    return {component["name"]: component["raw"] for component in parts["components"]}


@pytest.mark.parametrize("weights", [MENTOR_WEIGHTS, BUDDY_WEIGHTS])
def test_weights_sum_to_one(weights: dict[str, float]) -> None:
    assert sum(round(weight * 100) for weight in weights.values()) == 100


def test_halves_are_rounded_up() -> None:
    assert [half_up(number, 10) for number in (14, 15, 24, 25, 26)] == [1, 2, 2, 3, 3]


def test_a_mentor_with_everything_scores_ten_thousand(languages: GraphData) -> None:
    parts = mentor_parts(languages, {"goals": [("1", 3)]}, {"skills": [("1", 3)]})
    assert raw(parts) == {"goals": 1.0, "hours": 1.0, "languages": 1.0, "zone": 1.0}
    assert parts["score"] == 10_000


@pytest.mark.parametrize(
    ("own", "wanted", "held", "share"),
    [(0, 4, 4, 1.0), (0, 4, 5, 1.0), (0, 4, 1, 0.25), (2, 4, 3, 0.5), (2, 4, 2, 0.0), (3, 4, 1, 0.0)],
)
def test_a_mentor_covers_the_share_of_the_gap_that_her_level_spans(
    languages: GraphData, own: int, wanted: int, held: int, share: float
) -> None:
    learner = {"goals": [("1", wanted)], "skills": [("1", own)] if own else []}
    parts = mentor_parts(languages, learner, {"skills": [("1", held)]})
    assert raw(parts)["goals"] == share
    assert bool(parts["goals"][0]["held"]) == bool(share)


def test_a_goal_is_covered_by_the_nearest_skill_and_the_mean_is_over_open_goals() -> None:
    # a - b - c with weight 1 each: nearness from a is 0.731707 to b and 0.219512 to c, worked out by hand.
    graph: GraphData = {
        "version": "a b c",
        "nodes": [[key, key.upper(), "skill"] for key in "abcd"],
        "edges": [["a", "b", "essential"], ["b", "c", "essential"]],
    }
    parts = mentor_parts(graph, {"goals": [("a", 2), ("d", 2)]}, {"skills": [("b", 1), ("c", 2)], "utc_offset": 120})
    # b at level 1 spans half of the gap: 0.3658535, which beats c's 0.219512; d is not covered.
    assert parts["goals"][0]["held"] is not None
    assert parts["goals"][0]["held"]["skill"] == "b"
    assert parts["goals"][0]["raw"] == 0.365854
    assert parts["goals"][1]["held"] is None
    assert raw(parts)["goals"] == 0.182927
    # 0.6 * 0.182927 + 0.2 + 0.1 + 0.1 * (1 - 2 ÷ 12 = 0.833333) = 0.4930895
    assert parts["score"] == 4_931


def test_hours_count_up_to_four_a_week(languages: GraphData) -> None:
    for end, share in ((60, 0.25), (120, 0.5), (240, 1.0), (600, 1.0)):
        parts = mentor_parts(languages, {}, {"hours": [(0, end)]})
        assert raw(parts)["hours"] == share
        assert parts["hours"] == {"minutes": end, "intervals": [[0, end]]}


def test_languages_are_shared_with_whoever_has_fewer(languages: GraphData) -> None:
    parts = mentor_parts(languages, {"languages": ["en", "pt", "fi"]}, {"languages": ["pt", "de"]})
    assert raw(parts)["languages"] == 0.5
    assert parts["languages"] == ["pt"]


@pytest.mark.parametrize(
    ("mine", "theirs", "apart", "share"),
    [(0, 0, 0, 1.0), (60, -300, 360, 0.5), (-600, 780, 60, 0.916667), (-360, 360, 720, 0.0)],
)
def test_clocks_are_compared_the_short_way_round(
    languages: GraphData, mine: int, theirs: int, apart: int, share: float
) -> None:
    parts = mentor_parts(languages, {"utc_offset": mine}, {"utc_offset": theirs})
    assert parts["zone_minutes"] == apart
    assert raw(parts)["zone"] == share


def test_buddies_who_want_the_same_at_the_same_level_are_the_best_without_helping_each_other(
    languages: GraphData,
) -> None:
    parts = buddy_parts(languages, {"goals": [("1", 3)]}, {"goals": [("1", 5)]})
    assert raw(parts) == {
        "shared_goals": 1.0,
        "complementary": 0.0,
        "hours": 1.0,
        "level": 1.0,
        "languages": 1.0,
        "zone": 1.0,
    }
    assert parts["score"] == 7_500


def test_buddies_who_have_what_the_other_wants_complement_each_other(languages: GraphData) -> None:
    parts = buddy_parts(
        languages, {"goals": [("5", 2)], "skills": [("4", 4)]}, {"goals": [("4", 2)], "skills": [("5", 1)]}
    )
    # One covers the other's whole gap, the other half of it; their goals are unrelated.
    assert raw(parts)["complementary"] == 0.75
    assert raw(parts)["shared_goals"] == 0.0
    assert raw(parts)["level"] == 0.0


def test_levels_are_compared_at_the_goals_nearest_to_each_other(languages: GraphData) -> None:
    parts = buddy_parts(
        languages,
        {"goals": [("1", 4), ("5", 5)], "skills": [("1", 3), ("5", 4)]},
        {"goals": [("1", 4)], "skills": [("1", 1)]},
    )
    assert raw(parts)["level"] == 0.6


def test_a_pair_of_buddies_scores_the_same_whoever_is_named_first(languages: GraphData) -> None:
    one = {"goals": [("1", 3), ("2", 4)], "skills": [("4", 2), ("3", 3)], "utc_offset": 60}
    other = {"goals": [("3", 5), ("4", 4)], "skills": [("1", 2), ("4", 1)], "languages": ["en", "fi"]}
    forth, back = buddy_parts(languages, one, other), buddy_parts(languages, other, one)
    assert forth["score"] == back["score"]
    assert raw(forth) == raw(back)


def test_nobody_without_goals_is_left_out(languages: GraphData) -> None:
    assert raw(buddy_parts(languages, {}, {}))["shared_goals"] == 0.0
    assert raw(mentor_parts(languages, {}, {}))["goals"] == 0.0
