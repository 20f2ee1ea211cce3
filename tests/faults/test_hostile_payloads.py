"""Whatever a socket is sent, it answers in the words of the protocol and goes on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from academy.kernel.ids import encode
from tests.factories import forums
from tests.faults.rooms import Room
from tests.faults.wire import Wire, nonce, send
from tests.live import Live

pytestmark = pytest.mark.xdist_group("faults")

FINAL = {"invalid", "too_long", "forbidden", "missing", "conflict", "closed"}
PASSING = {"rate_limited", "busy"}
EVENTS = {
    "space:open": {"spaces": {"SPACE": 0}},
    "space:sync": {"space": "SPACE", "since": 0, "epoch": None},
    "space:close": {"space": "SPACE"},
    "post:send": {"space": "SPACE", "nonce": "NONCE", "body": "words", "reply_to": None, "anonymous": False},
    "post:edit": {"post": "POST", "nonce": "NONCE", "body": "other words"},
    "post:remove": {"post": "POST", "nonce": "NONCE"},
    "post:react": {"post": "POST", "nonce": "NONCE", "emoji": "💛", "on": True},
    "read:set": {"space": "SPACE", "no": 1, "rev": None},
}
"""Every event that is answered, with a payload that is right; written by hand from docs/realtime.md."""


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


VALUES: list[Any] = [
    None,
    True,
    -1,
    0.5,
    2**63,
    10**99,
    float("nan"),
    float("inf"),
    "",
    "nonsense",
    "a" * 26,
    "A" * 26,
    "\0",
    "\ud800",
    "'; DROP TABLE posts; --",
    "../../etc/passwd",
    "x" * 100_000,
    [],
    ["SPACE"],
    {},
    {"$ne": None},
    {"__proto__": {"ok": True}},
    {"SPACE": -1},
    {"SPACE": "0"},
    {"SPACE": None},
    {"SPACE": 2**70},
    {"\0": 0},
    deep(200),
]
WHOLE: list[Any] = [None, "words", 7, [], ["a", "b"], {}, {"space": None}, deep(50), {"ok": True, "": ""}]


def hostile(event: str) -> Iterator[Any]:
    """Yield payloads for an event: none of its shape, then its own shape with one field wrong or missing."""
    yield from WHOLE
    right = EVENTS[event]
    for name in right:
        yield {key: value for key, value in right.items() if key != name}
        yield from ({**right, name: value} for value in VALUES)


def filled(value: Any, names: dict[str, str]) -> Any:
    """Put the ids of this test into a payload."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {filled(key, names): filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    return value


def typed(answer: Any) -> bool:
    """Say whether an ack is one of the protocol's."""
    if not isinstance(answer, dict):
        return False
    if answer.get("ok") is True:
        return True
    return (
        answer.get("ok") is False
        and answer.get("error") in FINAL | PASSING
        and answer.get("retry") is (answer["error"] in PASSING)
        and isinstance(answer.get("detail"), str)
    )


