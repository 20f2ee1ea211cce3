"""One wheel that pings every session, where engineio keeps a sleeping task for each."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

TICK = 1.0  # seconds; a ping, or the end of somebody silent, is late by at most this
AT_ONCE = 200  # pings before the others may go on

Session = TypeVar("Session")


class Mode(Protocol):
    """How the server's mode does things at the same time: `engineio.Server` has these."""

    def start_background_task(self, target: Callable[..., Any], *args: Any) -> Any:
        """Start a task."""

    def sleep(self, seconds: float = 0) -> None:
        """Let the others go on."""


class PingWheel(Generic[Session]):
    """Pings sessions an interval after they were added, and has it checked later whether they have answered.

    Every session waits as long as any other, so that two queues hold them in the order in which they are due,
    and one task serves both. It ends when nobody is left.
    """

    def __init__(
        self,
        mode: Mode,
        *,
        interval: float,
        timeout: float,
        ping: Callable[[Session], Any],
        check: Callable[[Session, Any], None],
    ) -> None:
        """Wait `interval` seconds, `ping(session)`, wait `timeout` seconds, `check(session, what ping returned)`.

        A ping that returned None is not checked.
        """
        self._mode = mode
        self._waits = (interval, timeout)
        self._ping = ping
        self._check = check
        self._to_ping: deque[tuple[float, Session]] = deque()
        self._pinged: deque[tuple[float, Session, Any]] = deque()
        self._lock = threading.Lock()
        self._turning = False

    def add(self, session: Session) -> None:
        """Ping a session after the interval, once."""
        self._to_ping.append((time.monotonic() + self._waits[0], session))
        with self._lock:
            if self._turning:
                return
            self._turning = True
        self._mode.start_background_task(self._turn)

    def _turn(self) -> None:
        while self._goes_on():
            self._mode.sleep(TICK)
            self._ping_those_due()
            self._check_those_pinged()

    def _goes_on(self) -> bool:
        with self._lock:
            self._turning = bool(self._to_ping or self._pinged)
            return self._turning

    def _ping_those_due(self) -> None:
        now = time.monotonic()
        sent = 0
        while self._to_ping and self._to_ping[0][0] <= now:
            _, session = self._to_ping.popleft()
            mark = self._ping(session)
            if mark is not None:
                self._pinged.append((now + self._waits[1], session, mark))
            sent += 1
            if sent % AT_ONCE == 0:
                self._mode.sleep(0)

    def _check_those_pinged(self) -> None:
        now = time.monotonic()
        while self._pinged and self._pinged[0][0] <= now:
            _, session, mark = self._pinged.popleft()
            self._check(session, mark)
