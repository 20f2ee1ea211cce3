from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.people import Crowd, Lists, half_up, people_from, person_from, runs
from matching.types import PersonData
from tests.matching import reference
from tests.matching.crowds import crowds

ANA: PersonData = {"id": "ana", "hours": [(540, 1020)], "languages": ["en", "pt"]}


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


@settings(max_examples=60, deadline=None)
@given(crowds(least=1))
def test_hours_and_languages_of_all_are_those_of_each_two(people: list[dict[str, Any]]) -> None:
    crowd = Crowd([person_from(one) for one in people])
    every = np.arange(len(people))
    minutes = crowd.minutes(every[:, None], every[None, :])
    languages = crowd.languages(every[:, None], every[None, :])
    for i, one in enumerate(people):
        for j, other in enumerate(people):
            assert minutes[i, j] == len(reference.minutes(one) & reference.minutes(other))
            assert languages[i, j] == len({*one["languages"]} & {*other["languages"]})
    for minimum in (0, 1, 60):
        three = [people[0], people[-1], people[len(people) // 2]]
        together = set.intersection(*(reference.minutes(one) for one in three))
        spoken = set.intersection(*({*one["languages"]} for one in three))
        at = np.array([[0, len(people) - 1, len(people) // 2]])
        assert crowd.share(at, minimum).tolist() == [bool(spoken) and len(together) >= minimum]


@given(st.lists(st.lists(st.integers(0, 4), max_size=5), max_size=6), st.data())
def test_lists_are_reduced_as_one_after_the_other(lists: list[list[int]], data: st.DataObject) -> None:
    table = np.array(data.draw(st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=5, max_size=5)))
    whose = np.array(data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=6)) if lists else [], dtype=np.int64)
    made = Lists(lists)
    for how, plain in ((np.add, sum), (np.maximum, max)):
        expected = [
            [plain(int(table[row, column]) for row in lists[who]) if lists[who] else 0 for column in range(2)]
            for who in whose.tolist()
        ]
        assert made.reduced(how, table, whose).tolist() == expected
    flat, count = made.of(whose)
    assert flat.tolist() == [value for who in whose.tolist() for value in lists[who]]
    assert runs(np.add, flat, count).tolist() == [sum(lists[who]) for who in whose.tolist()]


def test_halves_are_rounded_up() -> None:
    assert half_up(np.array([14, 15, 24, 25, 26]), 10).tolist() == [1, 2, 2, 3, 3]
