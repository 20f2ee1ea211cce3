"""Connections come in, are counted and end: each for itself, whatever happens to another one or meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from academy.kernel import authentication, realtime, websocket_engine
from academy.kernel.app import Kernel
from academy.kernel.authentication import Authentication, ViewerSlot
from academy.kernel.ids import new_id
from academy.people import actions
from tests.factories import people
from tests.factories.sockets import Line, dial, join, signed_in


@pytest.fixture(autouse=True)
def nobody_stays(kernel: Kernel) -> Iterator[None]:
    """Hang up on whoever is here: the app lives for longer than a test."""
    yield
    for engine_socket in list(kernel.realtime.socketio.server.eio.sockets.values()):
        engine_socket.close()
    kernel.realtime.socketio.server.eio.sockets.clear()


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.member(kernel, people.group(kernel), people.person(kernel))


def rooms(kernel: Kernel) -> dict[Any, Any]:
    return {name: dict(who) for name, who in kernel.realtime.socketio.server.manager.rooms.get("/", {}).items()}


def here(kernel: Kernel, person_id: UUID) -> int:
    return len(kernel.realtime.connections.of_person(person_id))


# how many


def test_a_person_has_so_many_connections_and_the_next_one_once_another_has_ended(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    monkeypatch.setattr(realtime, "SOCKETS", 3)
    ben = people.member(kernel, people.group(kernel), people.person(kernel))
    laptop, phone = signed_in(kernel, ana), signed_in(kernel, ana)
    lines = [join(kernel, token) for token in (laptop, laptop, phone)]
    assert all(line.joined for line in lines)
    told = join(kernel, phone).refusal
    assert (told["error"], told["retry"]) == ("rate_limited", True)
    assert 5 <= told["retry_after"] <= 15
    assert "Close some" in told["detail"]
    assert here(kernel, ana) == 3
    assert join(kernel, signed_in(kernel, ben)).joined
    lines[0].close()
    assert join(kernel, phone).joined


def test_whoever_connects_too_often_waits_and_nothing_is_looked_up_for_them(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    monkeypatch.setattr(authentication, "CONNECTS", "3 per 10 second")
    token, looks = signed_in(kernel, ana), []
    (slot,) = kernel.slots(ViewerSlot)
    monkeypatch.setattr(
        kernel, "slots", lambda _: [ViewerSlot(lambda s, t: looks.append(t) or slot.load(s, t), slot.load_each)]
    )
    for _ in range(3):
        line = join(kernel, token)
        assert line.joined
        line.close()
    looks.clear()
    told = join(kernel, token).refusal
    assert (told["error"], told["retry"]) == ("rate_limited", True)
    assert 1 <= told["retry_after"] <= 10
    assert looks == []
    other = join(kernel, signed_in(kernel, ana))  # another device of the same person
    assert other.refusal["error"] == "rate_limited"
    ben = people.member(kernel, people.group(kernel), people.person(kernel))
    assert join(kernel, signed_in(kernel, ben)).joined


def test_a_cookie_whose_sign_in_has_ended_is_counted_too(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    monkeypatch.setattr(authentication, "CONNECTS", "3 per 10 second")
    token = signed_in(kernel, ana)
    kernel.commit(lambda s: actions.end_every_sign_in(s))
    assert [join(kernel, token).refusal["error"] for _ in range(4)] == ["signed_out"] * 3 + ["rate_limited"]


def test_twenty_windows_that_come_back_five_times_in_ten_seconds_are_all_let_in(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    slower = authentication.CONNECTS.replace("10 second", "10 minute")  # a test may take its time
    monkeypatch.setattr(authentication, "CONNECTS", slower)
    token = signed_in(kernel, ana)
    for _ in range(5):
        lines = [join(kernel, token) for _ in range(20)]
        assert all(line.joined for line in lines)
        for line in lines:
            line.close()
    assert join(kernel, token).refusal["error"] == "rate_limited"


def test_one_line_joins_so_often_and_no_more(kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID) -> None:
    monkeypatch.setattr(websocket_engine, "JOINS", 5)
    entered: list[object] = []
    enter = Authentication.enter
    monkeypatch.setattr(Authentication, "enter", lambda self, auth: entered.append(auth) or enter(self, auth))
    line = dial(kernel, signed_in(kernel, ana))
    for _ in range(5):
        line.hear("0")
        line.hear("1")
    assert not line.closed
    line.hear("0")
    assert line.closed
    line.hear("0")
    assert len(entered) == 5
    assert here(kernel, ana) == 0


# each for itself


def breaking(monkeypatch: pytest.MonkeyPatch, line: Line) -> None:
    """Let closing one connection fail, as its wire or a room may."""
    hang_up = websocket_engine.hang_up

    def fail(server: Any, sid: str) -> None:
        if server.manager.eio_sid_from_sid(sid, "/") == line.sid:
            raise OSError
        hang_up(server, sid)

    monkeypatch.setattr(websocket_engine, "hang_up", fail)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_connection_that_cannot_be_closed_leaves_no_other_one_open(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID, which: int
) -> None:
    token = signed_in(kernel, ana)
    lines = [join(kernel, token) for _ in range(3)]
    breaking(monkeypatch, lines[which])
    with capture_logs() as logged:
        kernel.realtime.disconnect(person_id=ana)
    assert [line.closed for line in lines] == [line is not lines[which] for line in lines]
    assert [entry["event"] for entry in logged] == ["close_failed"]
    assert here(kernel, ana) == 0


def test_a_log_that_cannot_be_left_keeps_no_line_open(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    line = join(kernel, signed_in(kernel, ana))

    def fail(_log_id: UUID) -> None:
        raise OSError

    monkeypatch.setattr(kernel.realtime, "_presence_changed", fail)
    with capture_logs():
        kernel.realtime.disconnect(person_id=ana)
    assert line.closed
    assert here(kernel, ana) == 0
    assert not [name for name, who in rooms(kernel).items() if line.sid in who.values()]


def test_the_beacon_reaches_everybody_but_whom_it_cannot(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    token = signed_in(kernel, ana)
    lines = [join(kernel, token) for _ in range(3)]
    send = Line.send

    def fail(line: Line, packet: Any) -> None:
        if line is lines[0]:
            raise OSError
        send(line, packet)

    monkeypatch.setattr(Line, "send", fail)
    with capture_logs() as logged:
        kernel.realtime.beam()
    heard = [any("space:heads" in packet for packet in line.said) for line in lines]
    assert heard == [False, True, True]
    assert [entry["event"] for entry in logged] == ["beacon_failed"]


# meanwhile


def test_who_is_closed_while_they_are_let_in_is_in_no_room_and_nobody_is_here(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    token, before, look = signed_in(kernel, ana), rooms(kernel), Authentication.viewer
    looks: list[object] = []

    def close_at_the_second(self: Authentication, credential: Any) -> Any:
        looks.append(credential)
        if len(looks) == 2:
            kernel.realtime.disconnect(person_id=ana)  # as where a role ended: the sign-in has not
        return look(self, credential)

    monkeypatch.setattr(Authentication, "viewer", close_at_the_second)
    line = join(kernel, token)
    assert len(looks) == 2
    assert line.closed
    assert not line.joined
    assert here(kernel, ana) == 0
    assert rooms(kernel) == before


def test_whose_line_is_lost_while_they_are_let_in_is_not_here(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, ana: UUID
) -> None:
    token, before, look = signed_in(kernel, ana), rooms(kernel), Authentication.viewer
    line = dial(kernel, token)

    def lose(self: Authentication, credential: Any) -> Any:
        line.close()
        return look(self, credential)

    monkeypatch.setattr(Authentication, "viewer", lose)
    line.hear("0")
    assert here(kernel, ana) == 0
    assert rooms(kernel) == before


def test_the_beacon_forgets_whose_line_is_gone(kernel: Kernel, ana: UUID) -> None:
    line, before = join(kernel, signed_in(kernel, ana)), here(kernel, ana)
    del kernel.realtime.socketio.server.eio.sockets[line.sid]  # without a word
    kernel.realtime.beam()
    assert (before, here(kernel, ana)) == (1, 0)
    assert not [name for name, who in rooms(kernel).items() if line.sid in who.values()]


def test_who_has_gone_enters_no_room_and_leaves_none_behind(kernel: Kernel, ana: UUID) -> None:
    line = join(kernel, signed_in(kernel, ana))
    (connection,) = kernel.realtime.connections.of_person(ana)
    server, room = kernel.realtime.socketio.server, f"log:{new_id()}"
    server.enter_room(connection.sid, room)
    assert room in rooms(kernel)
    line.close()
    before = rooms(kernel)
    assert room not in before
    server.enter_room(connection.sid, room)
    kernel.realtime.join(connection, new_id())
    assert rooms(kernel) == before
