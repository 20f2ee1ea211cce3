"""Ids: written and read back, in order of time, and nothing else is an id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.ids import anonymous_id, decode, earlier, encode, first_of, made_at, new_id


@given(st.uuids(allow_nil=True))
def test_an_id_that_was_written_is_read_back(value: UUID) -> None:
    text = encode(value)
    assert len(text) == 26
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert decode(text) == value


@given(st.text(max_size=40))
def test_of_any_text_either_it_is_missing_or_it_is_written_so(text: str) -> None:
    try:
        value = decode(text)
    except Missing:
        return
    assert encode(value) == text


@pytest.mark.parametrize(
    "wrong",
    [None, 7, b"a" * 26, ["a"], "", "a" * 25, "a" * 27, "A" * 26, "1" * 26, "é" * 26, "a" * 25 + "b", "a" * 25 + "="],
)
def test_anything_else_is_missing(wrong: object) -> None:
    with pytest.raises(Missing):
        decode(wrong)


def test_a_known_id_is_written_as_base32_says() -> None:
    # RFC 4648, section 6, of the sixteen bytes 00 01 … 0f
    assert encode(UUID("00010203-0405-0607-0809-0a0b0c0d0e0f")) == "aaaqeayeaudaocajbifqydiob4"


def test_a_new_id_carries_its_millisecond_version_and_variant() -> None:
    at = datetime(2026, 11, 21, 12, 0, 0, 123000, tzinfo=UTC)
    with clock.travel(at):
        value = new_id()
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    milliseconds = value.int >> 80
    assert 0 <= milliseconds - int(at.timestamp() * 1000) < 1000


def test_later_ids_sort_later() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = []
    for minute in range(20):
        with clock.travel(start + timedelta(minutes=minute)):
            ids.append(new_id())
    assert ids == sorted(ids)


def test_ids_of_one_breath_sort_in_the_order_they_were_made() -> None:
    ids = [new_id() for _ in range(5_000)]
    assert ids == sorted(ids)
    milliseconds = {value.int >> 80 for value in ids}
    assert len(milliseconds) < len(ids) / 4  # many fell into one millisecond: else the order would prove nothing


@given(st.datetimes(datetime(1971, 1, 1), datetime(9999, 1, 1)), st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_of_one_instant_larger_bits_make_a_larger_id(at: datetime, one: int, other: int) -> None:
    first, second = (made_at(at.replace(tzinfo=UTC), bits) for bits in sorted((one, other)))
    assert (first < second) is (one != other)
    assert (first.version, first.variant) == (7, "specified in RFC 4122")


def test_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_an_anonymous_id_tells_no_time() -> None:
    values = [anonymous_id() for _ in range(8)]
    assert {v.version for v in values} == {4}
    assert len({v.int >> 96 for v in values}) == 8


def test_ids_made_before_and_after_an_instant_are_told_apart() -> None:
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    with clock.travel(at - timedelta(milliseconds=50)):
        before = new_id()
    with clock.travel(at + timedelta(milliseconds=1)):
        after = new_id()
    assert before < first_of(at) < after


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_an_instant_outside_the_time_of_ids_bounds_none_or_all_of_them(year: int) -> None:
    assert (first_of(datetime(year, 6, 1, tzinfo=UTC)) <= new_id()) is (year < 2000)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1)), st.uuids())
def test_the_bound_days_before_an_id_is_that_of_its_instant_less_those_days(at: datetime, anything: UUID) -> None:
    at, days = at.replace(tzinfo=UTC, microsecond=0), timedelta(days=7)
    bound = earlier(made_at(at, anything.int), days)
    assert bound == (first_of(at - days) if at.year > 1970 or at.month > 1 or at.day > 7 else UUID(int=0))
    assert earlier(anything, timedelta()) <= anything
