from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import large, why
from matching.buddies import solve
from matching.explain import Speaker
from tests.matching import brute, reference
from tests.matching.crowds import crowds
from tests.matching.test_scoring import SMALL

if TYPE_CHECKING:
    from matching.types import BuddiesRequest, GraphData, PersonData


@settings(max_examples=60, deadline=None)
@given(crowds(least=1), st.booleans(), st.integers(0, 2))
def test_groups_are_the_best_as_trying_every_grouping_shows(cohort: list[Any], floor: bool, most_trios: int) -> None:
    request: BuddiesRequest = {
        "graph": SMALL, "people": cohort, "floor": floor, "max_trios": most_trios, "minimum_minutes": 30
    }  # fmt: skip
    answer = solve(request)
    names = [one["id"] for one in cohort]
    parts = {frozenset(two): why.buddies(request, *two) for two in combinations(names, 2)}
    allowed = {two: found["parts"] for two, found in parts.items() if not found["reasons"]}
    together = {one["id"]: (reference.minutes(one), {*one["languages"]}) for one in cohort}

    def can_be(group: tuple[str, ...]) -> bool:
        minutes, languages = (set.intersection(*each) for each in zip(*(together[name] for name in group), strict=True))
        return len(group) < 3 or (bool(languages) and len(minutes) >= 30)

    def has(group: tuple[str, ...], who: str) -> list[int]:
        shared = [allowed[frozenset(two)] for two in combinations(group, 2) if who in two]
        return [side["score"] for one in shared for side in one["sides"] if side["person"] == who]

    def rank(groups: list[tuple[str, ...]]) -> tuple[Fraction, ...]:
        each = [Fraction(sum(mine), len(mine)) for group in groups for who in group for mine in [has(group, who)]]
        total = sum(
            (2 if len(group) == 2 else 1) * sum(allowed[frozenset(two)]["score"] for two in combinations(group, 2))
            for group in groups
        )
        trios = sum(len(group) == 3 for group in groups)
        worst = min(each, default=Fraction(0))
        return (Fraction(len(each)), Fraction(-trios), *([worst] if floor else []), Fraction(total))

    worth = {two: one["score"] for two, one in allowed.items()}
    options = [
        groups
        for groups in brute.groupings(names, worth)
        if all(map(can_be, groups)) and sum(len(group) == 3 for group in groups) <= most_trios
    ]
    made = [tuple(group["members"]) for group in answer["groups"]]
    assert rank(made) == max(map(rank, options))
    assert answer["solved"]["optimal"] is True
    assert answer["solved"]["total"] == answer["total"] == rank(made)[-1]
    assert answer["solved"]["each"] == {
        who: sum(mine) / len(mine) for group in made for who in group for mine in [has(group, who)]
    }
    assert answer["placed"] == len(answer["solved"]["each"]) == sum(map(len, made))
    assert {*answer["solved"]["each"], *(one["person"] for one in answer["unplaced"])} == {*names}
    for group in answer["groups"]:
        for match in group["pairs"]:
            assert match["parts"] == allowed[frozenset(match["people"])]
            assert Speaker(names={name: name for name in names}).reasons(match["parts"])


def people(count: int, chance: random.Random) -> list[PersonData]:
    made: list[PersonData] = []
    for number in range(count):
        start = chance.choice([0, 240, 480, 960]) + 1440 * chance.randrange(2)
        made.append(
            {
                "id": f"p{number:02}",
                "skills": [(key, chance.randint(1, 5)) for key in chance.sample("1234", 2)],
                "goals": [(key, chance.randint(1, 5)) for key in chance.sample("12345", 2)],
                "hours": [(start, start + 420)],
                "languages": chance.sample(["en", "pt", "fi"], 2),
                "utc_offset": chance.choice([-300, 0, 60]),
                "blocks": [f"p{chance.randrange(count):02}"] if chance.random() < 0.2 else [],
                "manager_id": f"p{chance.randrange(count):02}" if chance.random() < 0.2 else None,
            }
        )
    return made


def three(languages: GraphData) -> BuddiesRequest:
    common: PersonData = {"id": "", "hours": [(540, 720)], "languages": ["en"], "goals": [("1", 3)]}
    return {"graph": languages, "people": [{**common, "id": name} for name in ("ana", "ben", "eve")]}


def test_one_left_over_joins_a_pair_where_she_is_allowed_with_both(languages: GraphData) -> None:
    answer = solve(three(languages))
    assert [group["members"] for group in answer["groups"]] == [["ana", "ben", "eve"]]
    assert [match["people"] for match in answer["groups"][0]["pairs"]] == [
        ["ana", "ben"],
        ["ana", "eve"],
        ["ben", "eve"],
    ]
    assert answer["trios"] == 1
    assert answer["placed"] == 3
    assert answer["groups"][0]["hours"] == {"minutes": 180, "intervals": [[540, 720]]}
    assert answer["unplaced"] == []


def test_no_trio_is_made_with_somebody_who_blocked_one_of_the_two(languages: GraphData) -> None:
    request = three(languages)
    request["people"][2]["blocks"] = ["ana"]
    answer = solve(request)
    assert answer["trios"] == 0
    (left,) = answer["unplaced"]
    assert left["person"] in {"ana", "eve"}
    assert left["code"] == "taken"
    assert left["reasons"] == {"blocked": 1}


