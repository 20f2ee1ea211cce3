from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.buddies import add_thirds, match_pairs, solve

if TYPE_CHECKING:
    from matching.types import BuddiesRequest, GraphData, PersonData

Worth = dict[tuple[str, str], int]


def best_by_trying_all(people: list[str], worth: Worth) -> tuple[int, int]:
    """Most pairs, then greatest sum, over every matching."""
    if len(people) < 2:
        return (0, 0)
    first, rest = people[0], people[1:]
    best = best_by_trying_all(rest, worth)
    for other in rest:
        if (first, other) in worth:
            pairs, total = best_by_trying_all([one for one in rest if one != other], worth)
            best = max(best, (pairs + 1, total + worth[first, other]))
    return best


@st.composite
def instances(draw: st.DrawFn) -> tuple[list[str], Worth]:
    people = [f"p{number}" for number in range(draw(st.integers(0, 8)))]
    worth = {pair: draw(st.integers(0, 30)) for pair in combinations(people, 2) if draw(st.integers(0, 99)) < 45}
    return people, worth


@settings(max_examples=300, deadline=None)
@given(instances())
def test_pairs_are_the_most_and_the_best_as_trying_every_matching_shows(
    instance: tuple[list[str], Worth],
) -> None:
    people, worth = instance
    pairs = match_pairs(people, worth)
    used = [person for pair in pairs for person in pair]
    assert len(used) == len(set(used))
    assert (len(pairs), sum(worth[pair] for pair in pairs)) == best_by_trying_all(people, worth)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4), st.randoms(use_true_random=False))
def test_thirds_are_the_most_and_the_best_as_trying_every_choice_shows(
    left_count: int, pair_count: int, chance: random.Random
) -> None:
    left = [f"z{number}" for number in range(left_count)]
    pairs = [(f"a{number}", f"b{number}") for number in range(pair_count)]
    worth = {
        (member, person): chance.randrange(30)
        for pair in pairs
        for member in pair
        for person in left
        if chance.random() < 0.7
    }

    def best(people: list[str], free: list[tuple[str, str]]) -> tuple[int, int]:
        if not people:
            return (0, 0)
        found = best(people[1:], free)
        for a, b in free:
            if (a, people[0]) in worth and (b, people[0]) in worth:
                count, total = best(people[1:], [pair for pair in free if pair != (a, b)])
                found = max(found, (count + 1, total + worth[a, people[0]] + worth[b, people[0]]))
        return found

    thirds = add_thirds(pairs, left, worth, lambda _: True)
    assert len(set(thirds.values())) == len(thirds)
    total = sum(worth[a, person] + worth[b, person] for (a, b), person in thirds.items())
    assert (len(thirds), total) == best(left, pairs)


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


@pytest.mark.parametrize("case", range(12))
def test_whole_cohorts_equal_trying_every_matching_of_pairs_scored_alone(languages: GraphData, case: int) -> None:
    cohort = people(7, random.Random(case))
    worth: Worth = {}
    for a, b in combinations(cohort, 2):
        alone = solve({"graph": languages, "people": [a, b]})
        if alone["groups"]:
            worth[a["id"], b["id"]] = alone["total"]
    answer = solve({"graph": languages, "people": cohort})
    pairs, total = best_by_trying_all([person["id"] for person in cohort], worth)
    assert len(answer["groups"]) == pairs
    assert answer["total"] == total
    members = [person for group in answer["groups"] for person in group["members"]]
    assert len(members) == len(set(members)) == answer["placed"]
    assert {*members, *(one["person"] for one in answer["unplaced"])} == {one["id"] for one in cohort}
    for group in answer["groups"]:
        for match in group["pairs"]:
            one, other = match["people"]
            assert match["score"] == match["parts"]["score"] == worth[one, other]


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
        "import json, sys; from matching.buddies import solve;"
        "print(json.dumps(solve(json.load(sys.stdin)), sort_keys=True))"
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
