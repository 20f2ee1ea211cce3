"""Brings what was committed to whoever has its log open, in this process and in the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from academy.kernel import log
from academy.kernel.connections import Connections, log_room, own_room
from academy.kernel.fanout import FanOut
from academy.kernel.following import Following
from academy.kernel.ids import decode, encode

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

AT_ONCE = 500  # rows in one message to the other processes
BURST = 16  # events loaded at once, one write to each reader: of the longest messages half a million characters

Sender = tuple[str | None, str | None]
"""Who sent something, and with which nonce; None for what nobody waits to see again."""


class Delivery:
    """Sends log rows as events. A failure is healed by the beacon."""

    def __init__(self, kernel: Kernel, connections: Connections, following: Following, manager: FanOut) -> None:
        """Deliver to the connections of this process, and to the others where there is a relay."""
        self._kernel = kernel
        self._connections = connections
        self._following = following
        self._manager = manager
        self._relay = kernel.relay
        if self._relay is not None:
            self._relay.on("rows", self._told_of_rows)
            self._relay.on("events", self._told_of_events)

    def ship(self, rows: Sequence[log.Row]) -> None:
        """Deliver committed rows, in the order of their numbers.

        Of a log that nobody has open in this process the others are told its rows only: a process that has
        listeners loads what they get.
        """
        elsewhere = self._deliver(rows, only_here=False)
        if self._relay is not None:
            for start in range(0, len(elsewhere), AT_ONCE):
                self._relay.say("rows", rows=[log.packed(row) for row in elsewhere[start : start + AT_ONCE]])

    def _told_of_rows(self, told: Mapping[str, Any]) -> None:
        self._deliver([log.unpacked(row) for row in told["rows"]], only_here=True)

    def _told_of_events(self, told: Mapping[str, Any]) -> None:
        log_id = decode(told["log"])
        if self._connections.listened(log_id):
            self.send(log_id, told["events"], told["senders"])

    def _deliver(self, rows: Sequence[log.Row], *, only_here: bool) -> list[log.Row]:
        """Send rows of logs that somebody has open here; return the others."""
        by_log: dict[UUID, list[log.Row]] = defaultdict(list)
        unheard = []
        for row in rows:
            if self._connections.listened(row.log_id):
                by_log[row.log_id].append(row)
            else:
                unheard.append(row)
        for log_id, mine in by_log.items():
            try:
                for start in range(0, len(mine), BURST):
                    self._burst(log_id, mine[start : start + BURST], only_here=only_here)
            except Exception:
                logger.exception("ship_failed", log=str(log_id))
        return unheard

    def _burst(self, log_id: UUID, rows: Sequence[log.Row], *, only_here: bool) -> None:
        with self._kernel.reading() as session:
            events = self._following.payloads(session, rows)
        senders = [(encode(row.actor_id) if row.actor_id else None, row.nonce) for row in rows]
        self.send(log_id, events, senders)
        if self._relay is not None and not only_here:
            self._relay.say("events", log=encode(log_id), events=events, senders=senders)

    def send(self, log_id: UUID, events: Sequence[Mapping[str, Any]], senders: Sequence[Sender]) -> None:
        """Send events to whoever has the log open here, all of them as one write; only its sender sees a nonce."""
        own = {
            own_room(log_id, decode(sender)): [
                {**event, "nonce": nonce} if who == sender and nonce else event
                for event, (who, nonce) in zip(events, senders, strict=True)
            ]
            for sender in {who for who, nonce in senders if who and nonce}
        }
        self._manager.emit_each("space:event", events, "/", log_room(log_id), own=own)
