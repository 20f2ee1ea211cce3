"""The matcher process: solves one request after another for a server that must not hold its breath.

Started by `academy.kernel.offload` as `python -m academy.kernel.solver`. Requests come on stdin and
answers go to stdout, each a JSON object behind its length as four bytes, big-endian:
`{"target": "mentoring.matches.engine:solve", "request": {…}}` is answered by `{"result": {…}}` or by
`{"error": "ValueError", "message": "…"}`. An engine's function that takes a second argument is given `tell`: each
step that it tells goes ahead of the answer as `{"progress": "scoring"}`. It ends by itself when its server is
gone or asks nothing for `IDLE` seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import select
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any

HEADER = struct.Struct("!I")
TARGET = re.compile(r"(?:[a-z]\w*\.)+engine(?:\.[a-z]\w*)?:[a-z]\w*", re.ASCII)
IDLE = 120.0  # seconds


def answer(message: bytes, tell: Callable[[str], None]) -> bytes:
    """Solve one request; an error is an answer too."""
    try:
        asked = json.loads(message)
        target = asked["target"]
        if not TARGET.fullmatch(target):
            reply = {"error": "refused", "message": f"{target!r} is no function of an engine"}
        else:
            module, _, name = target.partition(":")
            function = getattr(importlib.import_module(module), name)
            more = [tell] if len(inspect.signature(function).parameters) > 1 else []
            reply = {"result": function(asked["request"], *more)}
        return json.dumps(reply).encode()
    except Exception as error:  # noqa: BLE001 - the server decides what an error means
        return json.dumps({"error": type(error).__name__, "message": str(error)}).encode()


def serve(requests: int, answers: int, idle: float = IDLE) -> None:
    """Answer requests between two file descriptors until they end or `idle` seconds pass without one."""
    while select.select([requests], [], [], idle)[0]:
        header = _read(requests, HEADER.size)
        if header is None:
            return
        message = _read(requests, *HEADER.unpack(header))
        if message is None:
            return
        _write(answers, _framed(answer(message, lambda step: _write(answers, _framed(_progress(step))))))


def _progress(step: str) -> bytes:
    return json.dumps({"progress": step}).encode()


def _framed(data: bytes) -> bytes:
    return HEADER.pack(len(data)) + data


def _read(source: int, size: int) -> bytes | None:
    found = bytearray()
    while len(found) < size:
        chunk = os.read(source, min(size - len(found), 1 << 20))
        if not chunk:
            return None
        found += chunk
    return bytes(found)


def _write(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]


def _take_streams() -> tuple[int, int]:
    """Keep stdin and stdout for the protocol; what a solver prints goes to stderr."""
    streams = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return streams


def main(*arguments: str) -> Any:
    """Run the process; the one argument is the idle time in seconds."""
    # Ctrl-C in a terminal reaches this process too; its server decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = _take_streams()
    with contextlib.suppress(ConnectionError):
        serve(requests, answers, float(arguments[0]) if arguments else IDLE)


if __name__ == "__main__":
    main(*sys.argv[1:])
