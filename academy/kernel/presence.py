"""Who has which log open now: counted from live sockets, and held by leases for the other processes to see.

Where Redis is, each log has a sorted set there: a member for each process and person, and when its lease ends. A
process renews what is its own as long as it lives, so what a dead one held ends by itself. Where Redis is away, or
not used, this process's own sockets are all that is known.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import structlog

from academy.kernel import clock
from academy.kernel.connections import Connections
from academy.kernel.ids import decode, encode

if TYPE_CHECKING:
    from academy.kernel.shared import Shared

logger = structlog.get_logger(__name__)

LEASE = 30  # seconds
RENEW = 10.0  # seconds
AT_ONCE = 500  # logs whose leases are renewed in one exchange


class Presence:
    """Who is where, over all processes."""

    def __init__(self, connections: Connections, shared: Shared | None, changed: Callable[[UUID], None]) -> None:
        """Hold nothing yet; `changed(log_id)` is called when a renewal shows that others know a log otherwise."""
        self._connections = connections
        self._shared = shared
        self._changed = changed
        self._name = uuid4().hex[:12]
        self._held: dict[UUID, set[UUID]] = {}
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._ended = False

    def of(self, log_id: UUID) -> set[UUID]:
        """Return who has a log open in any process; what this one holds is brought up to date on the way."""
        here = self._connections.people_in(log_id)
        if self._shared is None:
            return here
        with self._lock:
            here = self._connections.people_in(log_id)
            pipe = self._shared.redis.pipeline(transaction=False)
            self._hold(pipe, log_id, here)
            pipe.zrangebyscore(self._key(log_id), clock.now().timestamp(), "+inf")
            answers = self._shared.ask(lambda _redis: pipe.execute())
            if answers is None:
                return here
            self._keep(log_id, here)
        return here | {decode(member.decode().partition(":")[2]) for member in answers[-1]}

    def anywhere(self, person_id: UUID) -> bool:
        """Say whether a person has a socket, in whichever process: each has the person's inbox open."""
        return bool(self._connections.of_person(person_id)) or bool(self._shared and self.of(person_id))

    def start(self) -> None:
        """Renew the leases of this process from now on."""
        if self._shared is not None:
            threading.Thread(target=self._run, name="presence", daemon=True).start()

    def hurry(self) -> None:
        """Renew them now: Redis may have come back empty."""
        self._due.set()

    def stop(self) -> None:
        """Renew them no more."""
        self._ended = True
        self._due.set()

    def _run(self) -> None:
        while not self._ended:
            self._due.wait(RENEW)
            self._due.clear()
            try:
                self.renew()
            except Exception:
                logger.exception("presence_failed")

    def renew(self) -> None:
        """Lengthen every lease of this process; tell of logs where leases of others ended or own ones were lost."""
        with self._lock:
            wanted = sorted({*self._connections.logs(), *self._held})
        for start in range(0, len(wanted), AT_ONCE):
            for log_id in self._renew_some(wanted[start : start + AT_ONCE]):
                self._changed(log_id)

    def _renew_some(self, log_ids: list[UUID]) -> list[UUID]:
        assert self._shared is not None  # noqa: S101 - asked for where it is
        pipe = self._shared.redis.pipeline(transaction=False)
        otherwise = []
        with self._lock:
            here = {log_id: self._connections.people_in(log_id) for log_id in log_ids}
            asked = []
            for log_id in log_ids:
                pipe.zremrangebyscore(self._key(log_id), "-inf", clock.now().timestamp())
                asked.append(1 + self._hold(pipe, log_id, here[log_id]))
            answers = self._shared.ask(lambda _redis: pipe.execute())
            if answers is None:
                return []
            place = 0
            for log_id, count in zip(log_ids, asked, strict=True):
                # How many ended, were taken away, were not there before; the last one, of EXPIRE, tells nothing.
                counted = answers[place : place + count]
                if any(counted[:-1] if here[log_id] else counted):
                    otherwise.append(log_id)
                place += count
                self._keep(log_id, here[log_id])
        return otherwise

    def _hold(self, pipe: Any, log_id: UUID, here: set[UUID]) -> int:
        """Ask for no lease of who has gone and a new one for each who is here; return how many commands that takes."""
        key = self._key(log_id)
        gone = self._held.get(log_id, set()) - here
        if gone:
            pipe.zrem(key, *map(self._member, gone))
        if here:
            until = clock.now().timestamp() + LEASE
            pipe.zadd(key, {self._member(person_id): until for person_id in here})
            pipe.expire(key, 2 * LEASE)
        return bool(gone) + 2 * bool(here)

    def _keep(self, log_id: UUID, here: set[UUID]) -> None:
        if here:
            self._held[log_id] = here
        else:
            self._held.pop(log_id, None)

    def _key(self, log_id: UUID) -> str:
        assert self._shared is not None  # noqa: S101 - only asked where it is
        return f"{self._shared.name}:present:{encode(log_id)}"

    def _member(self, person_id: UUID) -> str:
        # Processes that were forked from one have its name.
        return f"{self._name}-{os.getpid()}:{encode(person_id)}"
