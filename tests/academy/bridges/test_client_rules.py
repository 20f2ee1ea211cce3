"""The rules of docs/realtime.md that need no server: cursor, hold, reset, jitter, the file."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from academy.bridges.client.adapters.store import Store
from academy.bridges.client.adapters.web import Web
from academy.bridges.client.adapters.wire import Away, Unwelcome
from academy.bridges.client.api.runner import Runner
from academy.bridges.client.engine import asking
from academy.bridges.client.engine.asking import ANSWER, Backoff, Followed, after
from academy.bridges.client.engine.log import LATEST, Log, Reset
from academy.bridges.client.engine.sending import Send


def event(seq: int, epoch: str = "e1") -> dict[str, Any]:
    return {"space": "s", "epoch": epoch, "seq": seq, "kind": "post", "payload": {}}


def page(*seqs: int, head: int, more: bool = False, epoch: str = "e1", reset: str = "") -> dict[str, Any]:
    found = {"epoch": epoch, "head": head, "events": [event(seq, epoch) for seq in seqs], "more": more}
    return {**found, "reset": reset} if reset else found


class Reader:
    """A log and what was applied of it."""

    def __init__(self, **more: Any) -> None:
        self.log = Log("s", **more)
        self.applied: list[int] = []

    def apply(self, found: Any) -> None:
        self.applied.append(found["seq"])

    def live(self, seq: int, epoch: str = "e1") -> bool:
        return self.log.live(event(seq, epoch), self.apply)

    def page(self, *seqs: int, **more: Any) -> bool:
        return self.log.page(page(*seqs, **more), self.apply)


def test_what_is_ahead_is_held_until_the_gap_is_closed_and_what_was_applied_is_dropped() -> None:
    reader = Reader()
    assert reader.page(1, 2, head=2) is False
    assert reader.live(2) is False
    assert reader.live(4) is True
    assert reader.live(5) is True
    assert reader.applied == [1, 2]
    assert reader.page(3, 4, head=4) is False
    assert reader.applied == [1, 2, 3, 4, 5]
    assert reader.live(4) is False
    assert reader.live(6) is False
    assert reader.applied == [1, 2, 3, 4, 5, 6]


def test_what_comes_between_joining_and_the_first_page_is_neither_lost_nor_doubled() -> None:
    reader = Reader()
    assert reader.live(3) is False
    assert reader.live(4) is False
    assert reader.page(1, 2, 3, head=3) is False
    assert reader.applied == [1, 2, 3, 4]


def test_a_first_page_of_a_part_asks_for_the_rest_before_what_was_held() -> None:
    reader = Reader()
    reader.live(5)
    assert reader.page(1, 2, head=4, more=True) is True
    assert reader.page(3, 4, head=4) is False
    assert reader.applied == [1, 2, 3, 4, 5]


def test_a_page_with_holes_is_applied_as_it_comes_since_it_leaves_nothing_out() -> None:
    reader = Reader()
    assert reader.page(4, 7, head=9) is False
    assert (reader.applied, reader.log.cursor) == ([4, 7], 9)
    assert reader.live(10) is False
    assert reader.applied == [4, 7, 10]


def test_an_event_whose_handler_fails_moves_nothing_and_is_applied_later_before_the_next_one() -> None:
    reader = Reader()
    reader.page(1, head=1)

    def fail(_event: Any) -> None:
        raise ValueError

    with pytest.raises(ValueError):
        reader.log.live(event(2), fail)
    assert reader.log.cursor == 1
    with pytest.raises(ValueError):
        reader.log.page(page(2, 3, head=3), fail)
    assert reader.log.cursor == 1
    reader.live(3)
    assert reader.applied == [1, 2, 3]


def test_another_history_is_never_mixed_in() -> None:
    reader = Reader()
    reader.page(1, 2, head=2)
    reader.live(4)
    for take in (lambda: reader.live(3, "e2"), lambda: reader.page(3, head=3, epoch="e2")):
        with pytest.raises(Reset) as found:
            take()
        assert (found.value.epoch, found.value.reason) == ("e2", "epoch")
    assert reader.applied == [1, 2]
    reader.log.begin_anew(found.value)
    assert reader.page(1, head=1, epoch="e2") is False
    assert reader.live(2, "e2") is False
    assert reader.applied == [1, 2, 1, 2]


@pytest.mark.parametrize(("reason", "then"), [("ahead", 0), ("trimmed", LATEST)])
def test_who_is_told_to_start_afresh_begins_where_there_is_something(reason: str, then: int) -> None:
    reader = Reader(cursor=7, epoch="e1")
    with pytest.raises(Reset) as found:
        reader.page(head=5, reset=reason)
    reader.log.begin_anew(found.value)
    assert (reader.log.cursor, reader.log.epoch) == (then, "e1")


def test_who_wants_only_what_comes_gets_what_comes_after_the_head_of_the_first_page() -> None:
    reader = Reader(cursor=LATEST)
    reader.live(6)
    assert reader.page(1, 2, 3, head=5, more=True) is False
    assert reader.live(7) is False
    assert reader.applied == [6, 7]


def test_in_any_order_and_however_often_each_event_is_applied_once_and_in_order() -> None:
    for seed in range(300):
        dice = random.Random(seed)
        reader, head = Reader(), 40
        reader.page(head=0)
        coming = [seq for seq in range(1, head + 1) for _ in range(dice.randint(0, 3))]
        dice.shuffle(coming)
        for seq in coming:
            if reader.live(seq) and dice.random() < 0.2:
                ends = min(head, reader.log.cursor + dice.randint(1, 5))
                known = range(reader.log.cursor + 1, ends + 1)
                reader.page(*known, head=head, more=ends < head)
        while reader.page(*range(reader.log.cursor + 1, head + 1), head=head):
            pass
        assert reader.applied == list(range(1, head + 1)), seed


def test_waits_are_random_up_to_one_second_doubled_at_each_failure_and_at_most_thirty() -> None:
    backoff = Backoff()
    most = [
        max(waits) for waits in zip(*([fresh.wait() for _ in range(9)] for fresh in (Backoff() for _ in range(400))))
    ]
    for found, cap in zip(most, (1, 2, 4, 8, 16, 30, 30, 30, 30), strict=True):
        assert 0.9 * cap < found <= cap
    for _ in range(6):
        backoff.wait()
    backoff.succeeded()
    assert backoff.wait() <= 1


def test_who_is_told_when_to_come_back_waits_at_least_so_long_and_not_all_the_same() -> None:
    waits = [after({"retry_after": 4}) for _ in range(200)]
    assert min(waits) >= 4
    assert max(waits) <= 6
    assert len(set(waits)) > 100
    assert after({}) >= 1


def test_a_file_keeps_what_was_not_acknowledged_in_order_and_where_each_log_was_left(tmp_path: Path) -> None:
    store = Store(tmp_path / "kept.db")
    for number in range(3):
        store.keep(Send(f"nonce-{number}", "s", "post:send", {"space": "s", "body": f"{number} ✨"}))
    store.drop("nonce-1")
    store.move("s", "e1", 4)
    store.move("s", "e2", 2)
    store.close()
    again = Store(tmp_path / "kept.db")
    assert [(send.nonce, send.sent["body"]) for send in again.sends()] == [("nonce-0", "0 ✨"), ("nonce-2", "2 ✨")]
    assert (again.position("s"), again.position("other")) == (("e2", 2), None)
    again.close()


class Line:
    """A connection that keeps what is asked, to be answered by the test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, Any]] = []

    def ask(self, name: str, payload: Any, answered: Any) -> None:
        self.asked.append((name, payload, answered))


