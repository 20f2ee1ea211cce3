from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.adjacency import nearness
from matching.buddies import solve as buddies
from matching.graph import SkillGraph, graph_from
from matching.mentors import solve as mentors
from matching.parts import buddy_parts as parts_of_buddies
from matching.people import Crowd, person_from
from matching.scoring import BUDDY_WEIGHTS, MENTOR_WEIGHTS, Scorer, checked_weights, pair_score, score_of
from matching.why import mentors_of
from tests.matching import reference
from tests.matching.crowds import SKILLS, crowds

if TYPE_CHECKING:
    from matching.types import GraphData, MentorsRequest, Parts, PersonData

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


def raw(parts: Parts, side: int = 0) -> dict[str, float]:
    return {component["name"]: component["raw"] for component in parts["sides"][side]["components"]}


def scorer_of(data: list[dict[str, Any]], graph: SkillGraph, weights: Any, learners: int | None = None) -> Scorer:
    crowd = Crowd([person_from(one) for one in data])
    seekers = range(len(data) if learners is None else learners)
    holders = range(0 if learners is None else learners, len(data))
    return Scorer(graph, crowd, seekers, holders, checked_weights(weights, weights))


def near_in(graph: SkillGraph) -> reference.Near:
    return {(seed, key): value for seed, near in nearness(graph, SKILLS).items() for key, value in near.items()}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_every_component_is_what_the_documentation_says_pair_by_pair(data: st.DataObject) -> None:
    graph = graph_from(SMALL)
    people = data.draw(crowds(least=1))
    near = near_in(graph)
    scorer = scorer_of(people, graph, BUDDY_WEIGHTS)
    every = np.arange(len(people))
    table = scorer.table(every)
    one, other = (array.ravel() for array in np.meshgrid(every, every, indexing="ij"))
    flat = scorer.pairs(one, other)
    for at, (i, j) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        expected = reference.components(people[i], people[j], people, near)
        for name in BUDDY_WEIGHTS:
            assert int(table[name][i, j]) == int(flat[name][at]) == expected[name], name
        worth = reference.utility(expected, dict(BUDDY_WEIGHTS))
        back = reference.utility(reference.components(people[j], people[i], people, near), dict(BUDDY_WEIGHTS))
        utilities = [scorer.utilities(scorer.pairs(np.array([a]), np.array([b]))) for a, b in ((i, j), (j, i))]
        assert int(score_of(utilities[0])[0]) == reference.rounded(worth)
        assert int(pair_score(*utilities)[0]) == reference.pair(worth, back)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mentors_are_scored_as_the_documentation_says(data: st.DataObject) -> None:
    graph = graph_from(SMALL)
    learners, offering = data.draw(crowds(least=1, most=4)), data.draw(crowds(least=1, most=4, prefix="m"))
    near = near_in(graph)
    scorer = scorer_of(learners + offering, graph, MENTOR_WEIGHTS, len(learners))
    table = scorer.table(np.arange(len(learners)))
    for i, learner in enumerate(learners):
        for j, mentor in enumerate(offering):
            expected = reference.components(learner, mentor, offering, near)
            flat = scorer.pairs(np.array([i]), np.array([j]))
            for name in MENTOR_WEIGHTS:
                assert int(table[name][i, j]) == int(flat[name][0]) == expected[name], name
            assert int(scorer.score(np.array([i]), np.array([j]))[0]) == reference.rounded(
                reference.utility(expected, dict(MENTOR_WEIGHTS))
            )
    best = sum(
        max(int(scorer.score(np.array([i]), np.array([j]))[0]) for j in range(len(offering)))
        for i in range(len(learners))
    )
    assert scorer.most(np.arange(len(learners))) >= best


@settings(max_examples=60, deadline=None)
@given(crowds(least=2, most=5))
def test_components_sum_to_what_each_has_and_both_to_the_score(people: list[dict[str, Any]]) -> None:
    scorer = scorer_of(people, graph_from(SMALL), BUDDY_WEIGHTS)
    (parts,) = parts_of_buddies(scorer, np.array([0]), np.array([1]))
    sides = []
    for side in parts["sides"]:
        exact = sum(round(one["weight"] * 10_000) * round(one["raw"] * 1_000_000) for one in side["components"])
        assert side["score"] == (2 * exact + 1_000_000) // 2_000_000
        sides.append(exact)
    assert parts["score"] == (sum(sides) + 2 * min(sides) + 2_000_000) // 4_000_000


