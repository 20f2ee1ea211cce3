"""How much of one thing somebody may do in a while."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from limits import RateLimitItem, WindowStats, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from academy.kernel.access import RateLimited

if TYPE_CHECKING:
    from academy.kernel.shared import Shared


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
    ahead = 1.0
    """Seconds that a use may lie in the future; beyond them the clock was set back, and the use counts no more."""

    def __init__(self) -> None:
        super().__init__()
        self.timer.cancel()
        self.timer = _Never(0, lambda: None)

    def tidy(self) -> None:
        """Let go of what is over."""
        now = time.time()
        if self.tidied <= now < self.tidied + self.every:
            return
        self.tidied = now
        for key in list(self.events):
            with self.locks[key]:
                left = [one for one in self.events.get(key, ()) if one.expiry > now and one.atime <= now + self.ahead]
                self.events[key] = left
                if not left:
                    self.events.pop(key, None)  # with threads another one may have been here
                    self.locks.pop(key, None)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a use where there is room for it, and say whether there was."""
        self._forget_the_future(key)
        return super().acquire_entry(key, limit, expiry, amount)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the window began, and how many uses are in it."""
        self._forget_the_future(key)
        return super().get_moving_window(key, limit, expiry)

    def _forget_the_future(self, key: str) -> None:
        uses = self.events.get(key)
        if uses and uses[0].atime > (latest := time.time() + self.ahead):  # the newest comes first
            with self.locks[key]:
                self.events[key] = [one for one in self.events.get(key, ()) if one.atime <= latest]


def api_user(person_id: UUID | None, address: str | None) -> tuple[str, str]:
    """Name whose use of the API is counted: a person's, or an address's where nobody is known."""
    return "api", str(person_id) if person_id else f"from {address}"


class Limits:
    """Moving windows, counted in this process and, where it shares Redis with others, over all of them.

    While Redis is away this process's own count stands alone. Uses that lie in the future, as the clock was set back,
    do not count in it; Redis forgets them once the rule's length has gone by.
    """

    def __init__(self, shared: Shared | None = None) -> None:
        """Begin with empty windows."""
        self._memory = _Memory()
        self._limiter = MovingWindowRateLimiter(self._memory)
        self._shared = shared
        self._over_all: MovingWindowRateLimiter | None = None
        if shared is not None:
            storage = RedisStorage(
                shared.url, connection_pool=shared.redis.connection_pool, key_prefix=f"{shared.name}:limit"
            )
            self._over_all = MovingWindowRateLimiter(storage)
        self._rules: dict[str, RateLimitItem] = {}

    def hit(self, rule: str, *who: str, detail: str = "", cost: int = 1) -> None:
        """Count one use under `rule`, such as "30 per 10 second", or as many as it costs: all of them or none.

        Raises `RateLimited` where there is no room for it.
        """
        self._memory.tidy()
        item, one = self._item(rule), "\0".join(who)
        if (
            self._over_all is not None
            and self._limiter.test(item, one, cost=cost)
            and self._asked("hit", item, one, cost) is False
        ):
            raise self._refusal(item, one, detail)
        if not self._limiter.hit(item, one, cost=cost):
            raise self._refusal(item, one, detail)

    def check(self, rule: str, *who: str, detail: str = "") -> None:
        """Count nothing, and raise `RateLimited` where one more use would be beyond `rule`."""
        item, one = self._item(rule), "\0".join(who)
        if not self._limiter.test(item, one) or self._asked("test", item, one) is False:
            raise self._refusal(item, one, detail)

    def window(self, rule: str, *who: str) -> Window:
        """Say how much of a rule is left."""
        item, one = self._item(rule), "\0".join(who)
        stats = self._stats(item, one)
        return Window(item.amount, item.get_expiry(), stats.remaining, max(0, math.ceil(_wait(item, stats))))

    def clear(self) -> None:
        """Forget everything that was counted in this process."""
        self._memory.reset()

    def _asked(self, what: str, item: RateLimitItem, one: str, cost: int = 1) -> bool | None:
        """Count or look over all processes; None where there is nobody to ask."""
        if self._shared is None or self._over_all is None:
            return None
        use = self._over_all.hit if what == "hit" else self._over_all.test
        return self._shared.ask(lambda _redis: use(item, hidden(one), cost=cost))  # it may write to a disk

    def _stats(self, item: RateLimitItem, one: str) -> WindowStats:
        """Return the fuller of the two windows."""
        found = self._limiter.get_window_stats(item, one)
        if self._shared is None or self._over_all is None:
            return found
        stats = self._over_all.get_window_stats
        over_all = self._shared.ask(lambda _redis: stats(item, hidden(one)))
        return found if over_all is None or over_all.remaining > found.remaining else over_all

    def _item(self, rule: str) -> RateLimitItem:
        if rule not in self._rules:
            self._rules[rule] = parse(rule)
        return self._rules[rule]

    def _refusal(self, item: RateLimitItem, one: str, detail: str) -> RateLimited:
        return RateLimited(detail, retry_after=max(1.0, round(_wait(item, self._stats(item, one)), 1)))


def _wait(item: RateLimitItem, stats: WindowStats) -> float:
    """Return in how many seconds there is room again: never more than the rule is long, whatever clocks say."""
    return min(float(item.get_expiry()), stats.reset_time - time.time())


def hidden(one: str) -> str:
    """Name a window so that nothing can be read from it, be it a person, an address or a token."""
    return hashlib.blake2b(one.encode(errors="surrogatepass"), digest_size=16).hexdigest()
