from __future__ import annotations

import pytest

from matching.candidates import (
    Candidates,
    Rules,
    candidates,
    people_from,
    person_from,
    unplaced,
    why_not,
    why_not_mentor,
)
from matching.scoring import Score
from matching.types import PersonData, Reason

ANA: PersonData = {"id": "ana", "hours": [(540, 1020)], "languages": ["en", "pt"]}
BEN: PersonData = {"id": "ben", "hours": [(960, 1200)], "languages": ["en"]}


NO_MORE_RULES = Rules()


def reasons(a: PersonData, b: PersonData, rules: Rules = NO_MORE_RULES) -> list[str]:
    forth = why_not(person_from(a), person_from(b), rules)
    assert forth == why_not(person_from(b), person_from(a), rules)
    return [reason.value for reason in forth]


def test_two_people_with_a_language_and_an_hour_in_common_are_allowed() -> None:
    assert reasons(ANA, BEN) == []


@pytest.mark.parametrize(
    ("change", "rules", "reason"),
    [
        ({"languages": ["fi"]}, Rules(), "no_shared_language"),
        ({"languages": []}, Rules(), "no_shared_language"),
        ({"hours": [(961, 1200)]}, Rules(), "too_few_shared_hours"),
        ({}, Rules(minimum_minutes=61), "too_few_shared_hours"),
        ({"manager_id": "ana"}, Rules(), "own_manager"),
        ({"blocks": ["ana"]}, Rules(), "blocked"),
        ({"declined": ["ana"]}, Rules(), "declined_before"),
        ({}, Rules(ex_pairs=frozenset({frozenset({"ana", "ben"})})), "ex_pair"),
        ({}, Rules(current_pairs=frozenset({frozenset({"ana", "ben"})})), "already_paired"),
    ],
)
def test_each_hard_constraint_is_a_missing_edge_with_its_reason_in_both_directions(
    change: PersonData, rules: Rules, reason: str
) -> None:
    assert reasons(ANA, {**BEN, **change}, rules) == [reason]


def test_every_reason_is_kept_not_only_the_first() -> None:
    assert reasons(ANA, {"id": "ben", "blocks": ["ana"], "manager_id": "ana"}) == [
        "own_manager",
        "blocked",
        "no_shared_language",
        "too_few_shared_hours",
    ]


def test_nobody_is_matched_with_herself() -> None:
    assert reasons(ANA, ANA) == ["self"]


def test_a_mentor_without_a_free_place_is_no_candidate() -> None:
    learner, mentor = person_from(ANA), person_from({**BEN, "capacity": 0})
    assert why_not_mentor(learner, mentor, Rules()) == (Reason.NO_CAPACITY,)
    assert why_not_mentor(mentor, learner, Rules()) == ()


def test_goals_already_reached_are_left_out_and_a_skill_named_twice_counts_once() -> None:
    person = person_from({"id": "x", "skills": [("b", 3), ("a", 2), ("a", 4)], "goals": [("a", 4), ("b", 5), ("c", 1)]})
    assert person.skills == (("a", 4), ("b", 3))
    assert person.goals == (("b", 5, 3), ("c", 1, 0))


@pytest.mark.parametrize(
    "bad",
    [{"skills": [("a", 0)]}, {"goals": [("a", 6)]}, {"capacity": -1}, {"hours": [(5, 5)]}],
)
def test_a_malformed_person_is_refused(bad: PersonData) -> None:
    with pytest.raises(ValueError, match=r"level|capacity|interval"):
        person_from({**ANA, **bad})


def test_a_person_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        people_from([ANA, ANA], 0)


def test_ties_are_broken_in_an_order_that_the_seed_decides_and_the_input_does_not() -> None:
    people: list[PersonData] = [{"id": str(number)} for number in range(20)]
    orders = {seed: list(people_from(people, seed)) for seed in range(3)}
    assert list(people_from(people[::-1], 1)) == orders[1]
    assert len({tuple(order) for order in orders.values()}) == 3


def test_each_pair_has_a_score_or_its_reasons() -> None:
    people = [person_from(ANA), person_from(BEN), person_from({"id": "eve"})]
    ana, ben, eve = people
    found = candidates(
        [(ana, ben), (ana, eve), (ben, eve)],
        lambda a, b: why_not(a, b, Rules()),
        lambda a, b: Score(len(a.id + b.id), {}),
    )
    assert found.scores == {("ana", "ben"): Score(6, {})}
    assert set(found.refused) == {("ana", "eve"), ("ben", "eve")}


def test_who_could_not_be_placed_says_why() -> None:
    found = Candidates(
        scores={("a", "b"): Score(1, {})},
        refused={
            ("a", "c"): (Reason.BLOCKED, Reason.NO_SHARED_LANGUAGE),
            ("b", "c"): (Reason.NO_SHARED_LANGUAGE,),
            ("d", "d"): (Reason.SELF,),
        },
    )
    assert unplaced("c", [("a", "c"), ("b", "c")], found) == {
        "person": "c",
        "code": "none_allowed",
        "considered": 2,
        "allowed": 0,
        "reasons": {"blocked": 1, "no_shared_language": 2},
        "refused": {"a": ["blocked", "no_shared_language"], "b": ["no_shared_language"]},
    }
    assert unplaced("a", [("a", "b"), ("a", "c")], found)["code"] == "taken"
    assert unplaced("d", [("d", "d")], found)["code"] == "nobody_else"
