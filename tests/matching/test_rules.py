from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from matching.people import Crowd, person_from
from matching.rules import BIT, Bars, Rules, reasons_of, rules_from, unplaced
from matching.types import PersonData, Reason
from tests.matching import reference
from tests.matching.crowds import crowds

ANA: PersonData = {"id": "ana", "hours": [(540, 1020)], "languages": ["en", "pt"]}
BEN: PersonData = {"id": "ben", "hours": [(960, 1200)], "languages": ["en"]}
NO_MORE_RULES = Rules()


def reasons(a: PersonData, b: PersonData, rules: Rules = NO_MORE_RULES) -> list[str]:
    bars = Bars(Crowd([person_from(a), person_from(b)]), rules)
    forth, back = (bars.between(np.array([one]), np.array([1 - one]))[0] for one in (0, 1))
    assert forth == back
    return [reason.value for reason in reasons_of(int(forth))]


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
        ({}, Rules(excluded=frozenset({frozenset({"ana", "ben"})})), "excluded"),
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


def test_a_reason_that_both_give_counts_once() -> None:
    assert reasons({**ANA, "blocks": ["ben"]}, {**BEN, "blocks": ["ana"]}) == ["blocked"]


def test_nobody_is_matched_with_herself_though_she_teaches_and_learns() -> None:
    assert reasons(ANA, {**ANA, "languages": []}) == ["self"]


def test_a_mentor_without_a_free_place_is_no_candidate() -> None:
    crowd = Crowd([person_from(ANA), person_from({**BEN, "capacity": 0})])
    bars = Bars(crowd, Rules(), places=True)
    assert reasons_of(int(bars.between(np.array([0]), np.array([1]))[0])) == [Reason.NO_CAPACITY]
    assert not bars.between(np.array([1]), np.array([0]))[0]


def expected_reasons(one: dict[str, Any], other: dict[str, Any], minimum: int) -> list[Reason]:
    if one["id"] == other["id"]:
        return [Reason.SELF]
    broken = {
        Reason.OWN_MANAGER: one["manager_id"] == other["id"] or other["manager_id"] == one["id"],
        Reason.BLOCKED: other["id"] in one["blocks"] or one["id"] in other["blocks"],
        Reason.NO_SHARED_LANGUAGE: not {*one["languages"]} & {*other["languages"]},
        Reason.TOO_FEW_SHARED_HOURS: len(reference.minutes(one) & reference.minutes(other)) < minimum,
        Reason.NO_CAPACITY: not other["capacity"],
    }
    return [reason for reason in Reason if broken.get(reason)]


@settings(max_examples=80, deadline=None)
@given(crowds(least=1))
def test_tables_of_reasons_hold_what_each_two_break(people: list[dict[str, Any]]) -> None:
    crowd = Crowd([person_from(one) for one in people])
    every = np.arange(len(people))
    table = Bars(crowd, Rules(minimum_minutes=45), places=True).between(every[:, None], every[None, :])
    for i, j in product(range(len(people)), repeat=2):
        assert reasons_of(int(table[i, j])) == expected_reasons(people[i], people[j], 45)


def test_who_could_not_be_placed_says_why() -> None:
    crowd = Crowd([person_from({"id": name, "languages": ["is"], "hours": [(60, 120)]}) for name in "abc"])
    flags = np.array(
        [BIT[Reason.BLOCKED] | BIT[Reason.NO_SHARED_LANGUAGE], BIT[Reason.NO_SHARED_LANGUAGE], BIT[Reason.SELF]]
    )
    assert unplaced(crowd, 2, flags.astype(np.uint16)) == {
        "person": "c",
        "code": "none_allowed",
        "considered": 2,
        "allowed": 0,
        "reasons": {"blocked": 1, "no_shared_language": 2},
        "only": {"no_shared_language": 1},
        "earlier": 1,
        "without": {
            "code": "none_allowed",
            "allowed": 0,
            "reasons": {"no_shared_language": 2},
            "only": {"no_shared_language": 2},
        },
        "languages": ["is"],
        "hours": [[60, 120]],
    }
    free = np.array([0, 0, BIT[Reason.SELF]], dtype=np.uint16)
    assert unplaced(crowd, 2, free)["code"] == "taken"
    assert unplaced(crowd, 2, free[2:])["code"] == "nobody_else"


def test_a_block_and_a_refusal_of_one_person_are_one_earlier_choice_and_told_of_apart() -> None:
    crowd = Crowd([person_from({"id": name}) for name in "abc"])
    both, other = BIT[Reason.BLOCKED] | BIT[Reason.DECLINED_BEFORE], BIT[Reason.DECLINED_BEFORE] | BIT[Reason.EXCLUDED]
    found = unplaced(crowd, 2, np.array([both, other, BIT[Reason.SELF]], dtype=np.uint16))
    assert (found["code"], found["earlier"]) == ("none_allowed", 2)
    assert found["without"] == {"code": "taken", "allowed": 1, "reasons": {"excluded": 1}, "only": {"excluded": 1}}
    kept = unplaced(crowd, 2, np.array([0, BIT[Reason.EXCLUDED]], dtype=np.uint16))
    assert (kept["earlier"], "without" in kept) == (0, False)


def test_a_request_names_its_rules() -> None:
    assert rules_from({}) == Rules()
    assert rules_from({"minimum_minutes": 30, "excluded": [["a", "b"]]}) == Rules(
        30, excluded=frozenset({frozenset("ab")})
    )
