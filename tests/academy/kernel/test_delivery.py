"""What was committed reaches whoever has its log open: together, in its order, the nonce only to its sender."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from academy.kernel import delivery
from academy.kernel.app import Kernel
from academy.kernel.authentication import Credential
from academy.kernel.connections import Connection
from academy.kernel.ids import new_id
from academy.kernel.log import send_of
from forums.posts import actions
from tests.academy.kernel.test_fanout import Member
from tests.factories import people
from tests.faults.rooms import Room, room_on

WAIT = 20  # seconds, on a busy machine


@dataclass
class Reader:
    """Somebody's socket, with the room open."""

    member: Member
    connection: Connection

    def told(self) -> list[tuple[int, str | None]]:
        """Return what has come: numbers, and the nonces beside them."""
        events = [json.loads(payload[2:]) for payload in self.member.heard() if payload.startswith(b"42")]
        return [(event["seq"], event.get("nonce")) for name, event in events if name == "space:event"]


@pytest.fixture
def room(kernel: Kernel) -> Room:
    return room_on(kernel, "Ada", "Bo", "Cy")


@pytest.fixture
def opens(kernel: Kernel, room: Room) -> Iterator[Callable[[UUID], Reader]]:
    """Return what lets somebody open the room."""
    readers: list[Reader] = []

    def enter(person_id: UUID) -> Reader:
        member = Member(kernel.realtime.socketio.server, 9_000 + len(readers))
        connection = Connection(member.sid, Credential("t"), person_id, new_id())
        kernel.realtime.connections.add(connection)
        kernel.realtime.join(connection, room.space_id)
        readers.append(Reader(member, connection))
        return readers[-1]

    yield enter
    for reader in readers:
        kernel.realtime.connections.remove(reader.connection.sid)
        kernel.realtime.socketio.server.manager.basic_disconnect(reader.member.sid, "/")
        reader.member.ours.close()
        reader.member.wire.close()


def say(kernel: Kernel, room: Room, author: UUID, nonce: str) -> None:
    viewer = people.viewer(kernel, author)
    kernel.commit(
        lambda session: actions.post(
            session,
            viewer=viewer,
            space_id=room.space_id,
            body_md=nonce,
            body_html=f"<p>{nonce}</p>",
            send=send_of(["secret"], author, nonce, nonce),
        )
    )


def all_at_once(kernel: Kernel, *works: Callable[[], Any]) -> None:
    """Let works commit one after the other while a delivery before them is on its way."""
    threads = []
    with kernel._shipping:
        for count, work in enumerate(works, start=1):
            threads.append(threading.Thread(target=work))
            threads[-1].start()
            while len(kernel._appended) < count and threads[-1].is_alive():
                threading.Event().wait(0.005)
    for thread in threads:
        thread.join(WAIT)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_what_waited_goes_out_together_and_only_its_sender_sees_a_nonce(
    kernel: Kernel, room: Room, opens: Callable[[UUID], Reader]
) -> None:
    ada, bo, cy = room.learners
    hers, also_hers, his, other = opens(ada), opens(ada), opens(bo), opens(cy)
    all_at_once(
        kernel,
        lambda: say(kernel, room, ada, "ada-first"),
        lambda: say(kernel, room, bo, "bo-second"),
        lambda: say(kernel, room, ada, "ada-third"),
    )
    first, second, third = (seq for seq, _ in other.told())
    assert (second, third) == (first + 1, first + 2)
    assert hers.told() == also_hers.told() == [(first, "ada-first"), (second, None), (third, "ada-third")]
    assert his.told() == [(first, None), (second, "bo-second"), (third, None)]


def test_a_tab_that_closed_the_room_hears_nothing_of_what_another_tab_of_the_same_person_says(
    kernel: Kernel, room: Room, opens: Callable[[UUID], Reader]
) -> None:
    ada = room.learners[0]
    stays, leaves, signs_out = opens(ada), opens(ada), opens(ada)
    kernel.realtime.leave(leaves.connection, room.space_id)
    kernel.realtime.disconnect(sign_in_id=signs_out.connection.sign_in_id)
    say(kernel, room, ada, "ada-first")
    assert [nonce for _, nonce in stays.told()] == ["ada-first"]
    assert leaves.told() == signs_out.told() == []


def test_more_than_one_write_takes_are_several_in_their_order(
    kernel: Kernel, room: Room, opens: Callable[[UUID], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BURST", 2)
    ada, bo, _ = room.learners
    hers, other = opens(ada), opens(bo)
    all_at_once(kernel, *(lambda n=n: say(kernel, room, ada, f"message-{n}") for n in range(5)))
    told = hers.told()
    assert [nonce for _, nonce in told] == [f"message-{n}" for n in range(5)]
    assert other.told() == [(told[0][0] + n, None) for n in range(5)]


def test_other_processes_are_told_what_was_said_here_and_tell_their_own_readers(
    kernel: Kernel, room: Room, opens: Callable[[UUID], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same process stands for both ends; what a wire between them makes of it is JSON."""
    ada, bo, _ = room.learners
    hers, his = opens(ada), opens(bo)
    said: list[dict[str, Any]] = []

    class Relay:
        def say(self, method: str, **what: Any) -> None:
            said.append(json.loads(json.dumps({"method": method, **what})))

    monkeypatch.setattr(kernel.realtime.delivery, "_relay", Relay())
    say(kernel, room, ada, "ada-first")
    assert [told["method"] for told in said] == ["events"]
    here = (hers.told(), his.told())
    kernel.realtime.delivery._told_of_events(said[0])
    assert (hers.told(), his.told()) == here
    assert here[0] == [(here[1][0][0], "ada-first")]


def test_of_a_log_that_nobody_has_open_here_the_others_are_told_the_rows(
    kernel: Kernel, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, list[str]]] = []

    class Relay:
        def say(self, method: str, **what: Any) -> None:
            said.append((method, sorted(what)))

    monkeypatch.setattr(kernel.realtime.delivery, "_relay", Relay())
    say(kernel, room, room.learners[0], "ada-first")
    assert said == [("rows", ["rows"])]
