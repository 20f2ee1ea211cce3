"""What the processes of one academy share through Redis, which may be away at any moment: nobody waits for it.

Loaded by name, and only where REDIS_URL is set. Nothing in Redis is the only copy of anything: whoever is told that
it is away goes on with what this process knows, and it may come back empty.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")

logger = structlog.get_logger(__name__)

WAIT = 0.5  # seconds that anybody waits for a connection, or for an answer
PAUSE = 1.0  # seconds after a failure in which nobody asks again


class Shared:
    """One Redis, with a name before everything that this academy keeps and says there.

    The name holds the number of the database in REDIS_URL: what is published reaches listeners of all databases, and
    two academies may share a Redis.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet."""
        self.url = url
        self.redis = Redis.from_url(
            url, socket_connect_timeout=WAIT, socket_timeout=WAIT, socket_keepalive=True, retry=Retry(NoBackoff(), 0)
        )
        self.name = f"academy:{self.redis.connection_pool.connection_kwargs.get('db') or 0}"
        self._away = False
        self._again = 0.0

    def ask(self, question: Callable[[Redis], T]) -> T | None:
        """Return what Redis answers, which is never None; None while it is away, for a moment without asking.

        That it is away is logged once, and once that it is back.
        """
        if self._away:
            if time.monotonic() < self._again:
                return None
            self._again = time.monotonic() + PAUSE  # one asks for all
        try:
            answer = question(self.redis)
        except (RedisError, OSError) as error:
            if not self._away:
                logger.warning("redis_away", error=str(error))
            self._away, self._again = True, time.monotonic() + PAUSE
            return None
        if self._away:
            self._away = False
            logger.warning("redis_back")
        return answer

    def answers(self) -> None:
        """Take note that Redis has just answered somebody: whoever asks next does so without a pause."""
        self._again = 0.0

    def subscription(self) -> PubSub:
        """Return something to listen with, by a connection of its own; raises `RedisError` when it is used."""
        subscription: PubSub = self.redis.pubsub()  # type: ignore[no-untyped-call]
        return subscription
