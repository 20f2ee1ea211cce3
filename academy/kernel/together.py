"""Writers of a database that has room for one: those who wait are done together, by whoever comes first.

One transaction, and so one flush to the disk, for up to sixteen of them; each as if it were alone. Whoever finds
nobody waiting begins at once, so a lone writer waits for nothing (docs/decisions/0018-writers-go-together.md).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST = 16
"""Works in one transaction: it has nearly all of the gain, and others wait for milliseconds only."""


@dataclass(eq=False)
class Turn:
    """A work that is to be done, and how it ended.

    `committed(result)` hears of it once it is kept, in the order in which works were; it must not wait for anything.
    `context` is that of whoever asks: their request, their language.
    """

    work: Callable[[Session], Any]
    committed: Callable[[Any], None]
    context: Context = field(default_factory=copy_context)
    called: threading.Event = field(default_factory=threading.Event)
    done: bool = False
    result: Any = None
    error: BaseException | None = None

    def run(self, session: Session) -> Any:
        """Do the work in its own context, wherever this is called."""
        return self.context.run(self.work, session)

    def kept(self, result: Any) -> None:
        """Note that it is committed."""
        self.result, self.done = result, True
        self.committed(result)

    def failed(self, error: BaseException) -> None:
        """Note that nothing of it is kept."""
        self.error, self.done = error, True

    def outcome(self) -> Any:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self.result


class Together:
    """The writers of one database, in the order in which they came."""

    def __init__(self, perform: Callable[[Sequence[Turn]], None]) -> None:
        """Take what does some works in one transaction and notes of each how it ended."""
        self._perform = perform
        self.give_way: Callable[[], None] = partial(time.sleep, 0)
        """Lets green threads that are about to write come along; the database would not let them in later."""
        self._guard = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._leader: Turn | None = None

    def take(self, turn: Turn) -> Any:
        """Wait for one's turn, and return what the work returned or raise what it raised."""
        with self._guard:
            self._waiting.append(turn)
            if self._leader is None:
                self._leader = turn
                turn.called.set()
        try:
            turn.called.wait()
            if not turn.done:
                self.give_way()
                self._lead()
        finally:
            if not turn.done:  # ended while it waited, as a server does with what hangs when it stops
                self._leave(turn)
        return turn.outcome()

    def _lead(self) -> None:
        with self._guard:
            turns = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            self._perform(turns)
        except BaseException as error:  # noqa: BLE001 - it is raised where each work was asked for
            for turn in turns:
                if not turn.done:
                    turn.failed(error)
        with self._guard:
            following = self._call_next()
        for turn in turns:
            turn.called.set()
        if following is not None:
            following.called.set()

    def _leave(self, turn: Turn) -> None:
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
            following = self._call_next() if self._leader is turn else None
        if following is not None:
            following.called.set()

    def _call_next(self) -> Turn | None:
        self._leader = self._waiting[0] if self._waiting else None
        return self._leader