@pytest.mark.parametrize("event", EVENTS)
def test_a_hostile_payload_gets_a_typed_answer_and_the_connection_goes_on(
    live: Live, room: Callable[..., Room], event: str
) -> None:
    payloads = list(hostile(event))
    # A person may send 200 events, and 40 posts to a space, in ten seconds: the load is shared.
    share = 35
    made = room(*(f"Person {number}" for number in range(1 + len(payloads) // share)))
    answers: list[tuple[Any, Any]] = []
    for number, person in enumerate(made.learners):
        said = forums.say(live.kernel, person, made.space_id, "a thing to act on")
        with Wire(live.url, live.cookie(person)) as wire:
            for payload in payloads[number * share : (number + 1) * share]:
                names = {"SPACE": made.space, "POST": encode(said.id), "NONCE": nonce()}
                answers.append((payload, wire.ask(event, filled(payload, names))))
            assert wire.ask("space:sync", {"space": made.space, "since": 0})["ok"]
            assert wire.client.connected
    assert len(answers) == len(payloads)
    assert [pair for pair in answers if not typed(pair[1])] == []
    assert [pair for pair in answers if pair[1].get("error") in PASSING] == []
    for payload, answer in answers[: len(WHOLE)]:
        assert answer["ok"] is False, payload
    # What was stored is whole: the room opens for everybody.
    with Wire(live.url, live.cookie(made.learners[0])) as wire:
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]


def test_a_right_payload_of_every_event_is_taken(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    said = encode(forums.say(live.kernel, made.learners[0], made.space_id, "a thing to act on").id)
    with Wire(live.url, live.cookie(made.learners[0])) as wire:
        for event, payload in EVENTS.items():
            names = {"SPACE": made.space, "POST": said, "NONCE": nonce()}
            answer = wire.ask(event, filled(payload, names))
            # A removed post takes no reaction: the one event that comes too late here.
            assert answer.get("error") == ("closed" if event == "post:react" else None), (event, answer)


def test_typing_with_a_hostile_payload_is_silently_nothing(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners
    with Wire(live.url, live.cookie(ana)) as hers, Wire(live.url, live.cookie(ben)) as his:
        for wire in (hers, his):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        for payload in [*WHOLE, *({"space": value} for value in VALUES if value != "SPACE")]:
            hers.client.emit("typing", filled(payload, {"SPACE": made.space}))
        assert hers.ask("space:sync", {"space": made.space, "since": 0})["ok"]
        assert "typing" not in [name for name, _ in his.heard]


@pytest.mark.parametrize("event", EVENTS)
def test_what_is_nested_deeper_than_can_be_walked_through_is_refused_for_good(
    live: Live, room: Callable[..., Room], event: str
) -> None:
    made = room("Ana")
    before = live.server.log.stat().st_size
    with Wire(live.url, live.cookie(made.learners[0])) as wire:
        for levels in (400, 480, 600, 800):  # from about 1,000 on it does not decode and gets no answer
            answers: list[Any] = []
            number = wire.client._generate_ack_id("/", answers.append)
            nested = "[" * levels + "]" * levels  # as text: the client itself could not write it
            fields = ",".join(f'"{name}":{nested}' for name in EVENTS[event])
            wire.client.eio.ws.send(f'42{number}["{event}",{{{fields}}}]')
            wire.wait(lambda answers=answers: answers)
            assert typed(answers[0]), (levels, answers)
            assert answers[0]["error"] in FINAL, (levels, answers)
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
    assert live.server.log.stat().st_size == before


PACKETS = [
    '42["space:open"',
    "42",
    "42[]",
    "42{}",
    "42null",
    '42"space:open"',
    "42[{}]",
    "42[null,null]",
    '42["post:send",' + "9" * 400 + "]",
    "42" + "[" * 50_000,
    '429999["space:open",{}]',
    '42-1["space:open",{}]',
    '42/elsewhere,["space:open",{}]',
    "40/elsewhere,",
    "43",
    "430[]",
    '4399["answer"]',
    "44",
    '44{"message":"no"}',
    '451-["post:send",{"_placeholder":true,"num":0}]',
    '459999999999-["post:send",{"_placeholder":true,"num":0}]',
    '461-0["a"]',
    "47",
    "4",
    "2probe",
    "3",
    "5",
    "6",
]
"""Engine.IO messages (4…) and other packets that nobody well-behaved sends."""


def test_packets_that_cannot_be_read_are_passed_over_and_the_connection_goes_on(
    live: Live, room: Callable[..., Room]
) -> None:
    made = room("Ana", "Ben")
    with Wire(live.url, live.cookie(made.learners[0])) as wire, Wire(live.url, live.cookie(made.learners[1])) as other:
        assert other.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        for number, packet in enumerate(PACKETS):
            wire.client.eio.ws.send(packet)
            assert send(wire, made.space, f"after {number}")["no"] == number + 1, packet
        for _ in range(50):
            wire.client.eio.ws.send_binary(b"x" * 100_000)
        assert send(wire, made.space, "after the binary ones")["ok"]
        other.wait(lambda: len(other.events(made.space)) == len(PACKETS) + 1)
        assert {event["kind"] for event in other.events(made.space)} == {"post"}


@pytest.mark.parametrize("packet", ["40", "41", "1", "40{}" * 3, "9", "x", ""])
def test_a_connection_that_ends_itself_in_an_odd_way_leaves_nobody_behind_in_the_room(
    live: Live, room: Callable[..., Room], packet: str
) -> None:
    made = room("Ana", "Ben")
    ana, ben = made.learners

    def here(wire: Wire) -> list[str]:
        told = [payload["people"] for name, payload in wire.heard if name == "presence"]
        return told[-1] if told else []

    with Wire(live.url, live.cookie(ana)) as stays:
        assert stays.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        wire = Wire(live.url, live.cookie(ben))
        assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        stays.wait(lambda: len(here(stays)) == 2)
        wire.client.eio.ws.send(packet)
        assert send(stays, made.space, "still fine")["ok"]
        # Closing alone says nothing while another thread reads: shut the line itself.
        wire.client.eio.ws.sock.shutdown(socket.SHUT_RDWR)
        stays.wait(lambda: here(stays) == [encode(ana)])


def test_an_event_that_nobody_knows_changes_nothing(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana")
    with Wire(live.url, live.cookie(made.learners[0])) as wire:
        for name in ("nonsense", "connect", "disconnect", "message", "post:approve", "\0", "__class__", "space:event"):
            wire.client.emit(name, {"space": made.space})
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"], name
        assert wire.events(made.space) == []


def test_a_flood_is_slowed_down_and_what_came_before_it_is_kept(live: Live, room: Callable[..., Room]) -> None:
    made = room("Ana", "Ben")
    with Wire(live.url, live.cookie(made.learners[0])) as wire, Wire(live.url, live.cookie(made.learners[1])) as other:
        answers = [send(wire, made.space, f"number {number}") for number in range(60)]
        taken = [answer for answer in answers if answer["ok"]]
        slowed = [answer for answer in answers if not answer["ok"]]
        assert 30 <= len(taken) < 60
        assert {answer["error"] for answer in slowed} == {"rate_limited"}
        assert all(answer["retry"] is True and answer["retry_after"] > 0 for answer in slowed)
        # Somebody else is not slowed down by it.
        assert send(other, made.space, "me too")["no"] == len(taken) + 1
