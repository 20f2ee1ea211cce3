"""Frames, against websocket-client's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket import ABNF
from websocket._abnf import frame_buffer

from academy.kernel import websocket_frames as frames
from tests.academy.kernel.wires import frame

LIMIT = 1 << 20
messages = st.one_of(st.text(max_size=300), st.binary(max_size=300))
sizes = st.one_of(st.integers(0, 130), st.integers(65_530, 65_540), st.just(200_000))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut data at any places."""
    places = sorted({min(cut, len(data)) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def read_all(reader: frames.FrameReader, data: bytes, cuts: list[int]) -> list[frames.Received]:
    """Return all that came but the fragments of which it was put together."""
    found: list[frames.Received] = []
    for piece in pieces(data, cuts):
        reader.feed(piece)
        while (received := reader.read()) is not None:
            if not isinstance(received, frames.Fragment):
                found.append(received)
    return found


@given(
    st.lists(st.tuples(messages, st.lists(st.integers(0, 300), max_size=4), st.booleans()), max_size=4),
    st.lists(st.integers(0, 2000), max_size=12),
)
def test_a_message_is_read_whole_however_it_is_fragmented_and_cut(
    sent: list[tuple[str | bytes, list[int], bool]], cuts: list[int]
) -> None:
    stream = b""
    expected: list[frames.Received] = []
    for message, places, ping in sent:
        data = message.encode() if isinstance(message, str) else message
        opcode = ABNF.OPCODE_TEXT if isinstance(message, str) else ABNF.OPCODE_BINARY
        fragments = pieces(data, places)
        for number, fragment in enumerate(fragments):
            final = number == len(fragments) - 1
            stream += frame(fragment, opcode if number == 0 else ABNF.OPCODE_CONT, final=final)
            if ping and not final:
                stream += frame(b"still there", ABNF.OPCODE_PING)
                expected.append(frames.Ping(b"still there"))
        expected.append(frames.Message(message))
    assert read_all(frames.FrameReader(LIMIT), stream, cuts) == expected


@given(size=sizes, text=st.booleans())
def test_a_client_reads_every_frame_that_we_write(size: int, *, text: bool) -> None:
    payload = (b"abcdefghijklmnopqrstuvwxyz" * 8000)[:size]
    rest = frames.encode_message(payload.decode() if text else payload)

    def receive(count: int) -> bytes:
        nonlocal rest
        taken, rest = rest[:count], rest[count:]
        return taken

    received = frame_buffer(receive, skip_utf8_validation=False).recv_frame()
    assert (received.fin, received.opcode, received.data) == (1, 1 if text else 2, payload)
    assert rest == b""


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
def test_unmasking_is_exclusive_or_byte_by_byte(payload: bytes, key: bytes) -> None:
    assert frames.unmask(payload, key) == bytes(b ^ key[i % 4] for i, b in enumerate(payload))


@pytest.mark.parametrize("fragments", [1, 3])
def test_a_message_may_have_as_many_bytes_as_allowed_and_not_one_more(fragments: int) -> None:
    def stream(size: int) -> bytes:
        parts = pieces(b"a" * size, [size // 3, size // 2] if fragments == 3 else [])
        return b"".join(
            frame(part, ABNF.OPCODE_CONT if i else ABNF.OPCODE_TEXT, final=i == len(parts) - 1)
            for i, part in enumerate(parts)
        )

    assert read_all(frames.FrameReader(1000), stream(1000), []) == [frames.Message("a" * 1000)]
    with pytest.raises(frames.ProtocolError) as caught:
        read_all(frames.FrameReader(1000), stream(1001), [])
    assert caught.value.code == 1009


def test_too_long_a_message_is_refused_by_its_header_alone() -> None:
    reader = frames.FrameReader(1000)
    reader.feed(b"\x82\xff" + (1 << 40).to_bytes(8, "big"))
    with pytest.raises(frames.ProtocolError) as caught:
        reader.read()
    assert caught.value.code == 1009


def test_each_fragment_is_handed_on_so_that_the_reader_can_do_something_else_between() -> None:
    reader = frames.FrameReader(1000)
    reader.feed(
        frame("4", final=False)
        + frame("", ABNF.OPCODE_CONT, final=False)
        + frame("", ABNF.OPCODE_PING)
        + frame("x", ABNF.OPCODE_CONT)
    )
    found = [reader.read() for _ in range(5)]
    assert found == [frames.Fragment(1), frames.Fragment(0), frames.Ping(b""), frames.Message("4x"), None]


def test_a_message_may_have_a_number_of_fragments_and_not_one_more_and_the_next_has_as_many() -> None:
    def fragments(count: int) -> bytes:
        return frame("4", final=False) + frame("", ABNF.OPCODE_CONT, final=False) * (count - 2)

    last = frame("", ABNF.OPCODE_CONT)
    reader = frames.FrameReader(1000)
    whole = fragments(frames.FRAGMENTS_MAX) + last
    assert read_all(reader, whole * 2, []) == [frames.Message("4")] * 2
    with pytest.raises(frames.ProtocolError, match="1024 fragments") as caught:
        read_all(reader, fragments(frames.FRAGMENTS_MAX + 1), [])
    assert caught.value.code == 1009


def test_how_long_a_message_may_be_can_change_between_two() -> None:
    reader = frames.FrameReader(10)
    assert read_all(reader, frame("4" * 10), []) == [frames.Message("4" * 10)]
    reader.max_size = 1000
    assert read_all(reader, frame("4" * 1000), []) == [frames.Message("4" * 1000)]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close_codes_that_may_be_sent_are_accepted(code: int) -> None:
    data = frame(code.to_bytes(2, "big") + "fin ✓".encode(), ABNF.OPCODE_CLOSE)
    assert read_all(frames.FrameReader(LIMIT), data, []) == [frames.Close(code, "fin ✓")]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_close_codes_that_may_not_be_sent_are_refused(code: int) -> None:
    with pytest.raises(frames.ProtocolError) as caught:
        read_all(frames.FrameReader(LIMIT), frame(code.to_bytes(2, "big"), ABNF.OPCODE_CLOSE), [])
    assert caught.value.code == 1002


def test_a_long_reason_is_cut_at_a_character_so_that_it_fits_a_control_frame() -> None:
    data = frames.encode_close(1008, "é" * 100)
    assert data[:4] == b"\x88\x7c\x03\xf0"  # 2 bytes of code and 61 characters of 2 bytes
    assert data[4:].decode() == "é" * 61
