"""Inside a unit of work on SQLite no green thread gives way but for its commit: seen in a real server process."""

from __future__ import annotations

import json
import shutil
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.contracts.conftest import World
from tests.contracts.test_sockets import Wire, connect
from tests.serving import cookie_of, start_server

WRITERS = ("learner", "peer", "mentor", "facilitator", "lead")
EACH = 8


def _traced(made: World, folder: Path, **environment: str) -> dict[str, Any]:
    """Let several people write to one room at the same time and return what the server's trace says."""
    shutil.copyfile(made.file, folder / "world.db")
    server = start_server(
        f"sqlite:///{folder / 'world.db'}",
        folder,
        app="tests.contracts.traced:create_app",
        ACADEMY_JOBS="off",
        **environment,
    )
    try:
        wires = [connect(server.url, cookie_of(made.tokens[name])) for name in WRITERS]

        def write(wire: Wire) -> list[str]:
            said = [{"space": made.ids["room"], "nonce": uuid4().hex, "body": f"Message {n}"} for n in range(EACH)]
            return [wire.ask("post:send", message) for message in said]

        with ThreadPoolExecutor(len(wires)) as pool:
            answers = [answer for found in pool.map(write, wires) for answer in found]
        for wire in wires:
            wire.client.disconnect()
        assert set(answers) == {"ok"}
        with urllib.request.urlopen(f"{server.url}/traced", timeout=20) as answer:
            return json.load(answer)
    finally:
        server.stop()


@pytest.mark.xdist_group("sockets")
def test_no_green_thread_gives_way_inside_a_unit_of_work(world_made: World, tmp_path: Path):
    seen = _traced(world_made, tmp_path)
    assert seen["units"] >= len(WRITERS) * EACH
    assert seen["left"] == []
    assert seen["on_the_disk"] > 0


@pytest.mark.xdist_group("sockets")
def test_a_unit_of_work_that_gave_way_would_be_seen(world_made: World, tmp_path: Path):
    seen = _traced(world_made, tmp_path, TRACED_BREACH="1")
    assert len(seen["left"]) >= len(WRITERS) * EACH
    assert "traced.py" in seen["left"][0]
