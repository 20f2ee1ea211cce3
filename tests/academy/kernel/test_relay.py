"""What processes tell each other, while Redis is there and when it comes back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import socketio

from academy.kernel import relay as relay_module
from academy.kernel.relay import LOOK, Relay
from academy.kernel.shared import Shared
from tests.redis_server import RedisServer, redis_server


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a Redis for one test."""
    with redis_server(tmp_path) as server:
        yield server


class Process:
    """What one process is told."""

    def __init__(self, redis: RedisServer) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.looks = 0
        self.relay = Relay(Shared(redis.url))
        self.server = socketio.Server(client_manager=self.relay, async_mode="threading")
        self.relay.on("news", self.told.append)
        self.relay.on(LOOK, self._look)

    def _look(self, _told: Mapping[str, Any]) -> None:
        self.looks += 1

    def listens(self) -> Process:
        self.relay.listen()
        wait(lambda: self.relay.hears)
        return self

    def words(self) -> list[str]:
        return [told.get("word") for told in self.told]


def wait(found: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def start(redis: RedisServer) -> Iterator[Callable[[], Process]]:
    """Return a maker of processes that are ended afterwards."""
    made: list[Process] = []

    def make() -> Process:
        made.append(Process(redis))
        return made[-1]

    yield make
    for process in made:
        process.relay.close()


def test_what_one_says_the_others_hear_and_it_does_not_hear_itself(start: Callable[[], Process]) -> None:
    one, two, three = start().listens(), start().listens(), start().listens()
    one.relay.say("news", word="hello")
    wait(lambda: two.words() == three.words() == ["hello"])
    two.relay.say("news", word="hello back")
    wait(lambda: one.words() == ["hello back"])
    assert three.words()[-1] in {"hello", "hello back"}


def test_a_process_that_only_writes_is_heard_and_starts_nothing(start: Callable[[], Process]) -> None:
    serves = start().listens()
    threads = set(threading.enumerate())
    command = start()
    command.relay.say("news", word="from a command")
    wait(lambda: serves.words() == ["from a command"])
    assert command.relay.write_only
    assert set(threading.enumerate()) <= threads  # of tests before this one some may have ended
    assert command.looks == 0


def test_a_failing_handler_and_a_strange_message_are_no_end_of_hearing(
    start: Callable[[], Process], redis: RedisServer
) -> None:
    one, two = start().listens(), start().listens()

    def fail(_told: Mapping[str, Any]) -> None:
        raise ValueError

    two.relay.on("bad", fail)
    one.relay.say("bad")
    with redis.asked() as asked:
        for strange in ("", "no json", "[]", "{}", '{"method": 1}', '{"method": "news"}'):
            asked.publish("academy:0", strange)
    one.relay.say("news", word="still here")
    wait(lambda: two.words()[-1:] == ["still here"])


def test_whoever_could_not_hear_looks_when_that_begins_and_when_it_is_over(
    start: Callable[[], Process], redis: RedisServer
) -> None:
    one, two = start().listens(), start().listens()
    wait(lambda: one.looks == two.looks == 1)
    redis.kill()
    wait(lambda: not one.relay.hears and not two.relay.hears)
    assert one.looks == two.looks == 2
    redis.start()
    wait(lambda: one.relay.hears and two.relay.hears)
    wait(lambda: one.looks == two.looks == 3)
    one.relay.say("news", word="again")
    wait(lambda: two.words() == ["again"])


def test_whoever_could_not_say_something_has_the_others_look_once_it_can(start: Callable[[], Process]) -> None:
    writer, reader = start(), start().listens()
    looks = reader.looks
    writer.relay._shared._away, writer.relay._shared._again = True, time.monotonic() + 60  # lost to this one alone
    writer.relay.say("news", word="lost")
    writer.relay._shared._again = 0
    writer.relay.say("news", word="said")
    wait(lambda: reader.words() == ["said"])
    wait(lambda: reader.looks == looks + 1)


def test_whoever_could_not_say_something_and_has_nothing_more_to_say_has_the_others_look_all_the_same(
    start: Callable[[], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "QUIET", 0.3)
    writer, reader = start().listens(), start().listens()
    looks = reader.looks
    writer.relay._shared._away, writer.relay._shared._again = True, time.monotonic() + 0.5  # lost to this one alone
    writer.relay.say("news", word="lost")
    wait(lambda: reader.looks == looks + 1)
    assert reader.words() == []


def test_whoever_hears_again_says_what_is_new_at_once(start: Callable[[], Process], redis: RedisServer) -> None:
    one, two = start().listens(), start().listens()
    redis.kill()
    wait(lambda: not one.relay.hears and not two.relay.hears)
    one.relay.say("news", word="lost")  # and a pause in which nobody asks Redis
    redis.start()
    one.relay._shared._again = time.monotonic() + 60
    wait(lambda: one.relay.hears and two.relay.hears)
    one.relay.say("news", word="said")
    wait(lambda: two.words() == ["said"])


def test_a_redis_that_falls_silent_is_noticed(
    start: Callable[[], Process], redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "QUIET", 0.3)
    one = start().listens()
    time.sleep(1)
    assert one.relay.hears  # quiet is not gone
    os.kill(redis._process.pid, signal.SIGSTOP)
    try:
        wait(lambda: not one.relay.hears)
    finally:
        os.kill(redis._process.pid, signal.SIGCONT)
    wait(lambda: one.relay.hears)
