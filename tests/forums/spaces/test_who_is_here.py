"""Who is here is told soon to a few and, however many they are, at a cost that does not grow with their square."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from academy.kernel.access import RateLimited
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.kernel.realtime import Socket
from forums.spaces import sockets
from forums.spaces.sockets import COALESCE, NAMED, SPENT, Presence
from tests.factories import forums, people


class Hall:
    """A room whose people come and go by a clock of the test's own, and what they are told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.id = new_id()
        self.now = 0.0
        self.here: set[UUID] = set()
        self.told: list[tuple[float, Mapping[str, Any], int]] = []
        """When, what, and how many bytes to all of them together."""
        self._due: list[tuple[float, Callable[[UUID], None], UUID]] = []
        monkeypatch.setattr(sockets, "monotonic", lambda: self.now)
        monkeypatch.setattr(sockets, "Timer", self._timer)
        self._presence = Presence(cast("Kernel", SimpleNamespace(realtime=self)))

    def _timer(self, seconds: float, do: Callable[[UUID], None], given: Sequence[UUID]) -> SimpleNamespace:
        return SimpleNamespace(start=lambda: self._due.append((self.now + seconds, do, given[0])))

    def present(self, _log_id: UUID) -> set[UUID]:
        return set(self.here)

    def signal(self, log_id: UUID, name: str, payload: Mapping[str, Any]) -> None:
        assert (log_id, name) == (self.id, "presence")
        frame = json.dumps([name, payload], separators=(",", ":"))
        self.told.append((self.now, payload, len(frame) * len(self.here)))

    @property
    def bytes(self) -> int:
        return sum(size for _, _, size in self.told)

    def come(self, *people: UUID) -> None:
        self.here |= set(people)
        self._presence.changed(self.id)

    def go(self, *people: UUID) -> None:
        self.here -= set(people)
        self._presence.changed(self.id)

    def later(self, seconds: float) -> None:
        """Let time pass, and do what is due meanwhile."""
        end = self.now + seconds
        while self._due and min(self._due)[0] <= end:
            due = min(self._due)
            self._due.remove(due)
            self.now, do, log_id = due
            do(log_id)
        self.now = end


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    return Hall(monkeypatch)


def crowd(number: int) -> list[UUID]:
    return [new_id() for _ in range(number)]


def test_a_few_are_all_named_a_quarter_of_a_second_after_every_change(hall: Hall) -> None:
    people = crowd(20)
    for number, person in enumerate(people, start=1):
        hall.come(person)
        hall.later(COALESCE)
        at, payload, _ = hall.told[-1]
        assert (at, len(hall.told)) == (hall.now, number)
        assert payload == {"space": encode(hall.id), "people": [encode(p) for p in people[:number]], "count": number}


def test_who_comes_at_once_is_told_of_at_once(hall: Hall) -> None:
    hall.come(*crowd(10))
    hall.later(COALESCE / 2)
    hall.come(*crowd(10))
    hall.later(5)
    assert [payload["count"] for _, payload, _ in hall.told] == [20]


def test_a_thousand_who_come_within_seconds_cost_some_megabytes_and_are_all_counted_soon(hall: Hall) -> None:
    for person in crowd(1_000):
        hall.come(person)
        hall.later(0.003)
    hall.later(12)
    at, payload, _ = hall.told[-1]
    assert payload["count"] == 1_000
    assert at < 10
    assert hall.bytes < 15 * SPENT  # all names to all of them each quarter of a second were 133 MB


def test_comings_and_goings_in_a_hall_cost_no_more_than_a_room_may_spend(hall: Hall) -> None:
    stay = crowd(1_000)
    hall.come(*stay)
    for _ in range(600):
        (visitor,) = crowd(1)
        hall.come(visitor)
        hall.later(0.05)
        hall.go(visitor)
        hall.later(0.05)
    assert hall.now == pytest.approx(60)
    assert 8 <= len(hall.told) <= 12
    assert hall.bytes < 60 * SPENT * 1.2


def test_a_larger_hall_names_some_counts_all_and_forgets_no_last_change(hall: Hall) -> None:
    people = crowd(3 * NAMED)
    hall.come(*people)
    hall.later(COALESCE)
    hall.go(people[0])
    hall.later(60)
    hall.later(60)
    assert [payload["count"] for _, payload, _ in hall.told] == [3 * NAMED, 3 * NAMED - 1]
    assert [payload["people"] for _, payload, _ in hall.told] == [
        [encode(person) for person in people[:NAMED]],
        [encode(person) for person in people[1 : NAMED + 1]],
    ]
    hall.go(people[1])
    hall.later(COALESCE)
    assert hall.told[-1][1]["count"] == 3 * NAMED - 2  # what the lists before have cost is paid for


def test_what_one_hall_spends_holds_up_no_other_room(hall: Hall) -> None:
    hall.come(*crowd(1_000))
    hall.later(COALESCE)
    hall.here = set(crowd(5))
    hall.id = new_id()
    hall.come(*crowd(1))
    hall.later(COALESCE)
    assert hall.told[-1][1]["count"] == 6


def test_of_everybody_who_writes_at_once_so_much_is_told_and_no_more(kernel: Kernel) -> None:
    _, space, writers = forums.room(kernel, "Ana", "Ben", "Cy", "Di", "Eve")
    told: list[str] = []
    socket = cast(
        "Socket", SimpleNamespace(follows=lambda _id: True, signal=lambda _id, _name, sent: told.append(sent["name"]))
    )
    refused = 0
    for _ in range(10):
        for writer in writers:
            try:
                sockets.typing(kernel, people.viewer(kernel, writer), {"space": encode(space)}, socket)
            except RateLimited:
                refused += 1
    assert (len(told), refused) == (40, 10)
    assert {told.count(name) for name in told} == {8}
