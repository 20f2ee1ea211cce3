from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.explain import english
from matching.hours import intervals_from, minutes_from, named, slots

WEEK = 10_080
MONDAY_9, MONDAY_17 = 540, 1020


@given(
    st.lists(st.tuples(st.integers(-WEEK, 2 * WEEK), st.integers(1, WEEK)), max_size=5),
    st.lists(st.tuples(st.integers(0, WEEK), st.integers(1, WEEK)), max_size=5),
)
def test_overlap_equals_counting_minute_by_minute(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    def one_by_one(blocks: list[tuple[int, int]]) -> set[int]:
        return {minute % WEEK for start, length in blocks for minute in range(start, start + length)}

    shared = minutes_from([(start, start + length) for start, length in a]) & minutes_from(
        [(start, start + length) for start, length in b]
    )
    expected = one_by_one(a) & one_by_one(b)
    assert shared.bit_count() == len(expected)
    intervals = intervals_from(shared)
    assert {minute for start, end in intervals for minute in range(start, end)} == expected
    assert all(first[1] < second[0] for first, second in pairwise(intervals))


@pytest.mark.parametrize("interval", [(60, 60), (120, 60), (0, WEEK + 1)])
def test_an_empty_reversed_or_overlong_interval_is_refused(interval: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="interval"):
        minutes_from([interval])


def test_hours_are_told_on_the_readers_clock() -> None:
    # Sunday 23:00 to Monday 02:00 UTC, read an hour ahead: Monday 00:00 to 03:00.
    assert slots([[0, 120], [WEEK - 60, WEEK]], utc_offset=60) == [{"weekday": 0, "part": "early", "minutes": 180}]
    # ... and five hours behind: Sunday 18:00 to 21:00.
    assert slots([[0, 120], [WEEK - 60, WEEK]], utc_offset=-300) == [{"weekday": 6, "part": "evening", "minutes": 180}]


def test_a_long_day_is_split_into_its_parts() -> None:
    assert slots([[MONDAY_9, MONDAY_17]]) == [
        {"weekday": 0, "part": "afternoon", "minutes": 300},
        {"weekday": 0, "part": "morning", "minutes": 180},
    ]


def test_at_most_two_parts_are_named_and_scraps_are_not() -> None:
    shared = slots([[1980, 2160], [2160, 2175], [5000, 5040]])
    assert named(shared, english) == ["Tuesday mornings", "Thursday mornings"]
    assert named(slots([[1980, 2160], [5000, 5020]]), english) == ["Tuesday mornings"]
    assert named(slots([[1980, 1990]]), english) == ["Tuesday mornings"]
    assert named([], english) == []


def test_the_same_part_of_all_working_days_has_one_name() -> None:
    every_morning = [[day * 1440 + 540, day * 1440 + 720] for day in range(6)]
    assert named(slots(every_morning), english) == ["weekday mornings", "Saturday mornings"]
    assert named(slots(every_morning[:4]), english) == ["Monday mornings", "Tuesday mornings"]
