"""Every socket event names its guard and answers whom the table says, over the wire to a real server."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import socketio
from flask import Flask
from socketio.exceptions import ConnectionError as Refused

from academy.kernel.app import Kernel
from academy.kernel.ids import decode
from tests.contracts.conftest import World
from tests.contracts.socket_table import SCOPES, SOCKETS
from tests.contracts.table import COLUMNS, rows
from tests.factories import tokens
from tests.live import kernel_on
from tests.serving import cookie_of, serving

SIGNED_IN = COLUMNS[1:]
TABLE = rows(SOCKETS, SIGNED_IN)
NEEDED: dict[str, str] = dict(line.split() for line in SCOPES.strip().splitlines())
HEARING = "forums:read"
"""The scope without which no socket is opened."""
UNANSWERED = {"typing"}
"""Events without an ack: whether they passed is seen by who receives them."""

SENT: dict[str, Callable[[str], dict[str, Any]]] = {
    "space:open": lambda target: {"spaces": {target: 0}},
    "space:sync": lambda target: {"space": target, "since": 0},
    "space:close": lambda target: {"space": target},
    "read:set": lambda target: {"space": target, "no": 1},
    "typing": lambda target: {"space": target},
    "post:send": lambda target: {"space": target, "nonce": uuid4().hex, "body": "Hello."},
    "post:react": lambda target: {"post": target, "nonce": uuid4().hex, "emoji": "\N{YELLOW HEART}", "on": True},
    "post:edit": lambda target: {"post": target, "nonce": uuid4().hex, "body": f"Other words {uuid4().hex}."},
    "post:remove": lambda target: {"post": target, "nonce": uuid4().hex},
}
"""What each event carries: something valid, so that a refusal is about rights."""


@dataclass
class Wire:
    """Somebody's open socket, and whose typing it saw."""

    client: socketio.Client
    typing: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, event: str, data: dict[str, Any]) -> str:
        """Return "ok" or the refusal's code."""
        answer = self.client.call(event, data, timeout=20)
        return "ok" if answer["ok"] else str(answer["error"])


def connect(address: str, cookie: str = "", token: str = "") -> Wire:
    """Open a socket; raises `Refused` when the server does not want it."""
    client = socketio.Client(reconnection=False)
    wire = Wire(client)
    client.on("typing", lambda told: wire.typing.add((told["space"], told["person"])))
    headers = {"Cookie": f"academy={cookie}"} if cookie else {}
    try:
        auth = {"token": token} if token else None
        client.connect(address, headers=headers, auth=auth, transports=["websocket"], wait_timeout=20)
    except Refused:
        client.disconnect()
        raise
    return wire


