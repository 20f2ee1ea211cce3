"""ACADEMY_REALTIME_DRIVER=stock: the threads of engineio and the frames of simple-websocket, when ours must go."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.academy.kernel.wires import Client
from tests.browsing import Browsing
from tests.faults.rooms import room_on
from tests.faults.wire import Wire, send
from tests.live import kernel_on, signed_in
from tests.serving import start_gunicorn, start_server


@pytest.mark.parametrize("start", [start_server, start_gunicorn], ids=["academy serve", "gunicorn"])
def test_a_room_works_by_the_stock_driver_with_threads(sqlite_template: Path, tmp_path: Path, start: Any) -> None:
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    kernel = kernel_on(f"sqlite:///{file}", tmp_path)
    room = room_on(kernel, "Ana", "Ben")
    cookies = [signed_in(kernel, person) for person in room.learners]
    server = start(f"sqlite:///{file}", tmp_path, mode="threading", ACADEMY_REALTIME_DRIVER="stock")
    try:
        port = int(server.url.rsplit(":", 1)[1])
        with Client(port, Sec_WebSocket_Extensions="permessage-deflate") as client:
            assert b"permessage-deflate" in client.head, "ours agrees on no compression, the stock one does"
        with Wire(server.url, cookies[0]) as ana, Wire(server.url, cookies[1]) as ben:
            for wire in (ana, ben):
                assert wire.ask("space:open", {"spaces": {room.space: 0}})["ok"]
            acks = [send(ana, room.space, f"message {number}") for number in range(5)]
            ben.wait(lambda: len(ben.events(room.space)) == 5)
            assert [event["seq"] for event in ben.events(room.space)] == [ack["seq"] for ack in acks]
            Browsing(server.url, cookies[1]).submit("/me", "/sign-out")
            ben.gone.wait(5)
            assert ben.gone.is_set()
            assert send(ana, room.space, "alone")["ok"]
    finally:
        server.stop()
        kernel.database.engine.dispose()
