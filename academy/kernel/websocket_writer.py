"""Writes whole frames to one socket without ever waiting for its reader."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

BACKLOG_MAX = 1 << 20  # bytes that may wait for one reader


class Task(Protocol):
    """What the Socket.IO server's mode starts: a greenlet or a thread."""

    def join(self, timeout: float | None = None) -> Any:
        """Wait for its end."""


class FrameWriter:
    """The outgoing side of one connection.

    A frame goes to the kernel in one write that never waits. What the kernel does not take stays here
    and is flushed by a task of its own, so that whoever emits is not delayed by a slow reader. Once
    more than `limit` bytes of frames wait behind the one on its way, the reader has stalled: the
    connection is cut, and it catches up when it comes back. The stream is therefore whole frames, in
    order, up to its end.

    The lock is held for writes that do not wait only, so a plain one suits green threads as well.
    """

    __slots__ = ("_backlog", "_ended", "_flusher", "_gone", "_limit", "_lock", "_raw", "_spawn", "_waiting")

    def __init__(self, wire: socket.socket, spawn: Callable[..., Task], limit: int = BACKLOG_MAX) -> None:
        """Write to `wire`; `spawn(function)` starts a task in the server's mode."""
        # gevent's socket waits inside send(); the socket it wraps does not.
        self._raw: socket.socket = getattr(wire, "_sock", wire)
        self._spawn = spawn
        self._limit = limit
        self._lock = threading.Lock()
        self._backlog: deque[memoryview] = deque()
        self._waiting = 0
        self._flusher: Task | None = None
        self._ended = False
        self._gone = False

    def write(self, frame: bytes, *, last: bool = False) -> None:
        """Send one frame, or keep it for later; nothing follows a `last` one.

        Raises `ConnectionError` when the connection is gone, or is cut because its reader stalled.
        """
        with self._lock:
            if self._gone or self._ended:
                message = "the connection is closed"
                raise ConnectionError(message)
            self._ended = last
            if self._backlog:
                self._keep(frame)
                return
            sent = self._push(memoryview(frame))
            if sent < len(frame):
                self._backlog.append(memoryview(frame)[sent:])
                self._flusher = self._spawn(self._flush)

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until nothing waits to be sent; say whether that is so."""
        flusher = self._flusher
        if flusher is not None:
            flusher.join(timeout)
        return not self._backlog

    def half_close(self) -> None:
        """Tell the peer that nothing more will come."""
        with self._lock:
            self._ended = True
            self._shut(socket.SHUT_WR)

    def cut(self) -> None:
        """End the connection now; what was kept for it is dropped. Whoever reads from it wakes up."""
        with self._lock:
            self._cut()

    def _keep(self, frame: bytes) -> None:
        if self._waiting + len(frame) > self._limit:
            self._cut()
            message = "the reader stalled and was cut"
            raise ConnectionError(message)
        self._backlog.append(memoryview(frame))
        self._waiting += len(frame)

    def _push(self, frame: memoryview) -> int:
        try:
            return self._raw.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._cut()
            message = "the connection is lost"
            raise ConnectionError(message) from error

    def _flush(self) -> None:
        # select is looked up when used: gevent puts its own poll there, which lets the others go on.
        poller = select.poll()
        poller.register(self._raw.fileno(), select.POLLOUT)
        while self._flush_some():
            poller.poll()

    def _flush_some(self) -> bool:
        """Send what the kernel takes now; say whether something is left."""
        with self._lock:
            while self._backlog:
                frame = self._backlog[0]
                try:
                    sent = self._push(frame)
                except ConnectionError:
                    return False
                if sent < len(frame):
                    self._backlog[0] = frame[sent:]
                    return True
                self._backlog.popleft()
                if self._backlog:
                    self._waiting -= len(self._backlog[0])
            return False

    def _cut(self) -> None:
        self._gone = True
        self._backlog.clear()
        self._waiting = 0
        self._shut(socket.SHUT_RDWR)

    def _shut(self, how: int) -> None:
        try:
            self._raw.shutdown(how)
        except OSError:
            return  # the peer was first