SMALL: GraphData = {
    "version": "small",
    "nodes": [["1", "Haskell", "knowledge"], ["2", "functional programming", "skill"], ["3", "Lisp", "knowledge"],
              ["4", "SQL", "knowledge"], ["5", "poetry", "skill"], ["g1", "programming", "group"]],
    "edges": [["1", "2", "optional"], ["3", "2", "essential"], ["1", "g1", "broader_group"], ["4", "g1", "broader_group"]],
}  # fmt: skip


@pytest.mark.parametrize("weights", [MENTOR_WEIGHTS, BUDDY_WEIGHTS])
def test_weights_sum_to_one(weights: dict[str, float]) -> None:
    assert sum(round(weight * 100) for weight in weights.values()) == 100


def test_a_mentor_with_everything_scores_ten_thousand(languages: GraphData) -> None:
    parts = mentor_parts(languages, {"goals": [("1", 2)]}, {"skills": [("1", 2)]})
    assert raw(parts) == dict.fromkeys(MENTOR_WEIGHTS, 1.0)
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
    assert raw(parts)["help"] == share
    assert bool(parts["goals"][0]["held"]) == bool(share)


@pytest.mark.parametrize(("held", "share"), [(1, 1.0), (2, 1.0), (3, 0.666667), (4, 0.333333), (5, 0.0)])
def test_a_mentor_one_or_two_levels_above_is_better_than_one_five_above(
    languages: GraphData, held: int, share: float
) -> None:
    assert raw(mentor_parts(languages, {"goals": [("1", 5)]}, {"skills": [("1", held)]}))["level"] == share


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
    assert parts["goals"][0]["raw"] == pytest.approx(0.365854, abs=1e-3)
    assert parts["goals"][1]["held"] is None
    assert raw(parts)["help"] == pytest.approx(0.182927, abs=1e-3)
    assert raw(parts)["level"] == 1.0


def test_help_that_nobody_else_can_give_is_worth_more(languages: GraphData) -> None:
    learner: Any = {**BASE, "id": "maria", "goals": [("1", 2), ("5", 2)]}
    offering: Any = [
        {**BASE, "id": "ana", "skills": [("1", 2)]},
        {**BASE, "id": "ben", "skills": [("5", 2)]},
        {**BASE, "id": "eve", "skills": [("5", 2)]},
    ]
    request: MentorsRequest = {"graph": languages, "learners": [learner], "mentors": offering}
    answer, names = mentors(request), ["ana", "ben", "eve"]
    explained = mentors_of(request, [("maria", name) for name in names])
    rarity = {name: raw(parts)["rarity"] for name, parts in zip(names, explained, strict=True)}
    # Ana alone of three has Haskell: the whole of half her goals. Two of three have poetry: half of it.
    assert rarity == {"ana": 0.5, "ben": 0.25, "eve": 0.25}
    helpers = {goal["skill"]: goal["helpers"] for goal in answer["matches"][0]["parts"]["goals"]}
    assert helpers == {"1": 1, "5": 2}


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


def test_a_pair_that_serves_one_of_two_is_worth_less_than_its_average(languages: GraphData) -> None:
    parts = buddy_parts(languages, {"goals": [("1", 2)]}, {"skills": [("1", 2)]})
    ana, ben = parts["sides"]
    assert [raw(parts, 0)["help"], raw(parts, 1)["help"]] == [1.0, 0.0]
    # 0.3 help + 0.1 rarity + 0.2 hours + 0.05 languages + 0.05 zone, and the last three for Ben.
    assert [ana["score"], ben["score"]] == [7_000, 3_000]
    assert parts["score"] == (5_000 + 3_000) // 2


def test_a_pair_of_buddies_scores_the_same_whoever_is_named_first(languages: GraphData) -> None:
    one = {"goals": [("1", 3), ("2", 4)], "skills": [("4", 2), ("3", 3)], "utc_offset": 60}
    other = {"goals": [("3", 5), ("4", 4)], "skills": [("1", 2), ("4", 1)], "languages": ["en", "fi"]}
    forth, back = buddy_parts(languages, one, other), buddy_parts(languages, other, one)
    assert forth["score"] == back["score"]
    assert raw(forth, 0) == raw(back, 1)


def test_a_learner_without_goals_can_still_be_placed(languages: GraphData) -> None:
    assert raw(mentor_parts(languages, {}, {}))["help"] == 0.0
