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
import engineio.server
import engineio.socket
import pytest
import socketio

from academy.kernel import websocket


def digest(function: Any) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]


def test_the_versions_are_those_that_the_driver_was_proved_with() -> None:
    assert (version("python-engineio"), version("python-socketio")) == ("4.15.1", "5.18.1")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (engineio.socket.Socket._upgrade_websocket, "02f6ac05441609d3"),
        (engineio.socket.Socket._websocket_handler, "58afe122719282de"),
        (engineio.socket.Socket.close, "05fac55831999f25"),
        (engineio.socket.Socket.poll, "d7d705066fd3b948"),
        (engineio.server.Server._handle_connect, "049f7c2b2c239080"),
        (socketio.Server._handle_event, "3f64c030f25eb785"),
        (socketio.Server._handle_eio_message, "65f309c138d634eb"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_code_around_the_driver_is_what_it_was_written_for(function: Any, expected: str) -> None:
    assert digest(function) == expected


@pytest.mark.parametrize(
    "driver", [engineio.async_drivers.gevent, engineio.async_drivers.threading], ids=["gevent", "threading"]
)
def test_a_mode_is_a_table_with_the_entries_that_the_driver_uses(driver: Any) -> None:
    assert {"thread", "queue", "event", "sleep", "websocket"} <= set(driver._async)


def test_install_puts_our_driver_into_one_server_and_leaves_the_mode_itself_alone() -> None:
    server, other = (socketio.Server(async_mode="threading") for _ in range(2))
    websocket.install(server)
    assert server.eio._async["websocket"] is websocket.WebSocket
    assert other.eio._async["websocket"] is not websocket.WebSocket


def test_install_refuses_an_engineio_that_has_no_place_for_a_driver() -> None:
    server = socketio.Server(async_mode="threading")
    del server.eio._async
    with pytest.raises(RuntimeError, match="python-engineio has changed"):
        websocket.install(server)


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


def test_the_driver_has_no_attribute_on_which_engineio_would_set_a_timeout() -> None:
    assert not {"_sock", "socket"} & set(dir(websocket.WebSocket))
