"""Work that must not hold up everybody else: `run` in a thread, `solve` in a matcher process.

`run` is for what releases the interpreter or is short (password hashes, Markdown). `solve` is for
calculation that holds it (matching): the process loads the numeric libraries, so that no server has to.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from academy.kernel.solver import HEADER, IDLE, TARGET

T = TypeVar("T")

BACK_ENDS = {
    "gevent": "academy.kernel.offload_gevent",
    "eventlet": "academy.kernel.offload_eventlet",
    "threading": "academy.kernel.offload_threads",
}
TIMEOUT = 60.0  # seconds
SHORT = 200
"""Characters of Markdown that are rendered in less time than it takes to hand them to a thread and back."""
KILL_WAIT = 2.0  # seconds
TICK = 1.0  # seconds
ANSWER_MAX = 64 << 20  # bytes


class SolveFailed(Exception):
    """A solver gave no result; the message says why.

    `kind` is "timeout", "died", "refused", "busy", "cancelled", "overlong" (the answer is longer than `ANSWER_MAX`) or
    the name of the exception that the solver raised.
    """

    def __init__(self, kind: str, message: str) -> None:
        """Keep the kind beside the message."""
        super().__init__(message)
        self.kind = kind


class ThreadPool(Protocol):
    """One mode's threads."""

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what the function returns, or raise what it raises."""


class _Watch:
    """How long one request may take, and somebody who is asked meanwhile whether it is still wanted."""

    def __init__(self, timeout: float, going: Callable[[str], bool] | None) -> None:
        self.timeout, self.step = timeout, ""
        self._going = going
        self._deadline = time.monotonic() + timeout
        self._next = time.monotonic() + TICK

    def heard(self, step: str) -> None:
        """Keep how far the engine says it is, and pass it on at once."""
        self.step, self._next = step, 0.0
        self.left()

    def left(self) -> float:
        """Return the seconds that are left; raises `TimeoutError` where there are none, `SolveFailed` if it may end."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._going is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + TICK
            if not self._going(self.step):
                raise SolveFailed("cancelled", "nobody waits for the answer any more")
        return left

    def wait(self) -> float:
        """Return how long to wait at a time; raises as `left` does."""
        left = self.left()
        return left if self._going is None else min(left, TICK)


class Matcher:
    """One matcher process: started when first needed, kept warm, replaced when it died."""

    def __init__(self, idle: float = IDLE) -> None:
        """Start nothing yet. The process ends by itself after `idle` seconds without work."""
        self._idle = idle
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The process's id while there is one."""
        return self._process.pid if self._process is not None else None

    def solve(
        self, target: str, request: Mapping[str, Any], timeout: float, going: Callable[[str], bool] | None = None
    ) -> dict[str, Any]:
        """Answer one request within `timeout` seconds, waiting for the ones before it included; see `solve` below."""
        watch = _Watch(timeout, going)
        message = json.dumps({"target": target, "request": request}).encode()
        self._queue(watch)
        try:
            reply = self._ask(HEADER.pack(len(message)) + message, watch)
        finally:
            self._lock.release()
        if "error" in reply:
            raise SolveFailed(str(reply["error"]), str(reply.get("message", "")))
        result = reply.get("result")
        if not isinstance(result, dict):
            raise SolveFailed("TypeError", f"{target} must return a dict")
        return result

    def _queue(self, watch: _Watch) -> None:
        """Take the process for oneself, as soon as those before are done."""
        try:
            while not self._lock.acquire(timeout=watch.wait()):
                pass
        except TimeoutError:
            raise SolveFailed("busy", f"the matcher was still busy after {watch.timeout:g} s") from None

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        process, wire = self._process, self._wire
        self._process = self._wire = None
        if wire is not None:
            wire.close()
        if process is not None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_WAIT)

    def _ask(self, message: bytes, watch: _Watch) -> dict[str, Any]:
        warm = self._process is not None
        try:
            try:
                return self._exchange(message, watch)
            except ConnectionError:
                if not warm:
                    raise
                # A warm process may have ended of idleness just now: ask a new one.
                self.stop()
                return self._exchange(message, watch)
        except TimeoutError:
            self.stop()
            raise SolveFailed("timeout", f"the matcher gave no answer within {watch.timeout:g} s") from None
        except ConnectionError:
            self.stop()
            raise SolveFailed("died", "the matcher process ended before it gave an answer") from None
        except BaseException:
            self.stop()  # interrupted in between: the next answer would be taken for another's
            raise

    def _exchange(self, message: bytes, watch: _Watch) -> dict[str, Any]:
        wire = self._wire or self._start()
        wire.settimeout(watch.left())
        wire.sendall(message)
        while True:
            size = int.from_bytes(_receive(wire, HEADER.size, watch), "big")
            if size > ANSWER_MAX:
                raise SolveFailed("overlong", f"the answer takes {size} bytes, and {ANSWER_MAX} are the most")
            reply: dict[str, Any] = json.loads(_receive(wire, size, watch))
            if "progress" not in reply:
                return reply
            watch.heard(str(reply["progress"]))

    def _start(self) -> socket.socket:
        # A pair of sockets rather than pipes: they wait cooperatively in every mode, and with a timeout.
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by the interpreter that runs
                [sys.executable, "-m", "academy.kernel.solver", str(self._idle)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env={**os.environ, "PYTHONPATH": path},
            )
        self._wire = ours
        # Somebody must ask for its exit status, or an ended process stays in the process table.
        threading.Thread(target=_reap, args=(self._process,), name="matcher-end", daemon=True).start()
        return ours


