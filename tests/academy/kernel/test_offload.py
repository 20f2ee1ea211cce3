"""Work in threads and in the matcher process, in both modes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.kernel import offload
from tests.academy.kernel.processes import told_by

ENGINE = "tests.academy.kernel.engine"


@pytest.fixture(scope="module", autouse=True)
def threads() -> Iterator[None]:
    offload.configure("threading")
    yield
    offload.stop()


@pytest.fixture
def matcher() -> Iterator[offload.Matcher]:
    made = offload.Matcher()
    yield made
    made.stop()


def gone(pid: int) -> bool:
    """Wait until a process is no more, not even as an entry of the process table."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def test_a_function_runs_in_another_thread_and_its_result_comes_back() -> None:
    assert offload.run(divmod, 17, 5) == (3, 2)
    assert offload.run(threading.get_ident) != threading.get_ident()


def test_what_a_function_raises_is_raised_where_it_was_asked_for() -> None:
    with pytest.raises(ZeroDivisionError):
        offload.run(divmod, 1, 0)


def test_at_most_two_run_at_a_time() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        with lock:
            running -= 1

    callers = [threading.Thread(target=offload.run, args=(work,)) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert most == 2


def test_a_mode_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="asyncio"):
        offload.configure("asyncio")


def test_an_engine_answers_from_a_process_of_its_own_that_stays_warm() -> None:
    first, second = (offload.solve(f"{ENGINE}:double", {"number": n}) for n in (21, 4))
    assert (first["doubled"], second["doubled"]) == (42, 8)
    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["pid"] == second["pid"] != os.getpid()


def test_what_an_engine_prints_does_not_disturb_its_answers() -> None:
    request = {"text": "naïve – ☃", "deep": [1, [2, {"three": None}]]}
    assert offload.solve(f"{ENGINE}:chatter", request) == request
    assert offload.solve(f"{ENGINE}:chatter", {}) == {}


def test_an_answer_may_be_large() -> None:
    request = {"numbers": list(range(300_000))}
    assert offload.solve(f"{ENGINE}:chatter", request) == request


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("fail", "LookupError", "no pair for Ada"),
        ("missing", "AttributeError", "missing"),
        ("a_list", "TypeError", "must return a dict"),
    ],
)
def test_an_error_of_an_engine_comes_back_with_its_message(function: str, kind: str, message: str) -> None:
    with pytest.raises(offload.SolveFailed, match=message) as caught:
        offload.solve(f"{ENGINE}:{function}", {"who": "Ada"})
    assert caught.value.kind == kind
    assert offload.solve(f"{ENGINE}:double", {"number": 1})["doubled"] == 2


@pytest.mark.parametrize(
    "target",
    ["os:system", "engine:solve", "matching.engines:solve", "a.engine:_x", "a.engine", "a.engine:b:c", ""],
)
def test_only_functions_of_engines_may_be_named(target: str) -> None:
    with pytest.raises(offload.SolveFailed, match="no function of an engine") as caught:
        offload.solve(target, {})
    assert caught.value.kind == "refused"


def test_a_process_that_died_at_work_is_reported_and_replaced(matcher: offload.Matcher) -> None:
    with pytest.raises(offload.SolveFailed) as caught:
        matcher.solve(f"{ENGINE}:die", {}, 20)
    assert caught.value.kind == "died"
    assert matcher.solve(f"{ENGINE}:double", {"number": 3}, 20)["doubled"] == 6


def test_an_answer_that_is_too_long_is_refused_at_once_and_the_next_one_is_its_own(
    matcher: offload.Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)["pid"]
    monkeypatch.setattr(offload, "ANSWER_MAX", 1000)
    with pytest.raises(offload.SolveFailed, match="1000 are the most") as caught:
        matcher.solve(f"{ENGINE}:chatter", {"numbers": list(range(1000))}, 20)
    assert caught.value.kind == "overlong"
    assert gone(pid)
    assert matcher.solve(f"{ENGINE}:double", {"number": 3}, 20)["doubled"] == 6


def test_a_process_that_was_killed_while_idle_is_replaced_without_a_word(matcher: offload.Matcher) -> None:
    pid = matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)["pid"]
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    again = matcher.solve(f"{ENGINE}:double", {"number": 2}, 20)
    assert (again["doubled"], again["calls"]) == (4, 1)


def test_a_process_that_takes_too_long_is_killed(matcher: offload.Matcher) -> None:
    pid = matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)["pid"]
    begun = time.monotonic()
    with pytest.raises(offload.SolveFailed, match="no answer within 0.3 s") as caught:
        matcher.solve(f"{ENGINE}:linger", {"seconds": 30}, 0.3)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - begun < 3
    assert gone(pid)


def test_what_an_engine_tells_on_its_way_arrives_before_its_answer(matcher: offload.Matcher) -> None:
    heard: list[str] = []

    def going(step: str) -> bool:
        heard.append(step)
        return True

    request = {"steps": ["reading", "matching"], "seconds": 0}
    assert matcher.solve(f"{ENGINE}:stepwise", request, 20, going) == request
    assert [step for step in heard if step] == ["reading", "matching"]
    assert matcher.solve(f"{ENGINE}:stepwise", request, 20) == request