def at_seven(applied: list[int], resets: list[str]) -> tuple[Runner, Any]:
    """Return a client that has opened nothing yet of a log that it followed up to 7, and its connection."""
    runner = Runner("http://nowhere", Web("http://nowhere"), Store(), refused=lambda *_: None, backoff=Backoff())
    runner.followed["s"] = Followed(
        log=Log("s", 7, "e1"), handle=lambda found: applied.append(found["seq"]), reset=resets.append, lost=print
    )
    line: Any = Line()
    runner._wire = line
    runner._pump(line)
    return runner, line


def opened(applied: list[int]) -> tuple[Runner, Any]:
    """Return a client that follows a log, of which 7 is the last it has, and its connection."""
    runner, line = at_seven(applied, [])
    _, _, answered = line.asked.pop()
    answered({"ok": True, "spaces": {"s": page(head=7)}})
    runner._take_up(0)
    return runner, line


MOMENT = 1.0
"""Seconds in which whoever misses something has asked for it."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what is missing more time to come by itself, as a busy machine takes some between two lines."""
    monkeypatch.setattr(asking, "BY_ITSELF", (0.5, 0.7))


def pumped(runner: Runner, line: Any, seconds: float) -> list[Any]:
    """Return what a client asks for in so many seconds, of which nothing is answered."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        runner._pump(line)
        runner._take_up(min(left, runner._until_next()))
    runner._pump(line)
    return [payload["since"] for _, payload, _ in line.asked]


@pytest.mark.usefixtures("patient")
def test_events_that_overtake_each_other_are_put_right_without_a_question() -> None:
    applied: list[int] = []
    runner, line = opened(applied)
    for seq in (9, 8, 12, 11, 10):
        runner._hear(line, "space:event", event(seq))
        runner._pump(line)
    assert applied == [8, 9, 10, 11, 12]
    assert pumped(runner, line, MOMENT) == []


@pytest.mark.usefixtures("patient")
def test_a_beacon_that_is_faster_than_the_event_it_tells_of_asks_nothing() -> None:
    applied: list[int] = []
    runner, line = opened(applied)
    runner._hear(line, "space:heads", {"s": 8})
    runner._pump(line)
    runner._hear(line, "space:event", event(8))
    assert pumped(runner, line, MOMENT) == []
    runner._hear(line, "space:heads", {"s": 9})
    assert pumped(runner, line, MOMENT) == [8]


@pytest.mark.usefixtures("patient")
def test_a_head_that_one_may_not_read_up_to_is_asked_for_once() -> None:
    applied: list[int] = []
    runner, line = opened(applied)
    runner._hear(line, "space:heads", {"s": 9})
    assert pumped(runner, line, MOMENT) == [7]
    _, _, answered = line.asked.pop()
    answered({"ok": True, **page(head=7)})
    assert pumped(runner, line, MOMENT) == []


@pytest.mark.usefixtures("patient")
def test_what_stays_missing_is_asked_for_once_a_moment_later() -> None:
    applied: list[int] = []
    runner, line = opened(applied)
    noticed = time.monotonic()
    for seq in (9, 10, 12):
        runner._hear(line, "space:event", event(seq))
        runner._pump(line)
    assert line.asked == []
    while not line.asked:
        runner._take_up(runner._until_next())
        runner._pump(line)
    assert time.monotonic() - noticed >= asking.BY_ITSELF[0]
    assert pumped(runner, line, MOMENT) == [7]
    _, _, answered = line.asked.pop()
    answered({"ok": True, **page(8, 9, 10, 11, 12, head=12)})
    assert pumped(runner, line, MOMENT) == []
    assert applied == [8, 9, 10, 11, 12]


def test_a_connection_on_which_no_answer_comes_in_time_counts_as_lost() -> None:
    runner, line = at_seven([], [])
    asked = runner.followed["s"].asking
    assert asked is not None
    runner.followed["s"].asking = asked - ANSWER + 1
    runner._pump(line)
    runner.followed["s"].asking = asked - ANSWER
    with pytest.raises(Away):
        runner._pump(line)


def test_an_answer_to_what_was_asked_before_a_reset_is_not_taken_for_another_reset() -> None:
    resets: list[str] = []
    applied: list[int] = []
    runner, line = at_seven(applied, resets)
    name, payload, answered = line.asked.pop()
    assert (name, payload) == ("space:open", {"spaces": {"s": 7}})
    runner._hear(line, "space:event", event(4, "e2"))  # the room was restored, and somebody is faster than the answer
    answered({"ok": True, "spaces": {"s": page(head=4, epoch="e2", reset="ahead")}})
    runner._take_up(0)
    assert resets == ["epoch"]
    runner._pump(line)
    name, payload, answered = line.asked.pop()
    assert (name, payload) == ("space:sync", {"space": "s", "since": 0, "epoch": "e2"})
    answered({"ok": True, **page(1, 2, 3, 4, head=4, epoch="e2")})
    runner._take_up(0)
    assert (resets, applied) == (["epoch"], [1, 2, 3, 4])


def test_who_is_told_at_the_door_when_to_come_back_stays_away_at_least_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Runner(
        "http://nowhere", Web("http://nowhere"), Store(), refused=lambda *_: None, backoff=Backoff(0.1, 0.1)
    )
    answers: list[Exception] = [Unwelcome("busy", {"retry": True, "retry_after": 4}), Unwelcome("busy", {}), Away()]
    away: list[float] = []

    def open_wire() -> Any:
        raise answers.pop(0)

    def stay_away(seconds: float) -> None:
        away.append(seconds)
        runner._stopping = not answers

    monkeypatch.setattr(runner._web, "enter", lambda: None)
    monkeypatch.setattr(runner, "_open_wire", open_wire)
    monkeypatch.setattr(runner, "_stay_away", stay_away)
    runner._run()
    assert 4 <= away[0] <= 6
    assert max(away[1:]) <= 0.1
    assert len(away) == 3
