"""WebSocket frames, read and written by RFC 6455; pure: bytes in, messages out, no socket.

Only what a server needs: it reads masked frames and writes unmasked ones. Extensions are never
negotiated, so every reserved bit is an error. https://www.rfc-editor.org/rfc/rfc6455#section-5
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, GOING_AWAY, PROTOCOL_ERROR, NO_STATUS, INVALID_DATA, TOO_BIG = 1000, 1001, 1002, 1005, 1007, 1009

FINAL, RESERVED, OPCODE, MASKED, LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
CONTROL_MAX = 125
SIXTEEN_BITS, SIXTY_FOUR_BITS = 126, 127
MASK_SIZE = 4
CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
CACHED_TEXT_MAX = 16 * 1024
FRAGMENTS_MAX = 1024  # of one message: a fragment costs as much as a message, also where it is empty


class ProtocolError(Exception):
    """The peer broke the protocol; `code` is the close code to answer with, the message its reason."""

    def __init__(self, code: int, reason: str) -> None:
        """Keep the close code beside the reason."""
        super().__init__(reason)
        self.code = code


class Message(NamedTuple):
    """One whole message: text as str, binary as bytes."""

    data: str | bytes


class Ping(NamedTuple):
    """A ping, to be answered by a pong with the same payload."""

    payload: bytes


class Pong(NamedTuple):
    """A pong; nothing needs to follow."""

    payload: bytes


class Close(NamedTuple):
    """The peer's close; `code` is 1005 where it gave none."""

    code: int
    reason: str


class Fragment(NamedTuple):
    """A part of a message that goes on, with its bytes; it is kept until the last one has come."""

    size: int


Received = Message | Fragment | Ping | Pong | Close


def encode(opcode: int, payload: bytes) -> bytes:
    """Return one final, unmasked frame."""
    size = len(payload)
    if size <= CONTROL_MAX:
        return struct.pack("!BB", FINAL | opcode, size) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", FINAL | opcode, SIXTEEN_BITS, size) + payload
    return struct.pack("!BBQ", FINAL | opcode, SIXTY_FOUR_BITS, size) + payload


def encode_message(data: str | bytes) -> bytes:
    """Return the frame of one message. The same short text, sent to many, is framed once."""
    if isinstance(data, str):
        return _cached_text(data) if len(data) <= CACHED_TEXT_MAX else encode(TEXT, data.encode())
    return encode(BINARY, bytes(data))


@lru_cache(maxsize=64)
def _cached_text(text: str) -> bytes:
    return encode(TEXT, text.encode())


def encode_close(code: int, reason: str = "") -> bytes:
    """Return a close frame; a reason too long for a control frame is cut at a character."""
    if code == NO_STATUS:
        return encode(CLOSE, b"")
    room = CONTROL_MAX - 2
    return encode(CLOSE, struct.pack("!H", code) + reason.encode()[:room].decode(errors="ignore").encode())


def unmask(payload: bytes | bytearray, key: bytes | bytearray) -> bytes:
    """Return `payload` XOR the repeated four-byte `key`, as one big integer: much faster than a loop."""
    size = len(payload)
    keys = (bytes(key) * (size // MASK_SIZE + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(keys, "little")).to_bytes(size, "little")


class FrameReader:
    """Turns a client's byte stream, cut anywhere, into whole messages.

    `max_size` bounds a message in bytes, however many fragments it comes in; it may be changed at any
    time. Memory is bounded by it and by what is fed at a time. After a `ProtocolError` the stream has
    no meaning any more.
    """

    __slots__ = ("_buffer", "_fragments", "_opcode", "_parts", "max_size")

    def __init__(self, max_size: int) -> None:
        """Start with an empty stream."""
        self.max_size = max_size
        self._buffer = bytearray()
        self._opcode = CONTINUATION  # of the message whose fragments are being gathered; none yet
        self._parts = bytearray()
        self._fragments = 0

    def feed(self, data: bytes) -> None:
        """Add what came from the socket."""
        self._buffer += data

    @property
    def pending(self) -> bool:
        """Whether more was fed than was read."""
        return bool(self._buffer)

    def read(self) -> Received | None:
        """Return what came next, one frame at a time, or None until more is fed; raises `ProtocolError`."""
        frame = self._frame()
        if frame is None:
            return None
        first, payload = frame
        opcode = first & OPCODE
        if opcode & CLOSE:
            return _control(opcode, payload)
        if opcode != CONTINUATION:
            self._opcode = opcode
        if not first & FINAL:
            return self._gather(payload)
        if self._fragments:
            payload = bytes(self._parts + payload)
            self._parts.clear()
            self._fragments = 0
        kind, self._opcode = self._opcode, CONTINUATION
        return Message(_text(payload) if kind == TEXT else payload)

    def _gather(self, payload: bytes) -> Fragment:
        self._fragments += 1
        if self._fragments >= FRAGMENTS_MAX:  # the last one is still to come
            raise ProtocolError(TOO_BIG, f"a message may have {FRAGMENTS_MAX} fragments")
        self._parts += payload
        return Fragment(len(payload))

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        first, size = buffer[0], buffer[1] & LENGTH
        self._check(first, buffer[1])
        start = 2
        if size >= SIXTEEN_BITS:
            start = 4 if size == SIXTEEN_BITS else 10
            if len(buffer) < start:
                return None
            least = SIXTEEN_BITS if size == SIXTEEN_BITS else 1 << 16
            size = int.from_bytes(buffer[2:start], "big")
            if size < least or size >> 63:
                raise ProtocolError(PROTOCOL_ERROR, "a length must be written in the fewest bytes")
        if not first & CLOSE and len(self._parts) + size > self.max_size:
            raise ProtocolError(TOO_BIG, f"a message may have {self.max_size} bytes")
        end = start + MASK_SIZE + size
        if len(buffer) < end:
            return None
        payload = unmask(buffer[start + MASK_SIZE : end], buffer[start : start + MASK_SIZE])
        del buffer[:end]
        return first, payload

    def _check(self, first: int, second: int) -> None:
        opcode = first & OPCODE
        if first & RESERVED:
            raise ProtocolError(PROTOCOL_ERROR, "reserved bits must be 0")
        if not second & MASKED:
            raise ProtocolError(PROTOCOL_ERROR, "a client must mask its frames")
        if opcode & CLOSE:
            if opcode > PONG:
                raise ProtocolError(PROTOCOL_ERROR, "unknown opcode")
            if not first & FINAL:
                raise ProtocolError(PROTOCOL_ERROR, "a control frame can't be fragmented")
            if second & LENGTH > CONTROL_MAX:
                raise ProtocolError(PROTOCOL_ERROR, "a control frame may have 125 bytes")
        elif opcode > BINARY:
            raise ProtocolError(PROTOCOL_ERROR, "unknown opcode")
        elif (opcode == CONTINUATION) != (self._opcode != CONTINUATION):
            raise ProtocolError(PROTOCOL_ERROR, "a fragment is out of place")


def _control(opcode: int, payload: bytes) -> Ping | Pong | Close:
    if opcode == PING:
        return Ping(payload)
    if opcode == PONG:
        return Pong(payload)
    if not payload:
        return Close(NO_STATUS, "")
    code = int.from_bytes(payload[:2], "big")
    if code not in CLOSE_CODES:  # a single byte is none of them either
        raise ProtocolError(PROTOCOL_ERROR, "no such close code")
    return Close(code, _text(payload[2:]))


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise ProtocolError(INVALID_DATA, "text must be UTF-8") from None
