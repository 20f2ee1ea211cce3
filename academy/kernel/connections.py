"""The open sockets of this process: whose each is, and which logs it has open."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from uuid import UUID

from academy.kernel.authentication import Credential
from academy.kernel.event_context import EventContext
from academy.kernel.ids import encode

Held = frozenset[tuple[UUID, str]]


def held(roles: Mapping[UUID, frozenset[str]]) -> Held:
    """Return roles by group as pairs, of which a later look shows what was lost."""
    return frozenset((group, role) for group, found in roles.items() for role in found)


def log_room(log_id: UUID) -> str:
    """Name the room of who has a log open."""
    return f"log:{encode(log_id)}"


def own_room(log_id: UUID, person_id: UUID) -> str:
    """Name the room of one person's sockets among them."""
    return f"log:{encode(log_id)}:{encode(person_id)}"


def person_room(person_id: UUID) -> str:
    """Name the room of all of a person's sockets."""
    return f"person:{encode(person_id)}"


@dataclass(eq=False)
class Connection:
    """One open socket: whose it is, which logs it follows, and the roles by which it was last let in.

    `sign_in_id` is of the sign-in or of the API token that it showed; the latter expires at `until`.
    """

    sid: str
    credential: Credential
    person_id: UUID
    sign_in_id: UUID
    until: datetime | None = None
    held: Held = frozenset()
    context: EventContext | None = None
    """In which its events are handled; made for the first one."""
    logs: set[UUID] = field(default_factory=set)


class Connections:
    """Every open socket of this process, found by its id, its person and its logs."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._all: dict[str, Connection] = {}
        self._by_person: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self._by_log: defaultdict[UUID, set[Connection]] = defaultdict(set)
        self.counted: Callable[[int], None] = lambda _count: None

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, sid: str) -> bool:
        return sid in self._all

    def all(self) -> list[Connection]:
        """Return every connection."""
        with self._lock:
            return list(self._all.values())

    def of(self, sid: str) -> Connection | None:
        """Return the connection with this id, None once it has gone."""
        return self._all.get(sid)

    def add(self, connection: Connection, most: float = inf) -> bool:
        """Know a connection, unless its person has as many as there may be; says whether it is known."""
        with self._lock:
            if len(self._by_person.get(connection.person_id, ())) >= most:
                return False
            self._all[connection.sid] = connection
            self._by_person[connection.person_id].add(connection)
            self.counted(len(self._all))
            return True

    def remove(self, sid: str) -> Connection | None:
        """Forget a connection and return it; None where it is not known any more."""
        with self._lock:
            connection = self._all.pop(sid, None)
            if connection is not None:
                _discard(self._by_person, connection.person_id, connection)
                for log_id in connection.logs:
                    _discard(self._by_log, log_id, connection)
                self.counted(len(self._all))
            return connection

    def open(self, connection: Connection, log_id: UUID) -> bool:
        """Note that a connection has a log open; says whether the connection is still there."""
        with self._lock:
            if connection.sid not in self._all:
                return False
            connection.logs.add(log_id)
            self._by_log[log_id].add(connection)
            return True

    def close(self, connection: Connection, log_id: UUID) -> None:
        """Note that a connection has a log open no more."""
        with self._lock:
            connection.logs.discard(log_id)
            _discard(self._by_log, log_id, connection)

    def of_person(self, person_id: UUID) -> list[Connection]:
        """Return a person's connections."""
        with self._lock:
            return list(self._by_person.get(person_id, ()))

    def listened(self, log_id: UUID) -> bool:
        """Say whether a connection has a log open."""
        return log_id in self._by_log

    def people_in(self, log_id: UUID) -> set[UUID]:
        """Return who has a connection that has a log open."""
        with self._lock:
            return {connection.person_id for connection in self._by_log.get(log_id, ())}

    def expired(self, now: datetime) -> list[Connection]:
        """Return the connections whose API token has expired."""
        return [connection for connection in self.all() if connection.until is not None and connection.until <= now]

    def first_end(self) -> datetime | None:
        """Return when the first API token expires by which somebody is here."""
        with self._lock:
            return min((each.until for each in self._all.values() if each.until is not None), default=None)

    def logs(self) -> list[UUID]:
        """Return every log that a connection has open, in the order of their ids."""
        with self._lock:
            return sorted(self._by_log)


def _discard(index: defaultdict[UUID, set[Connection]], of: UUID, connection: Connection) -> None:
    index[of].discard(connection)
    if not index[of]:
        del index[of]
