"""The clock: aware, in UTC, and able to travel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from academy.kernel import clock


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().utcoffset() == timedelta(0)


def test_travelling_moves_now_and_comes_back() -> None:
    there = datetime(2031, 5, 1, 12, tzinfo=UTC)
    with clock.travel(there):
        first = clock.now()
        second = clock.now()
    assert timedelta(0) <= first - there < timedelta(seconds=5)
    assert second >= first
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_journey_within_a_journey_returns_to_the_first() -> None:
    outer, inner = datetime(2031, 5, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=9)))
    with clock.travel(outer):
        with clock.travel(inner):
            assert clock.now().year == 2019  # midnight in Tokyo is the evening before in UTC
        assert clock.now().year == 2031


def test_it_returns_after_a_failure_too() -> None:
    with pytest.raises(RuntimeError), clock.travel(datetime(2031, 5, 1, tzinfo=UTC)):
        raise RuntimeError
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
