"""What the client of `make bench-realtime` counts: a delivery that is lost, doubled or out of its turn is seen."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from academy.kernel.websocket_frames import encode_message
from benchmarks.realtime.counting import Counting
from benchmarks.realtime.wire import Member, frame_at, masked

FIRST, SECOND, THIRD = 1, 2, 3


def event(number: int, token: int, **more: object) -> bytes:
    told = {"space": "s", "seq": number, "payload": {"html": f"<p>({token:010}) Hello</p>"}, **more}
    return encode_message("42" + json.dumps(["space:event", told], separators=(",", ":")))


class Room(Counting):
    """Members without a server: what they would have been sent is handed to `take`."""

    def __init__(self, members: int) -> None:
        super().__init__(port=0)
        self.ends = [socket.socketpair() for _ in range(members)]
        self.members = [Member(number, pair[0]) for number, pair in enumerate(self.ends)]

    def say_three(self) -> None:
        self.came = 1.0
        self.begin(timed=True)
        for token in (FIRST, SECOND, THIRD):
            self.sent[token] = 0.0

    def wrong(self) -> tuple[int, int, int]:
        return self.missing, self.doubled, self.disordered


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room(3)
    made.say_three()
    yield made
    for pair in made.ends:
        for end in pair:
            end.close()


ALL = [event(number, token) for number, token in ((7, FIRST), (8, SECOND), (9, THIRD))]


def test_whoever_gets_every_message_once_and_in_order_lacks_nothing(room: Room) -> None:
    for member in room.members:
        room.take(member, b"".join(ALL))
    assert room.wrong() == (0, 0, 0)
    assert (room.whole, room.delivered, len(room.latencies)) == (3, 9, 9)


def test_frames_are_put_together_wherever_they_were_cut(room: Room) -> None:
    stream = b"".join(ALL)
    for member, step in zip(room.members, (1, 7, 100), strict=True):
        for at in range(0, len(stream), step):
            room.take(member, stream[at : at + step])
    assert room.wrong() == (0, 0, 0)
    assert room.whole == 3


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_message_that_one_member_never_gets_is_missing(room: Room, left_out: int) -> None:
    room.take(room.members[0], b"".join(ALL))
    room.take(room.members[1], b"".join(ALL))
    room.take(room.members[2], b"".join(ALL[:left_out] + ALL[left_out + 1 :]))
    assert room.missing == 1
    assert room.whole == 2


def test_a_message_that_nobody_gets_is_missing_for_all(room: Room) -> None:
    for member in room.members:
        room.take(member, ALL[0] + ALL[1])
    assert room.wrong() == (3, 0, 0)


def test_a_number_that_is_left_out_for_everybody_is_seen(room: Room) -> None:
    for member in room.members:
        room.take(member, ALL[0] + ALL[2])
    assert room.wrong() == (3, 0, 1)


def test_a_message_that_comes_twice_is_seen(room: Room) -> None:
    room.take(room.members[0], b"".join(ALL))
    room.take(room.members[1], b"".join([*ALL, ALL[2]]))
    room.take(room.members[2], b"".join([ALL[0], *ALL]))
    assert room.wrong() == (0, 2, 0)


def test_messages_that_change_places_are_seen(room: Room) -> None:
    for member in room.members[:2]:
        room.take(member, b"".join(ALL))
    room.take(room.members[2], ALL[1] + ALL[0] + ALL[2])
    assert room.wrong() == (0, 0, 2)


def test_what_the_first_to_hear_of_it_gets_out_of_order_is_seen(room: Room) -> None:
    room.take(room.members[0], ALL[0] + ALL[2] + ALL[1])
    for member in room.members[1:]:
        room.take(member, b"".join(ALL))
    assert room.missing == room.doubled == 0
    assert room.disordered > 0


@pytest.mark.parametrize("first", [True, False])
def test_a_senders_own_copy_counts_in_the_common_ones_place_and_what_is_no_message_does_not(
    room: Room, *, first: bool
) -> None:
    presence = encode_message('42["presence",{"space":"s","people":[]}]')
    own = [event(7, FIRST, nonce="mine") + presence + ALL[1] + ALL[2]]
    others = [presence + b"".join(ALL)] * 2
    for member, stream in zip(room.members, own + others if first else others + own, strict=True):
        room.take(member, stream)
    assert room.wrong() == (0, 0, 0)
    assert (room.whole, room.delivered, len(room.latencies)) == (3, 9, 9)


def test_the_common_copy_beside_a_senders_own_is_one_too_many(room: Room) -> None:
    room.take(room.members[0], event(7, FIRST, nonce="mine") + b"".join(ALL))
    for member in room.members[1:]:
        room.take(member, b"".join(ALL))
    assert room.wrong() == (0, 1, 0)


def test_only_what_is_timed_has_to_say_when_it_came(room: Room) -> None:
    def receive(*, timed: bool) -> None:
        room.begin(timed=timed)
        room.sent[FIRST] = 0.0
        for member, (_, server) in zip(room.members, room.ends, strict=True):
            member.upgraded = True
            server.sendall(ALL[0])
            room._receive(member)  # nobody asked the kernel for times here

    receive(timed=False)
    assert room.wrong() == (0, 0, 0)
    with pytest.raises(OSError, match="does not say when"):
        receive(timed=True)


def test_a_ping_is_answered(room: Room) -> None:
    room.take(room.members[0], encode_message("2"))
    answer = room.ends[0][1].recv(100)
    assert answer[:2] == b"\x81\x81"
    assert bytes([answer[6] ^ answer[2]]) == b"3"


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 4000, 65535])
def test_a_frame_is_masked_as_the_protocol_wants_it(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    frame = masked(payload)
    head = 2 if size < 126 else 4
    mask = frame[head : head + 4]
    assert frame[0] == 0x81
    assert frame[1] == 0x80 | (size if size < 126 else 126)
    assert bytes(one ^ mask[at % 4] for at, one in enumerate(frame[head + 4 :])) == payload


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_of_a_server_of_any_size_are_found(size: int) -> None:
    frame = encode_message("x" * size)
    found = frame_at(b"before" + frame + b"after", 6)
    assert found is not None
    kind, begin, stop = found
    assert (kind, stop - begin, stop) == (1, size, 6 + len(frame))
    assert frame_at(frame[:-1], 0) is None


def test_bytes_that_are_no_frame_are_not_overlooked() -> None:
    with pytest.raises(ValueError, match="no frame"):
        frame_at(b"HTTP/1.1 101", 0)
