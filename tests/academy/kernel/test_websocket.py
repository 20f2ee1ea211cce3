"""The driver over real wires, under every server that it serves."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from academy.kernel.server import raise_file_limit
from tests.academy.kernel.room_server import FILM, MAX_MESSAGE
from tests.academy.kernel.wires import COMMANDS, Client, Server, frame

CONT, BINARY, CLOSE, PING, PONG = 0x0, 0x2, 0x8, 0x9, 0xA


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    running = {name: Server(name) for name in COMMANDS}
    try:
        yield {name: server.ready() for name, server in running.items()}
    finally:
        for server in running.values():
            server.end(signal.SIGKILL)


@pytest.fixture(params=list(COMMANDS))
def server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    return servers[request.param]


@pytest.fixture(params=["gevent", "eventlet", "threading"])
def own_server(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Server:
    """Those of `academy serve`: for what does not depend on who gave the socket."""
    return servers[request.param]


def raw(first: int, second: int, rest: bytes = b"") -> bytes:
    return bytes([first, second]) + rest


MASK = b"\x01\x02\x03\x04"
BAD = {
    "a frame that is not masked": (1002, raw(0x81, 2, b"40")),
    "a reserved bit": (1002, raw(0xC1, 0x80, MASK)),
    "an unknown opcode": (1002, raw(0x83, 0x80, MASK)),
    "an unknown control opcode": (1002, raw(0x8B, 0x80, MASK)),
    "a fragmented ping": (1002, raw(0x09, 0x80, MASK)),
    "a ping of 126 bytes": (1002, frame(b"x" * 126, PING)),
    "a continuation of nothing": (1002, frame(b"x", CONT)),
    "a message inside another": (1002, frame("4", final=False) + frame("4")),
    "a length in more bytes than needed": (1002, raw(0x81, 0xFE, b"\x00\x05")),
    "a negative length": (1002, raw(0x82, 0xFF, b"\xff" * 8)),
    "a close code that nobody may send": (1002, frame(b"\x03\xed", CLOSE)),
    "half a close code": (1002, frame(b"\x03", CLOSE)),
    "a close reason that is not UTF-8": (1007, frame(b"\x03\xe8\xff", CLOSE)),
    "text that is not UTF-8": (1007, frame(b"42\xc3\x28")),
    "UTF-8 cut off in the last fragment": (1007, frame(b"42\xc3", final=False) + frame(b"", CONT)),
    "a frame that is too long": (1009, raw(0x81, 0xFF, (MAX_MESSAGE + 1).to_bytes(8, "big"))),
    "fragments that are too long together": (
        1009,
        frame(b"4" * 90_000, final=False) + frame(b"4" * 20_000, CONT),
    ),
    "a message in too many pieces": (1009, frame("4", final=False) + frame(b"", CONT, final=False) * 1023),
    "a packet of no known type": (1007, frame("x")),
    "an empty packet": (1007, frame("")),
    "a packet that is nested too deeply": (1007, frame("4" + "[" * 90_000)),
}


def test_text_comes_back_as_it_was_sent(server: Server) -> None:
    with Client(server.port).enter() as client:
        for text in ("", "hello", "Grüße, 世界 🙂", "x" * 125, "x" * 60_000):
            assert client.ask("echo", text) == text


def test_binary_comes_back_as_it_was_sent(server: Server) -> None:
    data = bytes(range(256)) * 300
    with Client(server.port).enter() as client:
        client.send('451-0["echo",{"_placeholder":true,"num":0}]')
        client.wire.sendall(frame(data, BINARY))
        assert client.text() == '461-0[{"_placeholder":true,"num":0}]'
        assert client.receive() == (BINARY, data)


def test_a_fragmented_message_arrives_whole_with_a_ping_answered_in_the_middle(server: Server) -> None:
    with Client(server.port).enter() as client:
        for part in (
            frame('420["echo","gr\u00fc'.encode()[:-1], final=False),
            frame(b"how are you", PING),
            frame(b"\xbc", CONT, final=False),
            frame(b"", CONT, final=False),
            frame(b'n"]', CONT),
        ):
            for at in range(len(part)):
                client.wire.sendall(part[at : at + 1])
        assert client.receive() == (PONG, b"how are you")
        assert json.loads(client.text()[3:]) == ["grün"]


@pytest.mark.parametrize("name", BAD)
def test_what_breaks_the_protocol_is_answered_by_its_close_code_and_nothing_else(own_server: Server, name: str) -> None:
    code, data = BAD[name]
    with Client(own_server.port).enter() as client:
        client.wire.sendall(data)
        assert client.ending() == (code, b"")


def test_a_sender_of_far_too_much_still_reads_why_it_was_closed(server: Server) -> None:
    with Client(server.port).enter() as client:
        header = raw(0x81, 0xFF, (1_000_000).to_bytes(8, "big")) + MASK
        client.wire.sendall(header + b"a" * 1_000_000)
        assert client.ending() == (1009, b"")


@pytest.mark.parametrize("code", [1000, 1001, 3001])
def test_a_close_is_answered_with_its_code_and_the_server_hangs_up(server: Server, code: int) -> None:
    with Client(server.port).enter() as client:
        client.wire.sendall(frame(code.to_bytes(2, "big") + b"bye", CLOSE))
        assert client.ending() == (code, b"")


def test_nothing_behind_a_close_is_taken_for_a_request(server: Server) -> None:
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    with Client(server.port).enter() as client:
        client.wire.sendall(frame(b"\x03\xe8", CLOSE) + request)
        assert client.ending() == (1000, b"")


def test_frames_right_behind_the_request_are_not_lost(server: Server) -> None:
    with Client(server.port, behind=frame("40") + frame('420["echo",7]')) as client:
        assert client.text().startswith("0{")
        assert client.text().startswith("40{")
        assert client.text() == "430[7]"


def test_compression_is_never_agreed_on(server: Server) -> None:
    with Client(server.port, Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits") as client:
        assert client.status == 101
        assert b"extensions" not in client.head.lower()


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (426, {"Sec_WebSocket_Version": "8"}),
        (426, {"Sec_WebSocket_Version": None}),
        (400, {"Sec_WebSocket_Key": None}),
        (400, {"Sec_WebSocket_Key": "dG9vIHNob3J0"}),
        (400, {"Sec_WebSocket_Key": "not base64 at all!!!!!!!"}),
        (400, {"Content_Length": "5"}),
        (400, {"Connection": "keep-alive"}),
        (400, {"Origin": "https://elsewhere.example"}),
    ],
)
def test_a_handshake_that_is_wrong_is_refused_and_leaves_nothing(
    server: Server, status: int, headers: dict[str, str | None]
) -> None:
    with Client(server.port, behind=b"hello" if "Content_Length" in headers else b"", **headers) as client:
        assert client.status == status
        assert status != 426 or b"Sec-WebSocket-Version: 13" in client.head
    assert server.settles()


def test_the_handshake_is_answered_as_in_the_standards_example(own_server: Server) -> None:
    with Client(own_server.port, Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==") as client:
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in client.head


def test_the_own_origin_is_accepted(server: Server) -> None:
    with Client(server.port, Origin=f"http://127.0.0.1:{server.port}") as client:
        client.enter()


def test_whoever_is_sent_away_gets_the_last_words_and_a_close(own_server: Server) -> None:
    with Client(own_server.port).enter() as client:
        client.send('42["send_me_away",1]')
        assert [client.text() for _ in range(3)] == ['42["last","words"]', "41", "1"]
        started = time.monotonic()
        assert client.ending() == (1000, b"")  # though it never answers the close
        assert time.monotonic() - started < 2
    assert own_server.settles()


def broadcast(sender: Client, number: int, size: int) -> None:
    sender.send(f'42["say",[{number},"{"x" * size}"]]')


def test_a_reader_that_stalls_is_cut_between_whole_frames_and_delays_nobody(server: Server) -> None:
    count, size = 130, 90_000  # more than the kernel's buffers and the backlog hold together
    with (
        Client(server.port, receive_buffer=4096).enter() as slow,
        Client(server.port).enter() as fast,
    ):
        assert slow.ask("join", 0) == fast.ask("join", 0) == "joined"
        longest = 0.0
        for number in range(count):
            started = time.monotonic()
            broadcast(fast, number, size)
            assert json.loads(fast.text()[2:])[1][0] == number
            longest = max(longest, time.monotonic() - started)
        assert longest < 5
        assert server.connections() == {"driver": 1, "engine": 1}, "the slow one was cut"
        whole = []
        with pytest.raises((EOFError, ConnectionError)):
            while True:
                whole.append(json.loads(slow.text()[2:])[1])
        assert [number for number, _ in whole] == list(range(len(whole)))
        assert {len(text) for _, text in whole} == {size}
        assert 0 < len(whole) < count


def test_a_reader_that_only_pauses_gets_everything_in_order(own_server: Server) -> None:
    count, size = 60, 60_000
    with (
        Client(own_server.port, receive_buffer=4096).enter() as slow,
        Client(own_server.port).enter() as fast,
    ):
        assert slow.ask("join", 0) == fast.ask("join", 0) == "joined"
        sent = read = 0
        while sent < count:
            # As far as the kernel's buffers and half the backlog go, then it reads on.
            for _ in range(min(8, count - sent)):
                broadcast(fast, sent, size)
                fast.text()
                sent += 1
            time.sleep(0.02)
            while read < sent:
                assert json.loads(slow.text()[2:])[1] == [read, "x" * size]
                read += 1
        assert slow.ask("echo", "still here") == "still here"


def test_a_flood_from_one_does_not_hold_up_another(own_server: Server) -> None:
    with Client(own_server.port).enter() as flood, Client(own_server.port).enter() as other:
        flood.wire.sendall(frame(b"", PONG) * 100_000)
        started = time.monotonic()
        assert other.ask("echo", 1) == 1
        assert time.monotonic() - started < 5
        assert flood.ask("echo", 2) == 2


def test_two_hundred_connect_at_once_and_all_hear_each_other(own_server: Server) -> None:
    count = 200
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()
    greeting = request + frame("40") + frame('420["join",0]')
    wires = [socket.create_connection(("127.0.0.1", own_server.port)) for _ in range(count)]
    try:
        for wire in wires:
            wire.sendall(greeting)
        heard = dict.fromkeys(wires, b"")
        poller = select.poll()
        by_number = {wire.fileno(): wire for wire in wires}
        for wire in wires:
            poller.register(wire, select.POLLIN)

        def until(what: bytes) -> None:
            deadline = time.monotonic() + 15
            while any(what not in said for said in heard.values()) and time.monotonic() < deadline:
                for number, _ in poller.poll(200):
                    heard[by_number[number]] += by_number[number].recv(1 << 16)
            assert sum(what in said for said in heard.values()) == count

        until(b'430["joined"]')
        assert own_server.connections() == {"driver": count, "engine": count}
        wires[7].sendall(frame('42["say","all together"]'))
        until(b'42["said","all together"]')
    finally:
        for wire in wires:
            wire.close()
    assert own_server.settles()


@pytest.mark.parametrize("name", ["eventlet", "gunicorn eventlet"])
def test_more_are_connected_at_once_than_eventlet_takes_by_itself(servers: dict[str, Server], name: str) -> None:
    raise_file_limit()
    address = ("127.0.0.1", servers[name].port)
    wires = [socket.create_connection(address, timeout=10) for _ in range(1_100)]
    try:
        for wire in wires:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert {wire.recv(12) for wire in wires} == {b"HTTP/1.1 200"}
    finally:
        for wire in wires:
            wire.close()


def test_a_file_comes_whole_to_a_slow_reader_and_in_part_to_who_asks_for_a_part(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}/film"
    whole = requests.get(address, stream=True, timeout=10)
    time.sleep(0.2)
    assert whole.content == FILM
    part = requests.get(address, headers={"Range": "bytes=1000000-2999999"}, timeout=10)
    assert (part.status_code, part.content) == (206, FILM[1_000_000:3_000_000])


def test_a_body_of_known_length_or_in_chunks_is_read_to_its_end(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}/body"
    parts = [FILM[at : at + 70_001] for at in range(0, 700_000, 70_001)]
    expected = hashlib.sha256(b"".join(parts)).hexdigest()
    assert requests.post(address, data=b"".join(parts), timeout=10).text == expected
    assert requests.post(address, data=iter(parts), timeout=10).text == expected


@pytest.mark.parametrize("name", list(COMMANDS))
def test_what_the_application_raises_is_told_to_the_log_and_ends_one_request_only(name: str) -> None:
    server = Server(name).ready()
    try:
        answer = requests.get(f"http://127.0.0.1:{server.port}/broken", timeout=10)
        assert (answer.status_code, "ZeroDivisionError" in answer.text) == (500, False)
        assert server.get("/") == "hello"
    finally:
        _, _, said = server.end()
    assert "ZeroDivisionError" in said


def test_a_server_starts_its_jobs_and_says_where_it_is(own_server: Server) -> None:
    assert own_server.lines == ["started\n", f"Listening on http://127.0.0.1:{own_server.port}\n"]


def test_a_server_says_goodbye_to_sockets_ends_what_it_started_and_is_gone_in_5_s(server: Server) -> None:
    """The last of them all: nobody is there any more after it."""
    assert server.get("/") == "hello"
    slow: list[str] = []
    asking = threading.Thread(target=lambda: slow.append(server.get("/slow")))
    with Client(server.port).enter() as client, Client(server.port).enter() as silent:
        asking.start()
        time.sleep(0.2)
        ended: list[tuple[int, float, str]] = []
        ending = threading.Thread(target=lambda: ended.append(server.end()))
        ending.start()
        assert client.ending() == (1001, b"")
        assert silent.receive() == (8, (1001).to_bytes(2, "big"))
        ending.join()
    asking.join()
    code, seconds, said = ended[0]
    assert slow == ["done"], "the request in hand was answered"
    assert code == 0, said
    assert seconds < 5
    assert "stopped" in said
    assert "Traceback" not in said
