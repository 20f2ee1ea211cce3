"""Writes whole frames to one socket without ever waiting for its reader."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

BACKLOG_MAX = 1 << 20  # bytes that may wait for one reader


def raw_of(wire: socket.socket) -> socket.socket:
    """Return the socket that never waits: a green one's own does, the one below it, `fd` or `_sock`, does not."""
    raw: socket.socket = getattr(wire, "fd", getattr(wire, "_sock", wire))
    return raw


class FrameWriter:
    """The outgoing side of one connection.

    A frame goes to the kernel in one write that never waits. What the kernel does not take stays here
    and is flushed by a task of its own, so that whoever emits is not delayed by a slow reader. Once
    more than `limit` bytes of frames wait behind the one on its way, the reader has stalled: the
    connection is cut, and it catches up when it comes back. The stream is therefore whole frames, in
    order, up to its end.

    The lock is held for what does not wait only.
    """

    __slots__ = ("_backlog", "_ended", "_flushed", "_limit", "_lock", "_raw", "_spawn", "_waiting", "_wire")

    def __init__(
        self,
        wire: socket.socket,
        spawn: Callable[..., Any],
        lock: AbstractContextManager[Any],
        limit: int = BACKLOG_MAX,
    ) -> None:
        """Write to `wire`; `spawn(function)` starts a task in the server's mode."""
        self._wire = wire
        self._raw = raw_of(wire)
        self._spawn = spawn
        self._lock = lock
        self._limit = limit
        self._backlog: deque[bytes | memoryview] | None = None  # made once something has to wait
        self._waiting = 0
        self._flushed: threading.Event | None = None  # as well; tasks of eventlet can't be joined for a time
        self._ended = False

    def write(self, frame: bytes, *, last: bool = False) -> None:
        """Send one frame, or keep it for later; nothing follows a `last` one.

        Raises `ConnectionError` when the connection is gone, or is cut because its reader stalled.
        """
        with self._lock:
            if self._ended:
                message = "the connection is closed"
                raise ConnectionError(message)
            if last:
                self._ended = True
            if self._backlog is not None:
                self._keep(self._backlog, frame)
                return
            try:
                sent = self._raw.send(frame, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self._cut()
                message = "the connection is lost"
                raise ConnectionError(message) from error
            if sent < len(frame):
                self._backlog = deque((memoryview(frame)[sent:],))
                self._flushed = threading.Event()
                self._spawn(self._flush)

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until nothing waits to be sent; say whether that is so."""
        flushed = self._flushed
        if flushed is not None:
            flushed.wait(timeout)
        return self._backlog is None

    def half_close(self) -> None:
        """Tell the peer that nothing more will come."""
        with self._lock:
            self._ended = True
            self._shut(socket.SHUT_WR)

    def cut(self) -> None:
        """End the connection now; what was kept for it is dropped. Whoever reads from it wakes up."""
        with self._lock:
            self._cut()

    def _keep(self, backlog: deque[bytes | memoryview], frame: bytes) -> None:
        if self._waiting + len(frame) > self._limit:
            self._cut()
            message = "the reader stalled and was cut"
            raise ConnectionError(message)
        backlog.append(frame)
        self._waiting += len(frame)

    def _flush(self) -> None:
        """Send what was kept, waiting for the reader as the server's mode waits."""
        while (frame := self._next()) is not None:
            try:
                self._wire.sendall(frame)
            except OSError:
                self.cut()

    def _next(self) -> bytes | memoryview | None:
        with self._lock:
            if not self._backlog:
                if self._flushed is not None:
                    self._flushed.set()
                self._backlog = self._flushed = None
                return None
            frame = self._backlog.popleft()
            self._waiting -= len(frame) if isinstance(frame, bytes) else 0  # the first one is on its way, not waiting
            return frame

    def _cut(self) -> None:
        self._ended = True
        if self._backlog is not None:
            self._backlog.clear()
        self._waiting = 0
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self._raw.shutdown(how)
        except OSError:
            return  # the peer was first
