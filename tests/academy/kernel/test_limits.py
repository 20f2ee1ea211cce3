"""Limits: so many in a while, for each by themselves."""

from __future__ import annotations

import threading
import time

import pytest

from academy.kernel.access import RateLimited
from academy.kernel.limits import Limits


def test_one_more_than_the_rule_allows_is_refused_and_told_when_to_come_back() -> None:
    limits = Limits()
    for _ in range(3):
        limits.hit("3 per 10 second", "post", "ana")
    with pytest.raises(RateLimited) as refused:
        limits.hit("3 per 10 second", "post", "ana", detail="One moment.")
    assert refused.value.retry is True
    assert refused.value.detail == "One moment."
    assert refused.value.retry_after is not None
    assert 1 <= refused.value.retry_after <= 10


def test_each_has_their_own_window() -> None:
    limits = Limits()
    limits.hit("1 per 10 second", "post", "ana")
    limits.hit("1 per 10 second", "post", "ben")
    limits.hit("1 per 10 second", "react", "ana")
    with pytest.raises(RateLimited):
        limits.hit("1 per 10 second", "post", "ana")


def test_a_name_with_a_slash_is_not_somebody_elses_window() -> None:
    limits = Limits()
    limits.hit("1 per 10 second", "post/ana", "b")
    limits.hit("1 per 10 second", "post", "ana/b")


def test_the_window_moves_on() -> None:
    limits = Limits()
    limits.hit("1 per 1 second", "post", "ana")
    with pytest.raises(RateLimited):
        limits.hit("1 per 1 second", "post", "ana")
    time.sleep(1.05)
    limits.hit("1 per 1 second", "post", "ana")


def test_what_was_counted_can_be_forgotten() -> None:
    limits = Limits()
    limits.hit("1 per 10 second", "post", "ana")
    limits.clear()
    limits.hit("1 per 10 second", "post", "ana")


def test_a_refused_use_does_not_count() -> None:
    limits = Limits()
    limits.hit("1 per 1 second", "a")
    for _ in range(5):
        with pytest.raises(RateLimited):
            limits.hit("1 per 1 second", "a")


def test_a_check_counts_nothing_and_refuses_what_would_be_refused() -> None:
    limits = Limits()
    for _ in range(3):
        limits.check("1 per 10 second", "post", "ana")
    limits.hit("1 per 10 second", "post", "ana")
    with pytest.raises(RateLimited) as refused:
        limits.check("1 per 10 second", "post", "ana", detail="One moment.")
    assert refused.value.detail == "One moment."
    limits.check("1 per 10 second", "post", "ben")


def test_windows_that_are_over_are_let_go_and_no_thread_is_kept_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits()
    threads = threading.active_count()
    for number in range(50):
        limits.hit("1 per 1 second", "post", str(number))
    assert threading.active_count() <= threads
    assert len(limits._memory.events) == 50
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began + 61)
    limits.hit("1 per 1 second", "post", "later")
    assert list(limits._memory.events) == [next(key for key in limits._memory.events if "later" in key)]
    assert len(limits._memory.locks) == 1


def test_a_clock_that_is_set_back_refuses_nobody_for_what_they_did_in_the_future(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits, off, began = Limits(), [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: began() + off[0])
    for _ in range(3):
        limits.hit("3 per 10 second", "post", "ana")
        limits.hit("3 per 10 second", "post", "ben")
    off[0] = -3600
    limits.check("3 per 10 second", "post", "ben")
    assert limits.window("3 per 10 second", "post", "ben").left == 3
    for _ in range(3):
        limits.hit("3 per 10 second", "post", "ana")
    with pytest.raises(RateLimited) as refused:
        limits.hit("3 per 10 second", "post", "ana")
    assert refused.value.retry_after is not None
    assert refused.value.retry_after <= 10
    assert not [key for key, uses in limits._memory.events.items() if uses and uses[0].atime > began() - 3599]


def test_nobody_is_told_to_wait_for_longer_than_the_rule_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, began = Limits(), time.time()
    limits.hit("1 per 10 second", "post", "ana")
    monkeypatch.setattr(time, "time", lambda: began - 0.9)  # so little that what was done counts
    with pytest.raises(RateLimited) as refused:
        limits.hit("1 per 10 second", "post", "ana")
    assert refused.value.retry_after == 10
    assert limits.window("1 per 10 second", "post", "ana").reset == 10


def test_what_costs_several_uses_takes_all_of_them_or_none() -> None:
    limits = Limits()
    limits.hit("5 per 10 second", "open", "ana", cost=3)
    with pytest.raises(RateLimited):
        limits.hit("5 per 10 second", "open", "ana", cost=3)
    assert limits.window("5 per 10 second", "open", "ana").left == 2
    limits.hit("5 per 10 second", "open", "ana", cost=2)
