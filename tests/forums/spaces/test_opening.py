"""Many spaces are opened at once at the cost of what is sent, and nobody stands still meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from academy.kernel import log
from academy.kernel.access import Busy, RateLimited
from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.kernel.realtime import EVENTS, Socket
from forums.spaces import sockets
from tests.factories import forums, people
from tests.factories.sockets import socket

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def threads(kernel: Kernel, number: int, *, posts: int = 1) -> tuple[UUID, list[UUID]]:
    """Return somebody, and threads of a board of theirs with so many posts in each."""
    group, _, (ana,) = forums.room(kernel, "Ana")
    board = forums.board(kernel, people.member(kernel, group, people.person(kernel), "facilitator"), group)
    found = [forums.thread(kernel, ana, board, title=f"Thread {count}") for count in range(number)]
    for thread in found:
        for count in range(1, posts):
            forums.say(kernel, ana, thread, f"Thought {count}")
    return ana, found


def opened(kernel: Kernel, ana: Socket, since: Mapping[UUID, int]) -> Any:
    """Open spaces, and return the page of each."""
    viewer = people.viewer(kernel, ana.connection.person_id)
    sent = {"spaces": {encode(space): seq for space, seq in since.items()}}
    return sockets.open_spaces(kernel, viewer, sent, ana)["spaces"]


def left(kernel: Kernel, person_id: UUID) -> int:
    """Return how many events somebody may send by now."""
    return kernel.limits.window(EVENTS, "socket", str(person_id)).left


@BOTH
def test_spaces_that_are_opened_together_share_the_events_of_one_page_and_the_rest_follows(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE", 12)
    ana, found = threads(kernel, 5, posts=4)
    loaded: list[int] = []
    payloads = kernel.realtime._following.payloads
    monkeypatch.setattr(
        kernel.realtime._following, "payloads", lambda s, rows: loaded.append(len(rows)) or payloads(s, rows)
    )
    pages = opened(kernel, socket(kernel, ana), dict.fromkeys(found, 0))
    assert [len(page["events"]) for page in pages.values()] == loaded == [2] * 5
    assert all(page["more"] for page in pages.values())
    for space, page in zip(found, pages.values(), strict=True):
        rest = forums.catch_up(kernel, ana, space, since=page["events"][-1]["seq"], epoch=page["epoch"])
        whole = forums.catch_up(kernel, ana, space)["events"]
        assert page["events"] + rest["events"] == whole
        assert not rest["more"]


def test_of_many_more_spaces_than_a_page_has_events_each_shows_one(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE", 2)
    ana, found = threads(kernel, 5, posts=2)
    pages = opened(kernel, socket(kernel, ana), dict.fromkeys(found, 0))
    assert [(len(page["events"]), page["more"]) for page in pages.values()] == [(1, True)] * 5


@BOTH
def test_between_two_spaces_others_go_on_and_no_connection_to_the_database_is_held(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, found = threads(kernel, 5)
    held: list[int] = []
    pool: Any = kernel.database.engine.pool
    monkeypatch.setattr(kernel.realtime.socketio, "sleep", lambda _seconds: held.append(pool.checkedout()))
    opened(kernel, socket(kernel, ana), dict.fromkeys(found, 0))
    assert held == [0] * 8  # between five that are authorised, and between five that are read
    held.clear()
    opened(kernel, socket(kernel, ana), {found[0]: 0})
    assert held == []


def test_whoever_opens_many_spaces_has_used_as_many_events(kernel: Kernel) -> None:
    ana, found = threads(kernel, 5)
    hers, before = socket(kernel, ana), left(kernel, ana)
    opened(kernel, hers, {found[0]: 0})
    assert left(kernel, ana) == before  # the event itself is counted where it comes in
    opened(kernel, hers, dict.fromkeys(found, 0))
    assert left(kernel, ana) == before - 4


def test_who_has_no_room_left_for_so_many_opens_none_of_them_and_has_used_nothing(kernel: Kernel) -> None:
    ana, found = threads(kernel, 5)
    hers = socket(kernel, ana)
    kernel.realtime.count(ana, left(kernel, ana) - 3)
    with pytest.raises(RateLimited) as told:
        opened(kernel, hers, dict.fromkeys(found, 0))
    assert 1 <= (told.value.retry_after or 0) <= 10
    assert hers.connection.logs == set()
    assert left(kernel, ana) == 3
    opened(kernel, hers, dict.fromkeys(found[:4], 0))
    assert hers.connection.logs == set(found[:4])


def test_who_is_asked_to_wait_in_the_middle_of_it_has_none_open_that_was_not(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, found = threads(kernel, 4)
    hers = socket(kernel, ana)
    opened(kernel, hers, {found[0]: 0})
    catch_up = kernel.realtime.catch_up

    def busy(session: Any, viewer: Any, log_id: UUID, **more: Any) -> Any:
        if log_id == found[2]:
            raise Busy(retry_after=1)
        return catch_up(session, viewer, log_id, **more)

    monkeypatch.setattr(kernel.realtime, "catch_up", busy)
    with pytest.raises(Busy):
        opened(kernel, hers, dict.fromkeys(found, 0))
    assert hers.connection.logs == {found[0]}


def test_a_space_that_is_not_for_them_is_none_and_the_others_stay_closed(kernel: Kernel) -> None:
    ana, found = threads(kernel, 2)
    hers = socket(kernel, ana)
    with pytest.raises(sockets.Missing):
        opened(kernel, hers, {found[0]: 0, new_id(): 0})
    assert hers.connection.logs == set()
