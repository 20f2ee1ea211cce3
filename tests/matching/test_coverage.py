"""Whoever can be placed is placed, whomever everybody wants most."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from matching import buddies, candidates, coverage, mentors

if TYPE_CHECKING:
    from matching.graph import GraphData
    from matching.people import Whole

EVERY_DAY = [(1440 * day + 540, 1440 * day + 780) for day in range(5)]


def most_placed(allowed: Whole, seats: Whole) -> int:
    """Place as many rows as can be over all allowed pairs: an assignment of rows to single seats."""
    columns = np.repeat(np.arange(len(seats)), seats)
    table = allowed[:, columns]
    if not table.size:
        return 0
    row, column = linear_sum_assignment(table, maximize=True)
    return int(table[row, column].sum())


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 14), st.integers(1, 10), st.integers(0, 2**32), st.floats(0.05, 0.7))
def test_with_the_pairs_that_join_as_many_are_placed_as_over_all_allowed_ones(
    rows: int, columns: int, seed: int, share: float
) -> None:
    chance = np.random.default_rng(seed)
    allowed = (chance.random((rows, columns)) < share).astype(np.int64)
    seats = chance.integers(0, 3, columns)
    known = allowed * (chance.random((rows, columns)) < 0.3)
    row, column = np.nonzero(known)

    def between(one: Whole, other: Whole) -> Any:
        return 1 - allowed[one, other]

    more = coverage.covering(row, column, np.arange(rows), seats, between)
    assert allowed[more].all()
    together = known.copy()
    together[more] = 1
    assert most_placed(together, seats) == most_placed(allowed, seats)


def test_pairs_by_chance_are_marked_ones_and_all_where_there_are_few() -> None:
    chance = np.random.default_rng(1)
    marked = chance.random((50, 40)) < 0.3
    marked[3] = False
    marked[4, 5:] = False
    row, column = coverage.by_chance(marked, 6, np.random.default_rng(0))
    assert marked[row, column].all()
    assert len(set(zip(row.tolist(), column.tolist(), strict=True))) == len(row)
    held = np.bincount(row, minlength=50)
    assert held[3] == 0
    assert held[4] == marked[4].sum()
    assert (held <= 6).all()
    assert (held[marked.sum(axis=1) > 6] >= 2).all()


def crowd(count: int, stars: int) -> list[dict[str, Any]]:
    """Make people who all want what a few of them know."""
    known = [("1", 5)]
    return [
        {
            "id": f"p{at:04}",
            "skills": known if at < stars else [],
            "goals": [("2", 3)] if at < stars else [("1", 3)],
            "hours": EVERY_DAY,
            "languages": ["en"],
        }
        for at in range(count)
    ]


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hundred people be a large crowd."""
    for module in (buddies, candidates):
        monkeypatch.setattr(module, "EVERY", 30)
    monkeypatch.setattr(candidates, "NEAREST", 6)
    monkeypatch.setattr(candidates, "EVERY_PAIR", 30)


def test_a_crowd_that_wants_the_same_few_is_placed_whole(languages: GraphData, large: None) -> None:
    answer = buddies.solve({"graph": languages, "people": crowd(120, 6), "max_trios": 0})
    assert answer["placed"] == 120
    assert answer["unplaced"] == []


def test_circles_of_an_odd_number_that_keep_to_themselves_lend_each_other_somebody(
    languages: GraphData, large: None
) -> None:
    people = [
        {
            "id": f"p{at:04}",
            "skills": [],
            "goals": [(["1", "2", "3"][at // 7 % 3], 1 + at // 21)],
            "hours": EVERY_DAY,
            "languages": ["en"],
        }
        for at in range(84)
    ]
    answer = buddies.solve({"graph": languages, "people": people, "max_trios": 0})
    assert answer["placed"] == 84


@pytest.mark.parametrize("seed", range(4))
def test_a_scarce_language_takes_the_places_of_nobody_who_has_no_other(
    languages: GraphData, large: None, seed: int
) -> None:
    chance = random.Random(seed)
    one: dict[str, Any] = {"hours": EVERY_DAY, "skills": [], "goals": [("1", 3)]}
    learners = [
        *({**one, "id": f"a{at}", "languages": ["pt"]} for at in range(8)),
        *({**one, "id": f"b{at}", "languages": ["pt", "en"]} for at in range(20)),
        *({**one, "id": f"c{at}", "languages": ["en"]} for at in range(30)),
    ]
    chance.shuffle(learners)
    guides = [
        *(
            {**one, "id": f"x{at}", "languages": ["pt"], "skills": [("1", 5)], "goals": [], "capacity": 1}
            for at in range(10)
        ),
        *({**one, "id": f"y{at}", "languages": ["en"], "goals": [], "capacity": 2} for at in range(26)),
    ]
    answer = mentors.solve({"graph": languages, "learners": learners, "mentors": guides, "ranked": 0})
    assert answer["placed"] == 58
