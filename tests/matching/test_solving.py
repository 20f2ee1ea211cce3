"""Answers for buddies against known optima, against trying everything, and against themselves."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import pairing, trios
from matching.instance import Answer, Buddies, read, read_kept
from matching.solving import solve
from tests.matching import brute

INSTANCES = Path(__file__).parent / "instances"
Pairs = list[tuple[str, str, int]]


def buddies(people: list[str], pairs: Pairs, max_trios: int | None = None) -> Buddies:
    data: dict[str, Any] = {"kind": "buddies", "people": people, "pairs": pairs}
    if max_trios is not None:
        data["max_trios"] = max_trios
    made = read(json.dumps(data).encode())
    assert isinstance(made, Buddies)
    return made


def groups(answer: Answer) -> list[tuple[str, ...]]:
    return [tuple(group) for group in (*answer["pairs"], *answer["trios"])]


def timeless(answer: Answer) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "seconds"}


def worth_of(pairs: Pairs) -> brute.Worth:
    return {frozenset((a, b)): weight for a, b, weight in pairs}


@st.composite
def cohorts(draw: st.DrawFn, most: int = 8) -> tuple[list[str], Pairs]:
    people = [f"p{number}" for number in range(draw(st.integers(0, most)))]
    heaviest = draw(st.sampled_from([1, 3, 30]))
    share = draw(st.sampled_from([30, 60, 100]))
    chance = random.Random(draw(st.integers(0, 2**32)))
    return people, [
        (a, b, chance.randint(0, heaviest)) for a, b in combinations(people, 2) if chance.randrange(100) < share
    ]


# The paths that large cohorts take, with few people.
ORDINARY = {"FEW": pairing.FEW, "PLAIN": pairing.PLAIN}
PRICED = {"FEW": 0, "PLAIN": 1}
WAYS = pytest.mark.parametrize("way", [ORDINARY, PRICED], ids=["ordinary", "priced"])


def check_sound(answer: Answer, people: list[str], pairs: Pairs, max_trios: int) -> brute.Outcome:
    """Every constraint, and every number of the answer from its groups alone."""
    members = [person for group in groups(answer) for person in group]
    assert len(members) == len(set(members))
    assert set(members) <= set(people)
    worth = worth_of(pairs)
    for group in groups(answer):
        assert all(frozenset(pair) in worth for pair in combinations(group, 2))
        assert list(group) == sorted(group)
    assert answer["pairs"] == sorted(answer["pairs"])
    assert answer["trios"] == sorted(answer["trios"])
    assert all(len(group) == 3 for group in answer["trios"])
    assert len(answer["trios"]) <= max_trios
    found = brute.outcome(groups(answer), worth)
    assert answer["placed"] == found.placed
    assert answer["total"] == found.total
    assert answer["worst"] == (found.worst_twice / 2 if members else None)
    return found


@WAYS
@settings(max_examples=60, deadline=None)
@given(cohorts(), st.randoms(use_true_random=False))
def test_answers_equal_trying_everything(
    way: dict[str, int], cohort: tuple[list[str], Pairs], chance: random.Random
) -> None:
    people, pairs = cohort
    worth = worth_of(pairs)
    kept = frozenset(pair for pair in worth if chance.random() < 0.3)
    outcomes = brute.every_outcome(people, worth, kept)
    for max_trios in range(4):
        for floor in (False, True):
            with patch.multiple(pairing, **way), patch.object(trios, "SHARP", 0 if way is PRICED else trios.SHARP):
                answer = solve(buddies(people, pairs, max_trios), floor=floor, kept=kept)
            check_sound(answer, people, pairs, max_trios)
            found = brute.outcome(groups(answer), worth, kept)
            assert brute.rank(found, floor) == brute.rank(brute.best(outcomes, max_trios, floor), floor)
            assert answer["optimal"] is True
            assert answer["gap"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_ten_people_who_all_may_equal_trying_everything(seed: int) -> None:
    chance = random.Random(seed)
    people = [f"p{number}" for number in range(10)]
    pairs = [(a, b, chance.randint(0, 20)) for a, b in combinations(people, 2) if chance.random() < 0.6]
    outcomes = brute.every_outcome(people, worth_of(pairs))
    for max_trios in range(4):
        for floor in (False, True):
            answer = solve(buddies(people, pairs, max_trios), floor=floor)
            found = check_sound(answer, people, pairs, max_trios)
            assert brute.rank(found, floor) == brute.rank(brute.best(outcomes, max_trios, floor), floor)


@pytest.mark.parametrize("many", [0, 5])
@settings(max_examples=60, deadline=None)
@given(cohort=cohorts(), max_trios=st.integers(0, 3))
def test_what_is_too_large_to_prove_is_said_not_to_be_proved_and_its_gap_is_true(
    many: int, cohort: tuple[list[str], Pairs], max_trios: int
) -> None:
    people, pairs = cohort
    outcomes = brute.every_outcome(people, worth_of(pairs))
    for floor in (False, True):
        best = brute.best(outcomes, max_trios, floor)
        with patch.multiple(pairing, **PRICED), patch.multiple(trios, MANY=many, SHARP=0):
            answer = solve(buddies(people, pairs, max_trios), floor=floor)
        found = check_sound(answer, people, pairs, max_trios)
        if answer["optimal"]:
            assert brute.rank(found, floor)[:-2] == brute.rank(best, floor)[:-2]
        elif (found.placed, found.trios) == (best.placed, best.trios) and answer["gap"] is not None:
            # Whoever is told how much is missing at most can work out the best that can be.
            assert best.total <= round(answer["total"] / (1 - answer["gap"])) if answer["gap"] < 1 else True


@settings(max_examples=40, deadline=None)
@given(cohorts(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_a_file_changes_nothing(
    cohort: tuple[list[str], Pairs], chance: random.Random, floor: bool
) -> None:
    people, pairs = cohort
    first = solve(buddies(people, pairs, 2), floor=floor)
    mixed = [(b, a, weight) if chance.random() < 0.5 else (a, b, weight) for a, b, weight in pairs]
    chance.shuffle(mixed)
    shuffled = list(people)
    chance.shuffle(shuffled)
    assert timeless(solve(buddies(shuffled, mixed, 2), floor=floor)) == timeless(first)


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.randoms(use_true_random=False), st.booleans())
def test_other_names_place_as_many_as_well_with_the_same_worst_off(
    cohort: tuple[list[str], Pairs], chance: random.Random, floor: bool
) -> None:
    people, pairs = cohort
    called = dict(zip(people, chance.sample([f"n{number}" for number in range(50)], len(people)), strict=True))
    first = solve(buddies(people, pairs, 1), floor=floor)
    second = solve(buddies(list(called.values()), [(called[a], called[b], w) for a, b, w in pairs], 1), floor=floor)
    assert [first[key] for key in ("placed", "worst", "total")] == [second[key] for key in ("placed", "worst", "total")]


@settings(max_examples=60, deadline=None)
@given(cohorts(), st.integers(0, 30), st.randoms(use_true_random=False))
def test_one_more_pair_allowed_never_places_fewer(
    cohort: tuple[list[str], Pairs], weight: int, chance: random.Random
) -> None:
    people, pairs = cohort
    missing = [pair for pair in combinations(people, 2) if frozenset(pair) not in worth_of(pairs)]
    if missing:
        a, b = chance.choice(missing)
        more = solve(buddies(people, [*pairs, (a, b, weight)]))
        assert more["placed"] >= solve(buddies(people, pairs))["placed"]


def test_a_second_process_answers_the_same() -> None:
    chance = random.Random(3)
    people = [f"p{number:02}" for number in range(25)]
    pairs = [(a, b, chance.randint(0, 3)) for a, b in combinations(people, 2) if chance.random() < 0.4]
    text = json.dumps({"kind": "buddies", "people": people, "pairs": pairs})
    expected = timeless(solve(buddies(people, pairs)))
    code = (
        "import json, sys; from matching.instance import read; from matching.solving import solve;"
        "print(json.dumps(solve(read(sys.stdin.buffer.read()))))"
    )
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            input=text,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert timeless(json.loads(ran.stdout)) == expected


def test_pairs_of_before_are_kept_among_equals_and_only_among_equals() -> None:
    people = ["a", "b", "c", "d"]
    square: Pairs = [("a", "b", 5), ("c", "d", 5), ("a", "c", 5), ("b", "d", 5), ("a", "d", 5), ("b", "c", 5)]
    for before in (["a", "b"], ["a", "c"], ["a", "d"]):
        kept = read_kept(json.dumps({"pairs": [before]}).encode())
        assert before in solve(buddies(people, square), kept=kept)["pairs"]
    better = [(a, b, 6 if (a, b) == ("a", "b") else w) for a, b, w in square]
    kept = read_kept(b'{"pairs": [["a", "c"], ["b", "d"]]}')
    assert solve(buddies(people, better), kept=kept)["pairs"] == [["a", "b"], ["c", "d"]]


def test_two_who_were_in_a_trio_were_together_too() -> None:
    square: Pairs = [("a", "b", 5), ("c", "d", 5), ("a", "c", 5), ("b", "d", 5), ("a", "d", 5), ("b", "c", 5)]
    for trio in (["a", "b", "gone"], ["gone", "a", "c"], ["a", "gone", "d"]):
        kept = read_kept(json.dumps({"pairs": [], "trios": [trio]}).encode())
        together = [name for name in trio if name != "gone"]
        assert together in solve(buddies(["a", "b", "c", "d"], square), kept=kept)["pairs"]


def test_a_path_has_its_two_outer_pairs() -> None:
    answer = solve(buddies(["a", "b", "c", "d"], [("a", "b", 2), ("b", "c", 3), ("c", "d", 2)]))
    assert answer["pairs"] == [["a", "b"], ["c", "d"]]
    assert (answer["placed"], answer["total"], answer["worst"]) == (4, 8, 2)


def test_a_cycle_of_five_with_a_chord_has_a_trio() -> None:
    ring: Pairs = [("a", "b", 5), ("b", "c", 5), ("c", "d", 5), ("d", "e", 5), ("e", "a", 5)]
    answer = solve(buddies(list("abcde"), [*ring, ("a", "c", 1)]))
    assert answer["trios"] == [["a", "b", "c"]]
    assert answer["pairs"] == [["d", "e"]]
    assert (answer["total"], answer["worst"]) == (21, 3)
    assert solve(buddies(list("abcde"), [*ring, ("a", "c", 1)], 0))["trios"] == []


def test_a_cycle_of_five_without_a_chord_leaves_one_over() -> None:
    ring: Pairs = [("a", "b", 5), ("b", "c", 5), ("c", "d", 5), ("d", "e", 5), ("e", "a", 1)]
    answer = solve(buddies(list("abcde"), ring))
    assert (answer["placed"], answer["trios"], answer["total"], answer["optimal"]) == (4, [], 20, True)


def test_half_a_point_of_the_worst_off_is_told() -> None:
    answer = solve(buddies(list("abc"), [("a", "b", 5), ("b", "c", 2), ("a", "c", 1)]))
    assert (answer["total"], answer["worst"]) == (8, 1.5)


@pytest.mark.parametrize(
    ("name", "placed", "total", "worst", "best_worst"),
    [("buddies_30", 28, 49_988, 782, 1280), ("buddies_29_odd", 28, 47_340, 782, None)],
)
def test_known_optima_are_reproduced(name: str, placed: int, total: int, worst: int, best_worst: int | None) -> None:
    made = read((INSTANCES / f"{name}.json.gz").read_bytes())
    answer = solve(made)
    assert [answer[key] for key in ("placed", "total", "worst", "trios")] == [placed, total, worst, []]
    assert answer["optimal"] is True
    if best_worst is not None:
        fair = solve(made, floor=True)
        assert (fair["placed"], fair["worst"]) == (placed, best_worst)
        assert fair["total"] <= total


def test_nobody_and_somebody_alone_are_answered() -> None:
    for people in ([], ["ana"]):
        answer = solve(buddies(people, []))
        assert timeless(answer) == {
            "pairs": [], "trios": [], "placed": 0, "total": 0, "worst": None, "optimal": True, "gap": 0,
            "solver": "networkx blossom",
        }  # fmt: skip


def test_an_odd_cohort_beyond_trying_everything_places_everybody_with_a_proof() -> None:
    chance = random.Random(1)
    people = [f"p{number:03}" for number in range(101)]
    pairs = [(a, b, chance.randrange(10_000)) for a, b in combinations(people, 2) if chance.random() < 0.3]
    answer = solve(buddies(people, pairs), seconds=120)
    check_sound(answer, people, pairs, 1)
    assert (answer["placed"], len(answer["trios"])) == (101, 1)
    assert answer["optimal"] is True


def test_one_trio_of_a_file_that_leaves_no_time_is_still_sound() -> None:
    chance = random.Random(2)
    people = [f"p{number:03}" for number in range(41)]
    pairs = [(a, b, chance.randrange(10_000)) for a, b in combinations(people, 2)]
    answer = solve(buddies(people, pairs), seconds=0)
    check_sound(answer, people, pairs, 1)
    assert answer["placed"] == 41
    assert answer["optimal"] is False
    assert answer["gap"] is not None
    assert 0 <= answer["gap"] < 0.05
