"""What is asked when: one question at a time for each log and each outbox, and a random wait after a failure."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from academy.bridges.client.engine.log import Answer, Apply, Log
from academy.bridges.client.engine.sending import Send

ANSWER = 10.0
"""Seconds in which an answer comes; after them the connection counts as lost."""

BY_ITSELF = (0.15, 0.3)
"""Seconds in which what is missing may come by itself: several server processes each bring theirs in their own time."""


class Backoff:
    """How long to wait before each try: a random time up to 1 s, doubled at each failure, at most 30 s."""

    def __init__(self, first: float = 1.0, cap: float = 30.0) -> None:
        """Begin with the shortest wait."""
        self._first, self._cap = first, cap
        self._most = first

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self._most = self._first

    def wait(self) -> float:
        """Return how many seconds to wait now."""
        most, self._most = self._most, min(self._cap, 2 * self._most)
        return random.uniform(0, most)  # noqa: S311 - jitter, not a secret


def after(answer: Answer) -> float:
    """Return how many seconds a refused one waits at least, spread so that not all come back together."""
    return float(answer.get("retry_after") or 1) * random.uniform(1, 1.5)  # noqa: S311 - jitter, not a secret


@dataclass
class Asking:
    """One question at a time: `asking` is since when one is on its way, `not_before` when the next one may be asked."""

    asking: float | None = None
    not_before: float = 0.0

    def may_ask(self, now: float) -> bool:
        """Say whether nothing is on its way and nothing speaks against asking."""
        return self.asking is None and now >= self.not_before

    def unanswered(self, now: float) -> bool:
        """Say whether an answer should have come by now."""
        return self.asking is not None and now - self.asking > ANSWER


@dataclass
class Outbox(Asking):
    """What is to be sent to one space: the first one is on its way or next."""

    sends: deque[Send] = field(default_factory=deque)


@dataclass(kw_only=True)
class Followed(Asking):
    """A log that is followed: how far, by whom, and whether something is missing.

    `more` says that it is asked for at once, `due` when it is asked for if it does not come before; `head` is what the
    beacon said.
    """

    log: Log
    handle: Apply
    reset: Callable[[str], None]
    lost: Callable[[Answer], None]
    opened: bool = False
    more: bool = True
    head: int = 0
    due: float | None = None
    failures: Backoff = field(default_factory=Backoff)

    def look(self, now: float) -> None:
        """See whether something is missing, and give it a random moment: a thousand readers may miss the same."""
        if self.head <= self.log.cursor and not self.log.held:
            self.due = None
        elif self.due is None:
            self.due = now + random.uniform(*BY_ITSELF)  # noqa: S311 - jitter, not a secret

    def behind(self, now: float) -> bool:
        """Say whether something is to be asked for."""
        return self.more or (self.due is not None and now >= self.due)
