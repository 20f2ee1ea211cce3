"""Where our driver is plugged into python-engineio. When this fails, engineio was upgraded: read what changed
in engineio/socket.py and engineio/server.py, prove the driver anew (test_websocket.py), then set the new values.
"""

from __future__ import annotations

import hashlib
import inspect
from importlib.metadata import version
from typing import Any

import engineio.async_drivers.gevent
import engineio.async_drivers.threading
import engineio.packet
import engineio.server
import engineio.socket
import pytest
import socketio

from academy.kernel import websocket_engine


def name_of(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def digest(function: Any) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]


def test_the_versions_are_those_that_the_driver_was_proved_with() -> None:
    assert (version("python-engineio"), version("python-socketio")) == ("4.15.1", "5.18.1")


RELIED_ON = {
    engineio.socket.Socket._upgrade_websocket: "asks the table of the mode for `websocket` and calls what it gets",
    engineio.socket.Socket._websocket_handler: "is replaced by EngineSession.serve: it must do all that this one does",
    engineio.socket.Socket.receive: "answers pongs, hands messages on, raises what EngineSession.serve catches",
    engineio.socket.Socket.send: "puts into `queue` at once, or closes a silent socket",
    engineio.socket.Socket.close: "says `disconnect` once, sends CLOSE and puts None into `queue`",
    engineio.socket.Socket.schedule_ping: "starts `_send_ping` as a background task, which goes to the wheel",
    engineio.socket.Socket._send_ping: "waits, sets `last_ping` and sends PING, which the wheel does instead",
    engineio.socket.Socket.check_ping_timeout: "takes `last_ping` for seconds since 1970",
    engineio.server.Server._handle_connect: "puts OPEN into the queue before it asks for the driver",
    engineio.server.Server._service_task: "looks for silent sockets, which the wheel finds instead",
    socketio.Server._handle_eio_connect: "keeps the environ of a connection; expect_to_join calls it",
    socketio.Server._handle_eio_message: "is replaced by admit_only: it must hand on all that may come in",
    socketio.Server._handle_connect: "takes a client into a namespace, or refuses it",
    socketio.Server._handle_disconnect: "takes a client out of a namespace and says `disconnect`",
    socketio.Server._handle_event: "calls the handler named by the first of a list, and acknowledges",
    socketio.Manager.emit: "is replaced by FanOut.emit: it must send to all to whom this one sends",
    socketio.Manager.sid_from_eio_sid: "knows a client from before its connect handler until it is refused or has left",
    socketio.Manager.get_participants: "gives pairs of ids, each client once",
    socketio.Manager.basic_enter_room: "is locked by FanOut",
    socketio.Manager.basic_leave_room: "is locked by FanOut",
    socketio.Manager.basic_disconnect: "is replaced by FanOut.basic_disconnect: it must forget all that this one does",
}
PROVED = """
engineio.socket.Socket._upgrade_websocket 02f6ac05441609d3
engineio.socket.Socket._websocket_handler 58afe122719282de
engineio.socket.Socket.receive 4126eb2537d0d020
engineio.socket.Socket.send f8b2738ee5d48ab2
engineio.socket.Socket.close 05fac55831999f25
engineio.socket.Socket.schedule_ping fe316639159cd70d
engineio.socket.Socket._send_ping 21861287bd38dedc
engineio.socket.Socket.check_ping_timeout ccddc110d9836176
engineio.server.Server._handle_connect 049f7c2b2c239080
engineio.server.Server._service_task 9492b7b0d652907d
socketio.server.Server._handle_eio_connect 4be135c046ed6bcc
socketio.server.Server._handle_eio_message 65f309c138d634eb
socketio.server.Server._handle_connect 1b0ba130a57d9320
socketio.server.Server._handle_disconnect fb93d61de8cb8c31
socketio.server.Server._handle_event 3f64c030f25eb785
socketio.manager.Manager.emit 566510ea2de39d65
socketio.base_manager.BaseManager.sid_from_eio_sid 15467098a36bcd71
socketio.base_manager.BaseManager.get_participants 7d78ad681c95de5b
socketio.base_manager.BaseManager.basic_enter_room 3f509586d2d7f47e
socketio.base_manager.BaseManager.basic_leave_room e27f3eea06d1c6a6
socketio.base_manager.BaseManager.basic_disconnect 2933b50bc4b2ea7b
"""