def test_work_that_nobody_waits_for_any_more_is_ended(matcher: offload.Matcher) -> None:
    pid = matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)["pid"]
    begun, asked = time.monotonic(), 0

    def going(step: str) -> bool:
        nonlocal asked
        asked += 1
        return not step or time.monotonic() - begun < 1.5

    with pytest.raises(offload.SolveFailed) as caught:
        matcher.solve(f"{ENGINE}:stepwise", {"steps": ["matching"], "seconds": 30}, 40, going)
    assert caught.value.kind == "cancelled"
    assert asked >= 2
    assert time.monotonic() - begun < 6
    assert gone(pid)
    assert matcher.solve(f"{ENGINE}:double", {"number": 2}, 20)["doubled"] == 4


def test_who_still_waits_for_their_turn_may_give_up_and_disturbs_nobody(matcher: offload.Matcher) -> None:
    done: list[dict[str, object]] = []
    worker = threading.Thread(
        target=lambda: done.append(matcher.solve(f"{ENGINE}:linger", {"seconds": 2}, 20)), daemon=True
    )
    worker.start()
    time.sleep(0.2)
    with pytest.raises(offload.SolveFailed) as caught:
        matcher.solve(f"{ENGINE}:double", {"number": 2}, 20, lambda _step: False)
    assert caught.value.kind == "cancelled"
    worker.join()
    assert done == [{"seconds": 2}]


def test_one_request_at_a_time_and_waiting_counts(matcher: offload.Matcher) -> None:
    matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)
    worker = threading.Thread(target=matcher.solve, args=(f"{ENGINE}:linger", {"seconds": 0.6}, 20))
    worker.start()
    time.sleep(0.1)
    with pytest.raises(offload.SolveFailed) as caught:
        matcher.solve(f"{ENGINE}:double", {"number": 2}, 0.1)
    assert caught.value.kind == "busy"
    assert matcher.solve(f"{ENGINE}:double", {"number": 2}, 20)["doubled"] == 4
    worker.join()


def test_a_process_without_work_ends_by_itself_and_the_next_request_starts_another() -> None:
    matcher = offload.Matcher(idle=0.1)
    pid = matcher.solve(f"{ENGINE}:double", {"number": 1}, 20)["pid"]
    assert gone(pid)
    assert matcher.solve(f"{ENGINE}:double", {"number": 5}, 20)["doubled"] == 10
    matcher.stop()


SCRIPT = """
import sys
from academy.kernel import serve
serve.patch(sys.argv[1])
import hashlib, json, threading, time
from academy.kernel import offload

offload.configure(sys.argv[1])
offload.solve("tests.academy.kernel.engine:double", {"number": 1})
ticks = []

def tick():
    while True:
        time.sleep(0.005)
        ticks.append(1)

def ask(name, function, *args):
    values[name] = function(*args)

values = {}
threading.Thread(target=tick, daemon=True).start()
asking = [threading.Thread(target=ask, args=args) for args in (
    ("hashed", offload.run, hashlib.pbkdf2_hmac, "sha256", b"password", b"salt", 300_000),
    ("solved", offload.solve, "tests.academy.kernel.engine:linger", {"seconds": 0.5}),
    ("queued", offload.solve, "tests.academy.kernel.engine:double", {"number": 4}),
)]
for one in asking:
    one.start()
for one in asking:
    one.join()
ticked = len(ticks)
errors = []
try:
    offload.run(divmod, 1, 0)
except ZeroDivisionError:
    errors.append("divided")
try:
    offload.solve("tests.academy.kernel.engine:linger", {"seconds": 30}, timeout=0.2)
except offload.SolveFailed as error:
    errors.append(error.kind)
print(json.dumps({
    "ticks": ticked, "solved": values["solved"], "queued": values["queued"]["doubled"], "errors": errors,
    "same": values["hashed"].hex() == hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 300_000).hex(),
    "pid": offload.solve("tests.academy.kernel.engine:double", {"number": 1})["pid"],
}))
"""


@pytest.mark.parametrize("mode", ["gevent", "eventlet"])
def test_the_hub_goes_on_while_threads_and_the_matcher_work(mode: str) -> None:
    told = told_by(SCRIPT, mode)
    assert told["solved"] == {"seconds": 0.5}
    assert told["queued"] == 8
    assert told["same"]
    assert told["errors"] == ["divided", "timeout"]
    assert told["ticks"] > 10  # of 100 in half a second; none if the hub had waited
    assert gone(told["pid"]), "the matcher outlived its server"


COMING = """
import gevent.monkey
gevent.monkey.patch_all()
import json, socket, threading, time
from academy.kernel.offload_gevent import look_round

pairs = [socket.socketpair() for _ in range(3)]
heard = []

def listen(wire):
    heard.append(wire.recv(10).decode())

for wire, _ in pairs:
    threading.Thread(target=listen, args=(wire,), daemon=True).start()
time.sleep(0.05)  # all of them wait
for _, other in pairs:
    other.send(b"came")
time.sleep(0)
before = list(heard)
look_round()
after = list(heard)
began = time.perf_counter()
for _ in range(100):
    look_round()  # nothing comes
print(json.dumps({"before": before, "after": after, "seconds": time.perf_counter() - began}))
"""


def test_to_look_round_lets_go_on_for_whom_something_has_come_and_waits_for_nothing() -> None:
    told = told_by(COMING)
    assert told["before"] == []  # as gevent has it
    assert told["after"] == ["came"] * 3
    assert told["seconds"] < 5  # it would be for ever, as nothing else is due