@contextmanager
def served(world: World, folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a copy of the world; gives where, and where its database is."""
    file: Path = folder / "world.db"
    shutil.copyfile(world.file, file)
    with serving(f"sqlite:///{file}", folder, ACADEMY_JOBS="off") as found:
        yield found, f"sqlite:///{file}"


@pytest.fixture(scope="module")
def address(world_made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of the world."""
    with served(world_made, tmp_path_factory.mktemp("sockets")) as (found, _url):
        yield found


class Programs:
    """Sockets of programs, by whose token and for what they are."""

    def __init__(self, address: str, kernel: Kernel, world: World) -> None:
        self.address, self._kernel, self._world = address, kernel, world
        self.opened: dict[tuple[str, ...], Wire] = {}

    def of(self, column: str, *scopes: str) -> Wire:
        """Open a socket by a token of a column's person with these scopes, once."""
        key = (column, *sorted(set(scopes)))
        if key not in self.opened:
            _row, token = tokens.token(self._kernel, decode(self._world.ids[column]), key[1:])
            self.opened[key] = connect(self.address, token=token)
        return self.opened[key]


@pytest.fixture(scope="module")
def programs(world_made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """Serve a copy of their own to programs; their sockets are opened as they are needed."""
    folder = tmp_path_factory.mktemp("programs")
    with served(world_made, folder) as (found, url):
        kernel = kernel_on(url, folder)
        made = Programs(found, kernel, world_made)
        yield made
        for wire in made.opened.values():
            wire.client.disconnect()
        kernel.database.engine.dispose()


@pytest.fixture(scope="module")
def wires(address: str, world_made: World) -> Iterator[dict[str, Wire]]:
    """Open a socket for everybody who is signed in."""
    opened = {name: connect(address, cookie_of(world_made.tokens[name])) for name in SIGNED_IN}
    yield opened
    for wire in opened.values():
        wire.client.disconnect()


pytestmark = pytest.mark.xdist_group("sockets")


@pytest.mark.parametrize(
    ("event", "target"), [row for row in TABLE if row[0] not in UNANSWERED], ids=lambda value: str(value)
)
def test_an_event_is_answered_as_the_table_says(wires: dict[str, Wire], world_made: World, event: str, target: str):
    expected = TABLE[event, target]
    # Refusals first: what one person may change would otherwise change what the next one meets.
    order = sorted(SIGNED_IN, key=lambda name: expected[name] == "ok")
    found = {name: wires[name].ask(event, SENT[event](target.format(**world_made.ids))) for name in order}
    wrong = {name: f"{found[name]}, not {expected[name]}" for name in SIGNED_IN if found[name] != expected[name]}
    assert not wrong, wrong


@pytest.mark.parametrize(
    ("event", "target"), [row for row in TABLE if row[0] not in UNANSWERED], ids=lambda value: str(value)
)
def test_a_token_is_its_owner_where_its_scope_reaches_and_nobody_beyond(
    programs: Programs, world_made: World, event: str, target: str
):
    needed, filled = NEEDED[event], target.format(**world_made.ids)
    verb = needed.rpartition(":")[2]
    other = "write" if verb == "read" else "read"
    for column in ("outsider", "learner"):
        for scopes in ([needed, HEARING], ["read", "write"]):
            assert programs.of(column, *scopes).ask(event, SENT[event](filled)) == TABLE[event, target][column]
        if needed == HEARING:
            continue  # who lacks it is not even here
        for short in ([HEARING], ["read", f"people:{verb}"], [HEARING, f"forums:{other}"]):
            assert programs.of(column, *short).ask(event, SENT[event](filled)) == "forbidden"


@pytest.mark.parametrize("scopes", [["forums:write"], ["write"], ["people:read", "notices:read"]])
def test_a_token_that_may_read_nothing_here_opens_no_socket(programs: Programs, scopes: list[str]):
    with pytest.raises(Refused):
        programs.of("learner", *scopes)


def test_typing_is_not_seen_of_a_token_that_only_reads(programs: Programs, world_made: World):
    space = world_made.ids["room"]
    reads, writes = programs.of("learner", HEARING), programs.of("learner", HEARING, NEEDED["typing"])
    peer = connect(programs.address, cookie_of(world_made.tokens["peer"]))
    for wire in (reads, writes, peer):
        assert wire.ask("space:open", SENT["space:open"](space)) == "ok"
    reads.client.emit("typing", SENT["typing"](space))
    assert reads.ask("space:sync", SENT["space:sync"](space)) == "ok"  # events of one socket are handled in order
    time.sleep(0.3)  # what should not come gets the time to come
    assert peer.typing == set()
    writes.client.emit("typing", SENT["typing"](space))
    deadline = time.monotonic() + 5
    while not peer.typing:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    peer.client.disconnect()


@pytest.mark.parametrize("target", ["{room}", "{pair_room}"])
def test_typing_is_seen_only_from_whom_the_table_says(wires: dict[str, Wire], world_made: World, target: str):
    expected = TABLE["typing", target]
    space = target.format(**world_made.ids)
    everybody = {name for name in SIGNED_IN if wires[name].ask("space:open", SENT["space:open"](space)) == "ok"}
    for name in SIGNED_IN:
        wires[name].client.emit("typing", SENT["typing"](space))
    # The learner sees all others, the mentor sees the learner.
    wanted = {world_made.ids[name] for name in SIGNED_IN if expected[name] == "ok"}
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        seen = {person for wire in wires.values() for told, person in wire.typing if told == space}
        if seen >= wanted:
            break
        time.sleep(0.05)
    time.sleep(0.3)  # what should not come gets the time to come
    seen = {person for wire in wires.values() for told, person in wire.typing if told == space}
    assert seen == wanted
    assert everybody == {name for name in SIGNED_IN if expected[name] == "ok"}


@pytest.mark.parametrize("cookie", ["", "not.a.cookie", "of nobody"])
def test_whoever_is_signed_out_gets_no_socket(address: str, cookie: str):
    with pytest.raises(Refused):
        connect(address, cookie_of("no such token") if cookie == "of nobody" else cookie)


def test_every_event_stands_in_the_table_and_every_row_is_an_event(whole_app: Flask):
    handled = {handler.event for handler in whole_app.extensions["kernel"].realtime.handlers}
    assert handled == {event for event, _target in TABLE} == set(SENT) == set(NEEDED)


def test_every_event_names_its_guard(whole_app: Flask):
    assert [h.event for h in whole_app.extensions["kernel"].realtime.handlers if not h.guard] == []


def test_every_event_is_allowed_at_least_once_and_refused_at_least_once():
    cells: dict[str, set[str]] = {}
    for (event, _target), expected in TABLE.items():
        cells.setdefault(event, set()).update(expected.values())
    assert [event for event, met in cells.items() if "ok" not in met] == []
    # Following no more needs no right beyond the socket itself, which is refused to whoever is signed out.
    assert [event for event, met in cells.items() if met == {"ok"}] == ["space:close"]
