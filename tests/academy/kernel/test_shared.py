"""What several processes share: it may be away, and nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from redis import Redis

from academy.kernel import limits as limits_module
from academy.kernel import shared as shared_module
from academy.kernel.access import RateLimited
from academy.kernel.limits import Limits
from academy.kernel.shared import Shared
from tests.redis_server import RedisServer, free_port, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a Redis for one test."""
    with redis_server(tmp_path) as server:
        yield server


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is logged of Redis."""
    found: list[str] = []
    logger = structlog.testing.CapturingLogger()
    monkeypatch.setattr(logger, "warning", lambda event, **_: found.append(event), raising=False)
    monkeypatch.setattr(shared_module, "logger", logger)
    return found


def test_an_answer_comes_back(redis: RedisServer) -> None:
    shared = Shared(redis.url)
    assert shared.ask(lambda r: r.set("a", "b")) is True
    assert shared.ask(lambda r: r.get("a")) == b"b"


def test_the_name_holds_the_number_of_the_database() -> None:
    assert Shared("redis://127.0.0.1").name == "academy:0"
    assert Shared("redis://127.0.0.1:6379/3").name == "academy:3"
    assert Shared("unix:///run/redis.sock?db=2").name == "academy:2"


def test_while_redis_is_away_nobody_asks_and_it_is_said_once(
    redis: RedisServer, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Shared(redis.url)
    asked: list[float] = []

    def ask(client: Redis) -> Any:
        asked.append(time.monotonic())
        return client.ping()

    assert shared.ask(ask) is True
    redis.kill()
    began = time.monotonic()
    assert [shared.ask(ask) for _ in range(100)] == [None] * 100
    assert time.monotonic() - began < 2
    assert len(asked) <= 4
    assert said == ["redis_away"]
    redis.start()
    until = time.monotonic() + 10
    while shared.ask(ask) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert said == ["redis_away", "redis_back"]


def test_a_redis_that_takes_the_connection_and_says_nothing_holds_one_up_and_not_for_long(said: list[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        shared = Shared(f"redis://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        assert [shared.ask(lambda r: r.ping()) for _ in range(50)] == [None] * 50
        assert time.monotonic() - began < 2.5
    assert said == ["redis_away"]


def test_limits_count_over_all_processes(redis: RedisServer) -> None:
    here, there = Limits(Shared(redis.url)), Limits(Shared(redis.url))
    here.hit("3 per 10 second", "post", "ana")
    there.hit("3 per 10 second", "post", "ana")
    there.check("3 per 10 second", "post", "ana")
    assert there.window("3 per 10 second", "post", "ana").left == 1
    here.hit("3 per 10 second", "post", "ana")
    for limits in (here, there):
        with pytest.raises(RateLimited) as refused:
            limits.hit("3 per 10 second", "post", "ana", detail="One moment.")
        assert refused.value.detail == "One moment."
        assert 1 <= refused.value.retry_after <= 10
        with pytest.raises(RateLimited):
            limits.check("3 per 10 second", "post", "ana")
        assert limits.window("3 per 10 second", "post", "ana").left == 0
    here.hit("3 per 10 second", "post", "ben")
    here.hit("3 per 10 second", "open", "ana", cost=2)
    with pytest.raises(RateLimited):
        there.hit("3 per 10 second", "open", "ana", cost=2)
    there.hit("3 per 10 second", "open", "ana")


def test_what_another_process_refuses_does_not_lengthen_the_wait_here(redis: RedisServer) -> None:
    here, there = Limits(Shared(redis.url)), Limits(Shared(redis.url))
    there.hit("1 per 10 second", "post", "ana")
    for _ in range(5):
        with pytest.raises(RateLimited):
            here.hit("1 per 10 second", "post", "ana")
    assert here._limiter.get_window_stats(here._item("1 per 10 second"), "post\0ana").remaining == 1


def test_limits_hold_in_this_process_while_redis_is_away_with_what_was_counted_before(redis: RedisServer) -> None:
    limits = Limits(Shared(redis.url))
    limits.hit("2 per 60 second", "post", "ana")
    redis.kill()
    limits.hit("2 per 60 second", "post", "ana")
    with pytest.raises(RateLimited):
        limits.hit("2 per 60 second", "post", "ana")
    with pytest.raises(RateLimited):
        limits.check("2 per 60 second", "post", "ana")
    assert limits.window("2 per 60 second", "post", "ana").left == 0
    redis.start()  # empty: the own count goes on
    with pytest.raises(RateLimited):
        limits.hit("2 per 60 second", "post", "ana")


def test_a_window_in_redis_names_nobody_and_ends(redis: RedisServer) -> None:
    limits = Limits(Shared(redis.url))
    limits.hit("2 per 60 second", "letters-to", "ana@example.org")
    with redis.asked() as asked:
        (key,) = asked.keys()
        assert key.startswith(b"academy:0:limit:")
        assert b"ana" not in key
        assert b"example" not in key
        assert 0 < asked.ttl(key) <= 60


def test_nobody_loads_the_client_of_redis_who_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "redis" not in vars(limits_module)
    assert Limits()._over_all is None
    monkeypatch.setattr(shared_module, "WAIT", 0.1)
    assert Shared(f"redis://127.0.0.1:{free_port()}").ask(lambda r: r.ping()) is None
