"""One message to many: the same frame for each, in order, and nothing for those who left."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import engineio.packet
import engineio.socket
import pytest
import socketio

from academy.kernel import fanout, websocket_engine
from academy.kernel.fanout import FanOut, Turns
from academy.kernel.websocket_writer import FrameWriter
from tests.academy.kernel.wires import Client, Server, frame, frames_of


class Member:
    """A client of a server, with a wire to read what it is sent."""

    def __init__(self, server: Any, number: int, *rooms: str) -> None:
        self.ours, self.wire = socket.socketpair()
        self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        engine_socket = engineio.socket.Socket(server.eio, f"e{number}")
        engine_socket.last_ping = None
        session = websocket_engine.EngineSession(engine_socket, joined=lambda _: True)
        session.writer = FrameWriter(self.ours, server.start_background_task, threading.Lock())
        session._connection = self
        engine_socket.queue = session
        server.eio.sockets[engine_socket.sid] = engine_socket
        self.sid = server.manager.connect(engine_socket.sid, "/")
        for room in rooms:
            server.enter_room(self.sid, room)

    def close(self) -> None:
        """Hang up, as the server asks."""
        with contextlib.suppress(OSError):  # by the server's own task, long after the test
            self.ours.shutdown(socket.SHUT_WR)

    def heard(self) -> list[bytes]:
        """Return the payloads of the frames that have come."""
        self.wire.setblocking(False)
        data = b""
        try:
            while chunk := self.wire.recv(1 << 20):
                data += chunk
        except BlockingIOError:
            pass
        return [payload for _, payload in frames_of(data)]


@pytest.fixture
def server() -> Any:
    return socketio.Server(async_mode="threading", transports=["websocket"], client_manager=FanOut())


@pytest.fixture
def join(server: Any) -> Iterator[Callable[..., Member]]:
    members: list[Member] = []

    def enter(*rooms: str) -> Member:
        members.append(Member(server, len(members), *rooms))
        return members[-1]

    yield enter
    for member in members:
        member.ours.close()
        member.wire.close()


def test_everybody_in_a_room_gets_one_frame_and_nobody_else_does(server: Any, join: Callable[..., Member]) -> None:
    inside, also, outside = join("a"), join("a", "b"), join("b")
    server.emit("said", {"text": "grün"}, to="a")
    assert inside.heard() == also.heard() == [b'42["said",{"text":"gr\\u00fcn"}]']
    assert outside.heard() == []


def test_a_message_is_encoded_once_however_many_it_reaches(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [join("a") for _ in range(20)]
    encoded: list[Any] = []
    encode = server.packet_class.encode
    monkeypatch.setattr(server.packet_class, "encode", lambda made: (encoded.append(made.data), encode(made))[1])
    server.emit("said", 1, to="a")
    assert encoded == [["said", 1]]
    assert {tuple(member.heard()) for member in members} == {(b'42["said",1]',)}


@pytest.mark.parametrize(
    ("data", "wire"),
    [(None, b'42["said"]'), ((1, [2]), b'42["said",1,[2]]'), ([1, 2], b'42["said",[1,2]]'), ("", b'42["said",""]')],
)
def test_arguments_go_out_as_socketio_counts_them(
    server: Any, join: Callable[..., Member], data: Any, wire: bytes
) -> None:
    member = join()
    server.emit("said", data)
    assert member.heard() == [wire]


def test_one_client_several_rooms_and_all_but_some_can_be_meant(server: Any, join: Callable[..., Member]) -> None:
    one, two, three = join("a"), join("a", "b"), join("b")
    server.emit("to", 1, to=one.sid)
    server.emit("to", 2, room=["a", "b"])
    server.emit("to", 3, to="a", skip_sid=one.sid)
    server.emit("to", 4, room=["a", "b"], skip_sid=[one.sid, three.sid])
    server.emit("to", 5, to="nobody is here")
    server.emit("to", 6, namespace="/nowhere")
    numbers = [[int(payload[8:-1]) for payload in member.heard()] for member in (one, two, three)]
    assert numbers == [[1, 2], [2, 3, 4], [2]]


def test_several_events_reach_a_reader_in_their_order_by_one_write(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, also, outside = join("a"), join("a"), join("b")
    writes: list[FrameWriter] = []
    write = FrameWriter.write
    monkeypatch.setattr(FrameWriter, "write", lambda writer, frame: (writes.append(writer), write(writer, frame))[1])
    server.manager.emit_each("said", [1, 2, 3], "/", "a", own={})
    assert inside.heard() == also.heard() == [b'42["said",1]', b'42["said",2]', b'42["said",3]']
    assert outside.heard() == []
    assert len(writes) == 2


def test_what_is_too_long_for_one_write_takes_several_each_whole_and_in_order(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "LARGEST", 100)
    hers, other = join("a", "hers"), join("a")
    writes: list[int] = []
    write = FrameWriter.write
    monkeypatch.setattr(
        FrameWriter, "write", lambda writer, frame: (writes.append(len(frame)), write(writer, frame))[1]
    )
    each = ["a" * 30, "b" * 30, "c" * 200, "d", "e"]
    server.manager.emit_each("said", each, "/", "a", own={"hers": [*each[:4], "mine"]})
    said = [f'42["said","{one}"]'.encode() for one in each]
    assert other.heard() == said
    assert hers.heard() == [*said[:4], b'42["said","mine"]']
    assert len(writes) == 2 * 3  # two that fit, a long one by itself, the rest
    server.manager.emit_each("said", [], "/", "a", own={})
    assert other.heard() == []


def test_who_is_in_a_room_of_their_own_gets_what_is_theirs_in_the_common_ones_place(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his, other = join("a", "hers"), join("a", "his"), join("a")
    encoded: list[Any] = []
    encode = server.packet_class.encode
    monkeypatch.setattr(server.packet_class, "encode", lambda made: (encoded.append(made.data[1]), encode(made))[1])
    one, two, own = {"no": 1}, {"no": 2}, {"no": 1, "nonce": "n"}
    server.manager.emit_each("said", [one, two], "/", "a", own={"hers": [own, two], "nobody is here": [one, own]})
    assert hers.heard() == [b'42["said",{"no":1,"nonce":"n"}]', b'42["said",{"no":2}]']
    assert his.heard() == other.heard() == [b'42["said",{"no":1}]', b'42["said",{"no":2}]']
    assert sorted(map(str, encoded)) == sorted(map(str, [one, two, own]))  # what several get is encoded once


def test_attachments_follow_their_message_at_once(server: Any, join: Callable[..., Member]) -> None:
    member = join("a")
    server.emit("said", {"picture": b"\x00\xff", "sound": b""}, to="a")
    message = b'451-["said",{"picture":{"_placeholder":true,"num":0},"sound":{"_placeholder":true,"num":1}}]'
    assert member.heard() == [message.replace(b"451-", b"452-"), b"\x00\xff", b""]


def test_a_callback_gets_each_clients_answer(server: Any, join: Callable[..., Member]) -> None:
    member = join("a")
    answers: list[Any] = []
    server.emit("ask", 1, to=member.sid, callback=lambda *answer: answers.append(answer))
    assert member.heard() == [b'421["ask",1]']
    server.manager.trigger_callback(member.sid, 1, ["yes", 2])
    assert answers == [("yes", 2)]


def test_clients_of_the_stock_driver_are_served_by_the_stock_path(server: Any, join: Callable[..., Member]) -> None:
    ours, stock = join("a"), join("a")
    engine_socket = server.eio.sockets["e1"]
    engine_socket.queue = server.eio.create_queue()
    server.emit("said", b"binary", to="a")
    assert ours.heard() == [b'451-["said",{"_placeholder":true,"num":0}]', b"binary"]
    assert stock.heard() == []
    assert [packet.data for packet in engine_socket.poll()] == ['51-["said",{"_placeholder":true,"num":0}]', b"binary"]


def test_a_lost_or_closed_client_keeps_nobody_from_hearing(server: Any, join: Callable[..., Member]) -> None:
    lost, closed, gone, there = (join("a") for _ in range(4))
    lost.wire.close()
    server.eio.sockets["e1"].queue.writer.cut()
    del server.eio.sockets["e2"]
    server.emit("said", 1, to="a")
    assert there.heard() == [b'42["said",1]']
    assert closed.heard() == gone.heard() == []


def test_a_room_of_many_is_told_of_who_comes_and_who_goes(server: Any, join: Callable[..., Member]) -> None:
    """Who is in such a room is looked up once, until somebody comes or goes."""
    first, *others = (join("a") for _ in range(fanout.MANY))
    server.emit("said", 1, to="a")
    late = join("a")
    server.emit("said", 2, to="a")
    server.leave_room(first.sid, "a")
    server.emit("said", 3, to="a")
    server.manager.basic_disconnect(others[0].sid, "/")
    server.emit("said", 4, to=["a", "b"])
    server.emit("said", 5, to="a")
    said = [b'42["said",%d]' % number for number in range(1, 6)]
    assert (late.heard(), first.heard()) == (said[1:], said[:2])
    assert (others[0].heard(), others[1].heard()) == (said[:3], said)


def test_the_others_go_on_after_every_200_frames(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [join("a") for _ in range(150)]
    for member in members[:30]:
        server.enter_room(member.sid, "b")
    heard_by_then: list[int] = []
    monkeypatch.setattr(server, "sleep", lambda _: heard_by_then.append(sum(len(m.heard()) for m in members)))
    for _ in range(4):
        server.emit("said", 1, to="a")
    for _ in range(10):
        server.emit("said", 1, to="b")
    assert heard_by_then == [200] * 4


def test_whoever_left_while_others_went_on_gets_nothing_more(
    server: Any, join: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [join("a") for _ in range(500)]
    left: list[Member] = []

    def meanwhile(_: float) -> None:
        for member in members[::50]:
            server.leave_room(member.sid, "a")
            left.append(member)

    monkeypatch.setattr(server, "sleep", meanwhile)
    server.emit("said", 1, to="a")
    assert left[:10] == members[::50]
    assert [len(member.heard()) for member in members[::50]] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert all(len(m.heard()) == 1 for number, m in enumerate(members) if number % 50)


def test_broadcasts_of_many_threads_reach_every_reader_in_one_order(server: Any, join: Callable[..., Member]) -> None:
    members = [join("a") for _ in range(250)]  # so that each broadcast lets the others go on
    threads = [
        threading.Thread(target=lambda who=who: [server.emit("said", [who, n], to="a") for n in range(10)])
        for who in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    orders = {tuple(member.heard()) for member in members}
    assert len(orders) == 1
    (order,) = orders
    assert len(order) == 80
    for who in range(8):
        mine = [payload for payload in order if payload.startswith(b'42["said",[%d,' % who)]
        assert mine == [b'42["said",[%d,%d]]' % (who, n) for n in range(10)]


def test_rooms_stay_right_while_threads_come_and_go(server: Any, join: Callable[..., Member]) -> None:
    members = [join() for _ in range(12)]

    def come_and_go(member: Member) -> None:
        for _ in range(400):
            server.enter_room(member.sid, "a")  # which is empty again and again
            server.leave_room(member.sid, "a")
        server.enter_room(member.sid, "a")

    threads = [threading.Thread(target=come_and_go, args=[member]) for member in members]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        server.emit("said", 1, to=["a", "b"])
        for member in members:
            member.heard()
    for thread in threads:
        thread.join()
    assert {sid for sid, _ in server.manager.get_participants("/", "a")} == {member.sid for member in members}


def test_whoever_disconnects_is_forgotten_whatever_state_they_are_in(server: Any, join: Callable[..., Member]) -> None:
    manager, stays, goes = server.manager, join("a", "b"), join("a", "b", "c")
    manager._generate_ack_id(goes.sid, print)
    manager.pre_disconnect(goes.sid, "/")
    manager.disconnect(goes.sid, "/")
    half = manager.pre_connect("e9", "/")
    manager.disconnect(half, "/")
    manager.disconnect("nobody", "/")
    assert manager.rooms == {
        "/": {None: {stays.sid: "e0"}, stays.sid: {stays.sid: "e0"}, "a": {stays.sid: "e0"}, "b": {stays.sid: "e0"}}
    }
    assert (manager.callbacks, manager.pending_connect, manager.pending_disconnect) == ({}, {}, {})
    assert list(manager._rooms_of) == [stays.sid]
    manager.disconnect(stays.sid, "/")
    assert (manager.rooms, manager._rooms_of) == ({}, {})


def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns(threading.Lock())
    done: list[int] = []

    def take(number: int) -> None:
        with turns:
            done.append(number)

    threads = [threading.Thread(target=take, args=[number]) for number in range(20)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._line) < number + 2:
                pass
        assert done == []
    for thread in threads:
        thread.join(5)
    assert done == list(range(20))


@pytest.mark.parametrize("was_next", [False, True])
def test_whoever_is_ended_while_waiting_for_a_turn_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, *, was_next: bool
) -> None:
    turns = Turns(threading.Lock())

    class EndedError(Exception):
        pass

    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            del timeout
            if was_next:
                turns.__exit__()
            raise EndedError

    turns.__enter__()
    with monkeypatch.context() as patched:
        patched.setattr(threading, "Event", Impatient)
        with pytest.raises(EndedError):
            turns.__enter__()
    if not was_next:
        turns.__exit__()
    assert list(turns._line) == []
    with turns:
        pass


def test_with_a_message_queue_the_clients_here_are_served_the_same_way() -> None:
    published: list[Any] = []

    class Published(socketio.PubSubManager, FanOut):  # type: ignore[misc]  # python-socketio has no types
        def _publish(self, message: Any) -> None:
            published.append(message)

        def _listen(self) -> Any:
            return iter(())

    server = socketio.Server(async_mode="threading", transports=["websocket"], client_manager=Published())
    one, two = Member(server, 0, "a"), Member(server, 1, "a")
    server.emit("said", 1, to="a", skip_sid=two.sid)
    assert (one.heard(), two.heard()) == ([b'42["said",1]'], [])
    assert [(m["event"], m["data"], m["room"]) for m in published] == [("said", [1], "a")]
    server.manager._handle_emit({**published[0], "host_id": "another", "skip_sid": None})
    assert one.heard() == two.heard() == [b'42["said",1]']


@pytest.mark.parametrize("mode", ["gevent", "eventlet", "threading"])
def test_many_who_speak_at_once_are_heard_by_everybody_in_one_order_over_real_wires(mode: str) -> None:
    readers, speakers, each = 210, 4, 15  # more than 200: each broadcast lets the others go on in its middle
    server = Server(mode)
    try:
        server.ready()
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(Client(server.port).enter()) for _ in range(readers)]
            for client in clients:
                assert client.ask("join", 0) == "joined"
            for who, client in enumerate(clients[:speakers]):
                client.wire.sendall(b"".join(frame(f'42["say",[{who},{n}]]') for n in range(each)))
            orders = {tuple(client.text() for _ in range(speakers * each)) for client in clients}
        assert len(orders) == 1
        (order,) = orders
        for who in range(speakers):
            mine = [text for text in order if text.startswith(f'42["said",[{who},')]
            assert mine == [f'42["said",[{who},{n}]]' for n in range(each)]
    finally:
        server.end(signal.SIGKILL)