def test_the_code_around_the_driver_is_what_it_was_written_for() -> None:
    proved = dict(line.split() for line in PROVED.strip().splitlines())
    changed = [
        f"{name_of(function)} has changed; the driver relies on that it {why}"
        for function, why in RELIED_ON.items()
        if digest(function) != proved[name_of(function)]
    ]
    assert changed == []


@pytest.mark.parametrize(
    "driver", [engineio.async_drivers.gevent, engineio.async_drivers.threading], ids=["gevent", "threading"]
)
def test_a_mode_is_a_table_with_the_entries_that_the_driver_uses(driver: Any) -> None:
    assert {"thread", "queue", "queue_empty", "event", "sleep", "websocket"} <= set(driver._async)


def test_install_puts_our_driver_into_one_server_and_leaves_the_mode_itself_alone() -> None:
    server, other = (socketio.Server(async_mode="threading", transports=["websocket"]) for _ in range(2))
    stock = other.eio._async["websocket"]
    websocket_engine.install(server)
    assert server.eio._async["websocket"] is not stock
    assert other.eio._async["websocket"] is stock
    assert (server.eio.start_service_task, other.eio.start_service_task) == (False, True)


def test_install_refuses_an_engineio_that_has_no_place_for_a_driver() -> None:
    server = socketio.Server(async_mode="threading")
    del server.eio._async
    with pytest.raises(RuntimeError, match="python-engineio has changed"):
        websocket_engine.install(server)


def test_engineio_calls_the_driver_with_its_bound_handler_and_the_server() -> None:
    server = socketio.Server(async_mode="threading")
    called = []

    def driver(handler: Any, engine: Any) -> Any:
        called.append((handler, engine))
        return lambda environ, _: environ["answer"]

    server.eio._async = {**server.eio._async, "websocket": driver}
    session = engineio.socket.Socket(server.eio, "sid")
    assert session._upgrade_websocket({"answer": [b"done"]}, None) == [b"done"]
    handler, engine = called[0]
    assert (handler.__self__, engine) == (session, server.eio)


def test_a_ping_that_engineio_schedules_goes_to_the_wheel_and_other_tasks_start() -> None:
    server = socketio.Server(async_mode="threading", transports=["websocket"], ping_interval=3600)
    started: list[Any] = []
    server.eio.start_background_task = lambda target, *_, **__: started.append(target)
    websocket_engine.install(server)
    sessions = [engineio.socket.Socket(server.eio, str(number)) for number in range(3)]
    for session in sessions:
        session.schedule_ping()
    assert len(started) == 1, "one wheel for all of them"
    assert not any(session._send_ping in started for session in sessions)
    server.eio.start_background_task(print, "something else")
    assert started[1:] == [print]
    assert [session.last_ping for session in sessions] == [None] * 3


def test_the_connection_takes_the_place_of_the_queue_and_sends_what_was_in_it_first() -> None:
    server = socketio.Server(async_mode="threading", transports=["websocket"])
    websocket_engine.install(server)
    session = engineio.socket.Socket(server.eio, "sid")
    server.eio.sockets["sid"] = session
    session.queue.put(engineio.packet.Packet(engineio.packet.OPEN, "first"))
    connection = Recorded(["4second", "3", None])
    heard: list[Any] = []
    server.eio.on("message", lambda sid, data: heard.append((sid, data)))
    made = websocket_engine.EngineSession(session, joined=lambda sid: sid == "sid" and bool(heard))
    made.serve(connection)  # type: ignore[arg-type]  # as much of one as is used
    assert connection.written == [b"\x81\x060first"]
    assert heard == [("sid", "second")]
    assert (session.connected, session.upgraded, session.closed) == (True, True, True)
    assert connection.closed == 1
    assert connection.allowed == [server.eio.max_http_buffer_size], "once it had joined"
    assert "sid" not in server.eio.sockets


class Recorded:
    """A connection that plays what it is given and keeps what it gets."""

    def __init__(self, messages: list[str | None]) -> None:
        self.messages = messages
        self.written: list[bytes] = []
        self.closed = 0
        self.allowed: list[int] = []
        self.writer = self

    def wait(self) -> str | None:
        return self.messages.pop(0)

    def write(self, frame: bytes) -> None:
        self.written.append(frame)

    def allow(self, max_size: int) -> None:
        self.allowed.append(max_size)

    def close(self) -> None:
        self.closed += 1
