"""How much of one thing somebody may do in a while."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from academy.kernel.access import RateLimited


@dataclass(frozen=True)
class Window:
    """How much of a rule is left: `most` uses in `seconds`, of which `left` remain; all again in `reset` seconds."""

    most: int
    seconds: int
    left: int
    reset: int


class _Never(threading.Timer):
    """A timer that is always about to run."""

    def is_alive(self) -> bool:
        """Say so."""
        return True


class _Memory(MemoryStorage):
    """Windows that are tidied at a use, once in a while: the library starts a thread for that after nearly every use.

    A thread costs as much as the rest of a use; windows are right without it, as what is over does not count.
    """

    tidied: float = 0.0
    every = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.timer.cancel()
        self.timer = _Never(0, lambda: None)

    def tidy(self) -> None:
        """Let go of what is over."""
        now = time.time()
        if now < self.tidied + self.every:
            return
        self.tidied = now
        for key in list(self.events):
            with self.locks[key]:
                left = [entry for entry in self.events.get(key, ()) if entry.expiry > now]
                self.events[key] = left
                if not left:
                    del self.events[key], self.locks[key]


class Limits:
    """Moving windows, counted in this process."""

    def __init__(self) -> None:
        """Begin with empty windows."""
        self._memory = _Memory()
        self._limiter = MovingWindowRateLimiter(self._memory)
        self._rules: dict[str, RateLimitItem] = {}

    def hit(self, rule: str, *who: str, detail: str = "") -> None:
        """Count one use under `rule`, such as "30 per 10 second"; raises `RateLimited` beyond it."""
        self._memory.tidy()
        item, one = self._item(rule), "\0".join(who)
        if not self._limiter.hit(item, one):
            raise self._refusal(item, one, detail)

    def check(self, rule: str, *who: str, detail: str = "") -> None:
        """Count nothing, and raise `RateLimited` where one more use would be beyond `rule`."""
        item, one = self._item(rule), "\0".join(who)
        if not self._limiter.test(item, one):
            raise self._refusal(item, one, detail)

    def window(self, rule: str, *who: str) -> Window:
        """Say how much of a rule is left."""
        item, one = self._item(rule), "\0".join(who)
        stats = self._limiter.get_window_stats(item, one)
        reset = max(0, math.ceil(stats.reset_time - time.time()))
        return Window(item.amount, item.get_expiry(), stats.remaining, reset)

    def clear(self) -> None:
        """Forget everything that was counted."""
        self._memory.reset()

    def _item(self, rule: str) -> RateLimitItem:
        if rule not in self._rules:
            self._rules[rule] = parse(rule)
        return self._rules[rule]

    def _refusal(self, item: RateLimitItem, one: str, detail: str) -> RateLimited:
        reset = self._limiter.get_window_stats(item, one).reset_time
        return RateLimited(detail, retry_after=max(1.0, round(reset - time.time(), 1)))
