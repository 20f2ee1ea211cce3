"""Wall time, zones and working hours; expected instants are written by hand from the zones' public rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohorts.workshops.engine import hours, times


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def at(text: str, zone: str) -> datetime:
    return times.instant(times.read_wall(text), zone)


def test_wall_time_becomes_an_instant_by_the_rules_of_that_day() -> None:
    assert at("2026-10-24T10:00", "Europe/Berlin") == utc(2026, 10, 24, 8)
    assert at("2026-10-25T10:00", "Europe/Berlin") == utc(2026, 10, 25, 9)
    assert at("2026-10-31T10:00", "America/New_York") == utc(2026, 10, 31, 14)
    assert at("2026-11-01T10:00", "America/New_York") == utc(2026, 11, 1, 15)
    assert at("2026-11-01T10:00", "Asia/Kolkata") == utc(2026, 11, 1, 4, 30)


@pytest.mark.parametrize(
    ("wall", "zone", "following"),
    [
        ("2027-03-28T02:00", "Europe/Berlin", "03:00"),
        ("2027-03-28T02:59", "Europe/Berlin", "03:00"),
        ("2027-03-14T02:30", "America/New_York", "03:00"),
        ("2026-10-04T02:10", "Australia/Lord_Howe", "02:30"),
    ],
)
def test_a_time_that_the_clocks_skip_is_refused_and_the_next_one_is_named(wall: str, zone: str, following: str) -> None:
    with pytest.raises(times.SkippedTimeError) as refused:
        at(wall, zone)
    assert f"{refused.value.following:%H:%M}" == following


def test_the_edges_of_the_skipped_hour_exist() -> None:
    assert at("2027-03-28T01:59", "Europe/Berlin") == utc(2027, 3, 28, 0, 59)
    assert at("2027-03-28T03:00", "Europe/Berlin") == utc(2027, 3, 28, 1)


def test_a_time_that_comes_twice_means_the_first_one() -> None:
    assert at("2026-10-25T02:30", "Europe/Berlin") == utc(2026, 10, 25, 0, 30)
    assert at("2026-11-01T01:30", "America/New_York") == utc(2026, 11, 1, 5, 30)
    assert times.happens_twice(times.read_wall("2026-10-25T02:30"), "Europe/Berlin")
    assert not times.happens_twice(times.read_wall("2026-10-25T03:00"), "Europe/Berlin")
    assert not times.happens_twice(times.read_wall("2026-10-25T01:59"), "Europe/Berlin")


@pytest.mark.parametrize(
    "text", ["", "2026-13-01T10:00", "2026-02-30T10:00", "2026-1-1T1:0", "2026-01-01 10:00", "2026-01-01T10:00:00",
             "0001-01-01T00:00", "9999-12-31T23:59", "2026-01-01T24:00", "２０２６-01-01T10:00"]
)  # fmt: skip
def test_what_is_no_wall_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        times.read_wall(text)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"]
    ),
)
def test_every_wall_time_is_either_shown_by_the_clocks_or_skipped(wall: datetime, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    try:
        found = times.instant(wall, zone)
    except times.SkippedTimeError as skipped:
        assert wall < skipped.following <= wall + timedelta(hours=1)
        times.instant(skipped.following, zone)
        with pytest.raises(times.SkippedTimeError):
            times.instant(skipped.following - timedelta(minutes=1), zone)
    else:
        assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def test_the_reminder_is_an_hour_of_real_time_before() -> None:
    # 03:30 on the night that clocks go back: an hour earlier the clocks showed 02:30 for the second time.
    assert times.remind_at(at("2026-10-25T03:30", "Europe/Berlin")) == utc(2026, 10, 25, 1, 30)


def test_a_day_has_23_24_or_25_hours() -> None:
    def length(year: int, month: int, day: int) -> float:
        begin, until = times.day_around(utc(year, month, day, 12), "Europe/Berlin")
        return (until - begin) / timedelta(hours=1)

    assert [length(2027, 3, 28), length(2027, 6, 1), length(2026, 10, 25)] == [23, 24, 25]


NINE_TO_FIVE = [(day, 540, 1020) for day in range(5)]


def test_somebody_elses_hours_fall_on_two_of_the_viewers_days() -> None:
    day = times.day_around(utc(2026, 11, 26, 5), "Pacific/Auckland")  # Thursday there, UTC+13
    assert times.working(day, NINE_TO_FIVE, "America/New_York") == [
        (utc(2026, 11, 25, 14), utc(2026, 11, 25, 22)),  # their Wednesday, 09:00 to 17:00
    ]
    spans = times.working((utc(2026, 11, 26, 18), utc(2026, 11, 27, 18)), NINE_TO_FIVE, "America/New_York")
    assert spans == [(utc(2026, 11, 26, 18), utc(2026, 11, 26, 22)), (utc(2026, 11, 27, 14), utc(2026, 11, 27, 18))]


def test_hours_follow_the_clocks_across_a_change() -> None:
    weekend = [(6, 540, 600)]
    day = times.day_around(utc(2026, 10, 25, 12), "Europe/Berlin")
    assert times.working(day, weekend, "Europe/Berlin") == [(utc(2026, 10, 25, 8), utc(2026, 10, 25, 9))]
    before = times.day_around(utc(2026, 10, 18, 12), "Europe/Berlin")
    assert times.working(before, weekend, "Europe/Berlin") == [(utc(2026, 10, 18, 7), utc(2026, 10, 18, 8))]


def test_an_event_is_covered_by_stretches_that_touch_and_not_by_ones_with_a_break() -> None:
    nine, noon, one, three = (utc(2026, 11, 26, h) for h in (9, 12, 13, 15))
    assert times.covers([(noon, three), (nine, noon)], (nine, three))
    assert not times.covers([(nine, noon), (one, three)], (nine, three))
    assert times.covers([(nine, three)], (noon, one))
    assert not times.covers([], (noon, one))


def test_the_best_window_is_where_most_people_work_long_enough() -> None:
    def h(hour: int) -> datetime:
        return utc(2026, 11, 26, hour)

    people = [[(h(8), h(16))], [(h(9), h(12)), (h(13), h(17))], [(h(15), h(20))], []]
    assert times.best_window(people, 60) == times.Window((h(15), h(16)), 3)
    assert times.best_window(people, 120) == times.Window((h(9), h(12)), 2)
    assert times.best_window(people, 600) is None


def test_the_picture_counts_everybody_and_draws_one_of_each_zone_first() -> None:
    me = hours.Somebody(uuid4(), "Priya", "Europe/Lisbon")
    near = [hours.Somebody(uuid4(), f"Near {n}", "Europe/Lisbon") for n in range(5)]
    far = hours.Somebody(uuid4(), "Far", "Asia/Tokyo")
    unknown = hours.Somebody(uuid4(), "Unknown", "Africa/Lagos")
    weekly = {one.id: NINE_TO_FIVE for one in [me, *near, far]}
    event = (utc(2026, 11, 26, 15), utc(2026, 11, 26, 16))  # 15:00 in Lisbon, midnight in Tokyo
    picture = hours.picture(me, event, [*near, me, far, unknown], weekly, limit=3)
    assert [row.name for row in picture.rows] == ["Priya", "Far", "Unknown", "Near 0"]
    assert (picture.inside, picture.known, picture.total) == (6, 7, 8)
    mine, tokyo, nobody, _ = picture.strip.rows
    assert [(span.x, span.width) for span in mine] == [(90.0, 80.0)]  # 09:00 to 17:00 of 240 units a day
    assert [(span.x, span.width) for span in tokyo] == [(0.0, 80.0)]  # 00:00 to 08:00 in Lisbon
    assert nobody == ()
    assert picture.strip.event is not None
    assert (picture.strip.event.x, picture.strip.event.width) == (150.0, 10.0)


def test_a_week_runs_from_monday_in_the_zone_that_is_planned_in() -> None:
    one = hours.Somebody(uuid4(), "Ada", "Europe/Berlin")
    found = hours.week(utc(2026, 10, 25, 23, 30), "Europe/Berlin", 60, [one], {one.id: NINE_TO_FIVE})
    assert [day.begins_at for day in found][:2] == [utc(2026, 10, 25, 23), utc(2026, 10, 26, 23)]
    assert [day.best is not None for day in found] == [True] * 5 + [False] * 2
    sunday = hours.week(utc(2026, 10, 25, 22, 30), "Europe/Berlin", 60, [one], {one.id: NINE_TO_FIVE})
    assert sunday[0].begins_at == utc(2026, 10, 18, 22)
