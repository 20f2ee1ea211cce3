"""Mentors' places: by both solvers, against known optima and trying everything."""

from __future__ import annotations

import json
import random
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import places
from matching.instance import Answer, Mentors, TooLarge, read
from matching.solving import solve

INSTANCES = Path(__file__).parent / "instances"
WAYS = pytest.mark.parametrize("fast", [True, False], ids=["flow", "assignment"])


def mentors(mentees: list[str], free: dict[str, int], pairs: list[tuple[str, str, int]]) -> Mentors:
    made = read(json.dumps({"kind": "mentors", "mentees": mentees, "mentors": free, "pairs": pairs}).encode())
    assert isinstance(made, Mentors)
    return made


def rank(chosen: dict[str, str], worth: dict[tuple[str, str], int], kept: Any, floor: bool) -> tuple[int, ...]:
    """Placed, the floor if asked for, total, kept, even load, worst-off."""
    weights = [worth[pair] for pair in chosen.items()]
    load = Counter(chosen.values())
    worst = min(weights, default=0)
    return (
        len(chosen),
        *([worst] if floor else []),
        sum(weights),
        sum(frozenset(pair) in kept for pair in chosen.items()),
        -sum(count * count for count in load.values()),
        *([] if floor else [worst]),
    )


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[str], dict[str, int], dict[tuple[str, str], int], set[frozenset[str]]]:
    chance = random.Random(draw(st.integers(0, 2**32)))
    mentees = [f"e{number}" for number in range(draw(st.integers(0, 5)))]
    free = {f"m{number}": chance.randrange(4) for number in range(draw(st.integers(0, 3)))}
    heaviest = draw(st.sampled_from([1, 3, 30]))
    worth = {pair: chance.randint(0, heaviest) for pair in product(mentees, free) if chance.random() < 0.7}
    return mentees, free, worth, {frozenset(pair) for pair in worth if chance.random() < 0.3}


@WAYS
@settings(max_examples=120, deadline=None)
@given(problem=problems(), floor=st.booleans())
def test_answers_equal_trying_everything(fast: bool, problem: Any, floor: bool) -> None:
    mentees, free, worth, kept = problem
    asked = mentors(mentees, free, [(*pair, weight) for pair, weight in worth.items()])
    answer = solve(asked, floor=floor, kept=kept, fast=fast)
    chosen = dict(answer["pairs"])
    assert len(chosen) == len(answer["pairs"]) == answer["placed"]
    assert all(count <= free[mentor] for mentor, count in Counter(chosen.values()).items())
    assert answer["total"] == sum(worth[pair] for pair in chosen.items())
    best = max(
        rank(picked, worth, kept, floor)
        for choice in product([None, *free], repeat=len(mentees))
        if set((picked := {who: whom for who, whom in zip(mentees, choice, strict=True) if whom}).items()) <= set(worth)
        and all(count <= free[mentor] for mentor, count in Counter(picked.values()).items())
    )
    assert rank(chosen, worth, kept, floor) == best


def same(one: Answer, other: Answer) -> bool:
    return {**one, "solver": "", "seconds": 0} == {**other, "solver": "", "seconds": 0}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_both_solvers_give_one_answer_whatever_the_order_of_the_file(seed: int, floor: bool) -> None:
    chance = random.Random(seed)
    mentees = [f"e{number:02}" for number in range(30)]
    free = {f"m{number}": chance.randrange(6) for number in range(8)}
    pairs = [(*pair, chance.randrange(50)) for pair in product(mentees, free) if chance.random() < 0.4]
    answer = solve(mentors(mentees, free, pairs), floor=floor, fast=True)
    for part in (mentees, pairs):
        chance.shuffle(part)
    again = solve(mentors(mentees, dict(sorted(free.items(), reverse=True)), pairs), floor=floor, fast=False)
    assert (answer["placed"], answer["total"], answer["worst"]) == (again["placed"], again["total"], again["worst"])
    assert same(again, solve(mentors(mentees, free, pairs), floor=floor, fast=False))
    assert same(answer, solve(mentors(mentees, free, pairs), floor=floor, fast=True))


@WAYS
@settings(max_examples=40, deadline=None)
@given(problem=problems(), chance=st.randoms(use_true_random=False))
def test_other_names_place_as_many_as_well_with_the_same_worst_off(
    fast: bool, problem: Any, chance: random.Random
) -> None:
    mentees, free, worth, _kept = problem
    names = [*mentees, *free]
    called = dict(zip(names, chance.sample([f"n{number}" for number in range(50)], len(names)), strict=True))
    first = solve(mentors(mentees, free, [(*pair, weight) for pair, weight in worth.items()]), fast=fast)
    second = solve(
        mentors(
            [called[name] for name in mentees],
            {called[name]: count for name, count in free.items()},
            [(called[a], called[b], weight) for (a, b), weight in worth.items()],
        ),
        fast=fast,
    )
    assert [first[key] for key in ("placed", "worst", "total")] == [second[key] for key in ("placed", "worst", "total")]


