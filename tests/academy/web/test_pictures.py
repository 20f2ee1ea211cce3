"""Pictures: geometry that stays in its frame and says what the numbers say."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from academy.web import pictures

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def numbers(path: str) -> list[float]:
    return [float(n) for n in NUMBER.findall(path)]


def ends(path: str) -> tuple[float, float]:
    x, y = numbers(path)[-2:]
    return x, y


@pytest.mark.parametrize("count", range(1, 13))
def test_each_step_stands_in_the_middle_of_its_column(count):
    picture = pictures.journey(count, 0)
    places = [numbers(step.dot)[0] for step in picture.steps]
    assert places == [pytest.approx((i + 0.5) * 800 / count, abs=0.05) for i in range(count)]


@pytest.mark.parametrize("count", range(2, 13))
def test_a_journey_climbs_from_the_foot_to_the_top(count):
    levels = pictures.levels(count)
    assert levels[0] == 8
    assert levels[-1] == 0
    assert all(0 <= level <= 8 for level in levels)
    assert sum(levels[: count // 2]) >= sum(levels[-(count // 2) :])


def test_steps_before_the_current_one_are_done_and_those_after_are_to_come():
    picture = pictures.journey(5, 2)
    assert [step.state for step in picture.steps] == ["done", "done", "now", "todo", "todo"]


def test_the_walked_path_ends_where_the_person_stands_and_the_rest_begins_there():
    picture = pictures.journey(5, 2)
    x, y = numbers(picture.steps[2].dot)[:2]
    assert ends(picture.done) == (x, y)
    assert tuple(numbers(picture.todo)[:2]) == (x, y)
    last = numbers(picture.steps[4].dot)[:2]
    assert list(ends(picture.todo)) == last


def test_on_the_last_step_nothing_lies_ahead():
    assert pictures.journey(4, 3).todo == ""


def test_a_finished_journey_has_a_tick_on_every_step():
    picture = pictures.journey(4, None)
    assert [step.state for step in picture.steps] == ["done"] * 4
    assert picture.todo == ""
    assert ends(picture.done)[0] == 700


@pytest.mark.parametrize("count", range(1, 13))
def test_the_drawing_stays_in_its_frame(count):
    for current in (None, *range(count)):
        picture = pictures.journey(count, current)
        for path in (picture.done, picture.todo, picture.ridge, picture.near_hill, picture.far_hill):
            values = numbers(path)
            assert all(-1 <= x <= 801 for x in values[::2])
            assert all(0 <= y <= 240 for y in values[1::2])


@pytest.mark.parametrize(("count", "current"), [(0, None), (13, 0), (3, 3), (3, -1)])
def test_a_journey_out_of_range_is_refused(count, current):
    with pytest.raises(ValueError, match="journey"):
        pictures.journey(count, current)


def test_a_curve_passes_through_its_points():
    move, segments = pictures.curve([(0, 0), (10, 5), (20, 0)])
    assert move == "M0 0"
    assert [ends(segment) for segment in segments] == [(10, 5), (20, 0)]


def test_a_straight_line_stays_straight():
    _, segments = pictures.curve([(0, 0), (10, 0), (20, 0)])
    assert all(y == 0 for segment in segments for y in numbers(segment)[1::2])


DAY = (datetime(2026, 11, 26, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))


def at(hour: float) -> datetime:
    return DAY[0] + timedelta(hours=hour)


def test_an_hour_is_ten_units_of_the_strip():
    strip = pictures.overlap(DAY, (at(15), at(16)), [[(at(9), at(17.5))]])
    assert strip.event == pictures.StripSpan(150, 10)
    assert strip.rows == ((pictures.StripSpan(90, 85),),)


def test_only_the_part_of_the_working_time_within_the_day_is_drawn():
    strip = pictures.overlap(DAY, (at(15), at(16)), [[(at(-3), at(4)), (at(21), at(30)), (at(40), at(48))]])
    assert strip.rows == ((pictures.StripSpan(0, 40), pictures.StripSpan(210, 30)),)


def test_a_person_without_hours_has_an_empty_strip():
    assert pictures.overlap(DAY, (at(15), at(16)), [[], [(at(9), at(10))]]).rows[0] == ()


def test_an_event_on_another_day_is_not_drawn():
    assert pictures.overlap(DAY, (at(30), at(31)), []).event is None


def test_a_day_of_twenty_five_hours_is_drawn_in_proportion():
    lisbon = ZoneInfo("Europe/Lisbon")  # clocks went back one hour at 02:00 on 25 October 2026
    midnight = datetime(2026, 10, 25, tzinfo=lisbon).astimezone(UTC)
    following = datetime(2026, 10, 26, tzinfo=lisbon).astimezone(UTC)
    noon = datetime(2026, 10, 25, 12, tzinfo=lisbon).astimezone(UTC)
    strip = pictures.overlap((midnight, following), (noon, noon + timedelta(hours=1)), [])
    assert strip.event == pictures.StripSpan(124.8, 9.6)  # 13 of 25 hours have passed at noon


def test_a_day_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends before"):
        pictures.overlap((DAY[1], DAY[0]), (at(1), at(2)), [])
