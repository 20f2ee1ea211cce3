"""Sockets are told that their server goes away, however it ends; how it ends by SIGTERM is seen in test_websocket.py."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from tests.academy.kernel.wires import COMMANDS, Client, Server

pytestmark = pytest.mark.xdist_group("ends")

GUNICORN = [name for name in COMMANDS if name.startswith("gunicorn")]
ENDS = [(name, signal.SIGINT) for name in COMMANDS] + [(name, signal.SIGKILL) for name in GUNICORN]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    running = Server(request.param)
    try:
        yield running.ready()
    finally:
        running.end(signal.SIGKILL)


@pytest.mark.parametrize(
    ("server", "number"),
    ENDS,
    indirect=["server"],
    ids=[f"{name}, {'SIGINT' if number is signal.SIGINT else 'its master killed'}" for name, number in ENDS],
)
def test_a_server_that_ends_at_once_says_goodbye_to_its_sockets(server: Server, number: signal.Signals) -> None:
    ended: list[tuple[int, float, str]] = []
    with Client(server.port).enter() as client, Client(server.port).enter() as silent:
        ending = threading.Thread(target=lambda: ended.append(server.end(number)))
        ending.start()
        assert client.ending() == (1001, b"")
        assert silent.receive() == (8, (1001).to_bytes(2, "big"))
        ending.join()
    code, seconds, said = ended[0]
    assert code == (0 if number is signal.SIGINT else -signal.SIGKILL), said
    assert seconds < 6
    assert "Traceback" not in said
    assert "Exception" not in said
