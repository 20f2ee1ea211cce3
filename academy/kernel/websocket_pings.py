"""One wheel that does everything about connections that is due later: pings, and the end of who never joined.

engineio keeps a sleeping task for each socket.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import structlog

logger = structlog.get_logger(__name__)

TICK = 1.0  # seconds; a ping, or the end of somebody silent, is late by at most this
AT_ONCE = 200  # things done before the others may go on

Session = TypeVar("Session")


class Mode(Protocol):
    """How the server's mode does things at the same time: `engineio.Server` has these."""

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> Any:
        """Start a task."""

    def sleep(self, seconds: float = 0) -> None:
        """Let the others go on."""


class Wheel:
    """Does things a while after they were asked for, in one of a few lengths of time.

    What waits equally long is due in the order in which it came, so that a queue for each length holds it and one
    task serves them all. It ends when nothing is left. What is done here must not wait.
    """

    def __init__(self, mode: Mode) -> None:
        """Wait for nothing yet."""
        self._mode = mode
        self._due: dict[float, deque[tuple[float, Callable[..., None], tuple[Any, ...]]]] = {}
        self._lock = threading.Lock()
        self._turning = False

    def after(self, seconds: float, do: Callable[..., None], *args: Any) -> None:
        """Call `do(*args)` after so many seconds, once."""
        with self._lock:
            self._due.setdefault(seconds, deque()).append((time.monotonic() + seconds, do, args))
            if self._turning:
                return
            self._turning = True
        self._mode.start_background_task(self._turn)

    def _turn(self) -> None:
        while self._goes_on():
            self._mode.sleep(TICK)
            self._do_those_due()

    def _goes_on(self) -> bool:
        with self._lock:
            self._turning = any(self._due.values())
            return self._turning

    def _do_those_due(self) -> None:
        now, done = time.monotonic(), 0
        for queue in list(self._due.values()):
            while queue and queue[0][0] <= now:
                _, do, args = queue.popleft()
                try:
                    do(*args)
                except Exception:
                    logger.exception("wheel_failed")  # one connection's trouble must not end all pings
                done += 1
                if done % AT_ONCE == 0:
                    self._mode.sleep(0)


class PingWheel(Generic[Session]):
    """Pings sessions an interval after they were added, and has it checked later whether they have answered."""

    def __init__(
        self,
        wheel: Wheel,
        *,
        interval: float,
        timeout: float,
        ping: Callable[[Session], Any],
        check: Callable[[Session, Any], None],
    ) -> None:
        """Wait `interval` seconds, `ping(session)`, wait `timeout` seconds, `check(session, what ping returned)`.

        A ping that returned None is not checked.
        """
        self._wheel = wheel
        self._waits = (interval, timeout)
        self._ping = ping
        self._check = check

    def add(self, session: Session) -> None:
        """Ping a session after the interval, once."""
        self._wheel.after(self._waits[0], self._ping_now, session)

    def _ping_now(self, session: Session) -> None:
        mark = self._ping(session)
        if mark is not None:
            self._wheel.after(self._waits[1], self._check, session, mark)