def _reap(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:  # eventlet's own `wait` looks a hundred times a second, most of a per cent of a core
        time.sleep(TICK)


def _receive(wire: socket.socket, size: int, watch: _Watch) -> bytes:
    found = bytearray()
    while len(found) < size:
        wire.settimeout(watch.wait())
        try:
            chunk = wire.recv(min(size - len(found), 1 << 20))
        except TimeoutError:
            continue  # `watch` says whether that was all the time there is
        if not chunk:
            raise ConnectionError
        found += chunk
    return bytes(found)


class _Offload:
    """The process's one pool and one matcher, made when first used (after a fork, if there is one)."""

    def __init__(self) -> None:
        self.mode = "threading"
        self.reset()

    def reset(self) -> None:
        self.pool: ThreadPool | None = None
        self.matcher = Matcher()
        self.lock = threading.Lock()

    def threads(self) -> ThreadPool:
        with self.lock:
            if self.pool is None:
                made: ThreadPool = importlib.import_module(BACK_ENDS[self.mode]).Pool()
                self.pool = made
            return self.pool


_offload = _Offload()
os.register_at_fork(after_in_child=_offload.reset)


def configure(mode: str) -> None:
    """Choose the back end, one of `BACK_ENDS`; raises `ValueError` for any other."""
    if mode not in BACK_ENDS:
        message = f"no back end for {mode!r}"
        raise ValueError(message)
    if mode != _offload.mode:
        _offload.mode, _offload.pool = mode, None


def run(function: Callable[..., T], *args: Any) -> T:
    """Return `function(*args)`, run in a thread off the hub; what it raises is raised here."""
    result: T = _offload.threads().run(function, *args)
    return result


def run_on(text: str, function: Callable[..., T], *more: Any) -> T:
    """Return `function(text, *more)`, as `run` does: where the text is short, here, which costs less than a thread."""
    return function(text, *more) if len(text) <= SHORT else run(function, text, *more)


def solve(
    target: str,
    request: Mapping[str, Any],
    *,
    timeout: float = TIMEOUT,
    going: Callable[[str], bool] | None = None,
) -> dict[str, Any]:
    """Return what an engine answers to a request of plain JSON values, from the matcher process.

    `target` names a function of a module called engine, as "mentoring.matches.engine:solve", or of one in a folder
    of that name. The process takes one request at a time; `timeout` is in seconds, and at its end the process is
    killed. `going` is asked about once a second, with the step that the engine told last ("" before), whether to go
    on: a no kills the process too. Raises `SolveFailed`.
    """
    if not TARGET.fullmatch(target):
        raise SolveFailed("refused", f"{target!r} is no function of an engine")
    return _offload.matcher.solve(target, request, timeout, going)


def stop() -> None:
    """End the matcher process; what is asked for later starts another."""
    _offload.matcher.stop()


atexit.register(stop)