def test_no_trio_is_made_where_the_three_share_no_language_or_hour(languages: GraphData) -> None:
    request = three(languages)
    for person, known in zip(request["people"], (["en", "pt"], ["pt", "fi"], ["fi", "en"]), strict=True):
        person["languages"] = known
    assert solve(request)["trios"] == 0
    request = three(languages)
    hours = ([(0, 60), (100, 160)], [(0, 60), (200, 260)], [(100, 160), (200, 260)])
    for person, working in zip(request["people"], hours, strict=True):
        person["hours"] = working
    assert solve(request)["trios"] == 0
    request["minimum_minutes"] = 0
    assert solve(request)["trios"] == 1


def test_a_cohort_of_one_and_of_none_are_answered(languages: GraphData) -> None:
    alone = solve({"graph": languages, "people": [{"id": "ana"}]})
    assert [one["code"] for one in alone["unplaced"]] == ["nobody_else"]
    assert solve({"graph": languages, "people": []})["groups"] == []


def test_current_and_earlier_pairs_are_not_made_again(languages: GraphData) -> None:
    request = three(languages)
    request["ex_pairs"] = [["ben", "ana"]]
    request["current_pairs"] = [["ana", "eve"]]
    assert [group["members"] for group in solve(request)["groups"]] == [["ben", "eve"]]


def test_skills_that_the_graph_does_not_know_are_reported(languages: GraphData) -> None:
    request = three(languages)
    request["people"][0]["skills"] = [("our own", 3)]
    assert solve(request)["unknown_skills"] == ["our own"]


def test_the_same_people_in_any_order_and_process_are_matched_alike(languages: GraphData) -> None:
    cohort = people(13, random.Random(5))
    cohort[3:9] = [{**cohort[3], "id": person["id"]} for person in cohort[3:9]]  # equal people make ties
    request: BuddiesRequest = {"graph": languages, "people": cohort, "seed": 7}
    expected = json.dumps(solve(request), sort_keys=True)
    for shuffle in range(5):
        mixed = list(cohort)
        random.Random(shuffle).shuffle(mixed)
        assert json.dumps(solve({**request, "people": mixed}), sort_keys=True) == expected
    program = (
        "import json, sys; from matching.buddies import solve; answer = solve(json.load(sys.stdin));"
        "print(json.dumps(answer, sort_keys=True))"
    )
    for hash_seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(request),
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == expected


def test_a_locked_pair_is_made_whatever_would_be_better(languages: GraphData) -> None:
    cohort = people(8, random.Random(2))
    free = {tuple(group["members"]) for group in solve({"graph": languages, "people": cohort})["groups"]}
    other = next(
        two
        for two in combinations([one["id"] for one in cohort], 2)
        if two not in free and not why.buddies({"graph": languages, "people": cohort}, *two)["reasons"]
    )
    answer = solve({"graph": languages, "people": cohort, "locked": [other[::-1]]})
    assert [*other] in [group["members"] for group in answer["groups"]]
    assert answer["solved"]["ignored"] == []
    assert answer["placed"] == len(answer["solved"]["each"])


def test_a_locked_pair_that_a_rule_bars_or_that_overlaps_is_given_back(languages: GraphData) -> None:
    request = three(languages)
    request["people"][2]["blocks"] = ["ana"]
    request["locked"] = [["eve", "ana"], ["ben", "eve"], ["ben", "ana"], ["ana", "nobody"]]
    answer = solve(request)
    assert answer["solved"]["ignored"] == [["ana", "eve"], ["ana", "nobody"], ["ben", "eve"]]
    assert ["ana", "ben"] in [group["members"] for group in answer["groups"]]


def test_an_excluded_pair_is_never_made_not_even_within_a_trio(languages: GraphData) -> None:
    answer = solve({**three(languages), "excluded": [["eve", "ana"]]})
    assert answer["trios"] == 0
    assert answer["groups"][0]["members"] in (["ana", "ben"], ["ben", "eve"])


def test_of_equal_answers_the_one_with_earlier_pairs_is_given(languages: GraphData) -> None:
    common = three(languages)["people"][0]
    four: BuddiesRequest = {"graph": languages, "people": [{**common, "id": name} for name in "abcd"]}
    for partner in "bcd":
        made = [group["members"] for group in solve({**four, "previous": [["a", partner]]})["groups"]]
        assert ["a", partner] in made


def test_what_putting_the_worst_off_first_costs_is_said_with_either_answer(languages: GraphData) -> None:
    request: BuddiesRequest = {"graph": languages, "people": people(12, random.Random(1))}
    plain, floor = solve({**request, "compare": True}), solve({**request, "floor": True, "compare": True})
    for answer in (plain, floor):
        assert answer["solved"]["plain"] == {name: plain["solved"][name] for name in ("placed", "total", "worst")}
        assert answer["solved"]["floor"] == {name: floor["solved"][name] for name in ("placed", "total", "worst")}
    assert solve(request)["solved"]["floor"] is None


def test_a_large_crowd_is_matched_nearly_best_and_says_how_nearly(
    languages: GraphData, monkeypatch: pytest.MonkeyPatch
) -> None:
    request: BuddiesRequest = {"graph": languages, "people": people(60, random.Random(9))}
    best = solve(request)
    monkeypatch.setattr("matching.buddies.EVERY", 10)
    monkeypatch.setattr("matching.candidates.EVERY", 10)
    monkeypatch.setattr(large, "AROUND", 12)
    answer = solve(request)
    assert answer["placed"] == best["placed"]
    assert answer["solved"]["optimal"] is False
    gap = answer["solved"]["gap"]
    assert answer["total"] <= best["total"]
    assert gap is not None
    assert answer["total"] >= (1 - gap) * best["total"] - 1
    assert answer["total"] >= 0.9 * best["total"]