@WAYS
def test_the_known_three(fast: bool) -> None:
    pairs = [("x", "M", 9), ("y", "M", 8), ("y", "N", 1), ("z", "N", 4), ("x", "N", 8)]
    answer = solve(mentors(["x", "y", "z"], {"M": 1, "N": 2}, pairs), fast=fast)
    assert answer["pairs"] == [["x", "N"], ["y", "M"], ["z", "N"]]
    assert answer["total"] == 20


@WAYS
@pytest.mark.parametrize("floor", [False, True])
def test_the_known_optimum_is_reproduced(fast: bool, floor: bool) -> None:
    made = read((INSTANCES / "mentors_1000x200_cap5.json.gz").read_bytes())
    answer = solve(made, floor=floor, fast=fast)
    assert [answer[key] for key in ("placed", "total", "worst", "trios")] == [983, 3_274_769, 667, []]
    assert answer["solver"] == ("OR-tools flow" if fast else "scipy assignment")


@WAYS
def test_equal_mentors_share_the_load(fast: bool) -> None:
    mentees, free = [f"e{number}" for number in range(6)], {"m": 6, "n": 6, "o": 6}
    answer = solve(mentors(mentees, free, [(*pair, 7) for pair in product(mentees, free)]), fast=fast)
    assert Counter(mentor for _mentee, mentor in answer["pairs"]) == {"m": 2, "n": 2, "o": 2}


@WAYS
def test_the_heaviest_weights_are_still_told_apart(fast: bool) -> None:
    mentees = [f"e{number:03}" for number in range(300)]
    free = {f"m{number:03}": 1 for number in range(300)}
    chance = random.Random(5)
    pairs = [
        (who, whom, 999_999_999 + chance.randrange(2)) for who, whom in product(mentees, free) if chance.random() < 0.05
    ]
    light = [(who, whom, weight - 999_999_999) for who, whom, weight in pairs]
    answer, small = solve(mentors(mentees, free, pairs), fast=fast), solve(mentors(mentees, free, light), fast=fast)
    assert answer["placed"] == small["placed"]
    assert answer["total"] == small["total"] + 999_999_999 * small["placed"]


def test_costs_beyond_the_flows_range_are_solved_as_an_assignment() -> None:
    pairs = [("x", "M", 9), ("y", "M", 8), ("y", "N", 1), ("z", "N", 4), ("x", "N", 8)]
    asked = mentors(["x", "y", "z"], {"M": 1, "N": 2}, pairs)
    with patch.object(places, "_values", lambda some: (some.weight * 2**57, 0)):
        assert solve(asked, fast=True)["pairs"] == [["x", "N"], ["y", "M"], ["z", "N"]]


def test_more_than_fits_into_memory_is_refused_in_a_sentence_and_the_flow_takes_it() -> None:
    mentees, free = ["x", "y", "z"], {"m": 9, "n": 2}
    asked = mentors(mentees, free, [(*pair, 7) for pair in product(mentees, free)])
    with patch.object(places, "MOST", 14):
        with pytest.raises(TooLarge, match=r"15 choices of a place, and it can weigh 14; with OR-tools"):
            solve(asked, fast=False)
        assert solve(asked, fast=True)["placed"] == 3
    assert solve(asked, fast=False)["placed"] == 3


def best_by_trying_all(people: int, choices: dict[int, set[int]], free: list[int]) -> int:
    return max(
        sum(choice >= 0 for choice in chosen)
        for chosen in product(*([-1, *choices[who]] for who in range(people)))
        if all(chosen.count(mentor) <= room for mentor, room in enumerate(free))
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.randoms(use_true_random=False))
def test_as_many_are_placed_as_trying_everything_shows(people: int, count: int, chance: random.Random) -> None:
    free = [chance.randrange(4) for _ in range(count)]
    choices = {who: {whom for whom in range(count) if chance.random() < 0.4} for who in range(people)}
    pairs = np.array([(who, whom) for who in choices for whom in choices[who]], dtype=np.int64).reshape(-1, 2)
    weight = np.zeros(len(pairs), dtype=np.int64)
    names = [[str(at) for at in range(some)] for some in (people, count)]
    asked = places.Places(*names, np.array(free), pairs[:, 0], pairs[:, 1], weight, weight, weight > 0)
    assert places.most_placed(asked) == best_by_trying_all(people, choices, free)


@pytest.mark.parametrize("fast", [True, False])
def test_nobody_is_answered(fast: bool) -> None:
    answer = solve(mentors([], {}, []), fast=fast)
    assert (answer["placed"], answer["worst"], answer["pairs"]) == (0, None, [])
    assert solve(mentors(["x"], {"m": 0}, [("x", "m", 5)]), fast=fast)["placed"] == 0
