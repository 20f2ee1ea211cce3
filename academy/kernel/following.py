"""What followers of logs get: which part they may read, pages of it, and each event as it goes over the wire."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel import log
from academy.kernel.access import Busy, Missing
from academy.kernel.ids import encode

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel
    from academy.kernel.authentication import SocketViewer

CATCHING_UP = 16  # readers of pages at once, of 20 database connections
KINDS_KEPT = 10_000
ANSWER = 256 * 1024
"""Characters of JSON that one answer's events may have: whoever asks and does not read holds that much memory.

About as much is read for it, whatever was written: lengths are asked for with the page, words only of what may fit.
"""


class Following:
    """Reads the logs of one app for those who follow them."""

    def __init__(self, kernel: Kernel) -> None:
        """Read nothing yet."""
        self._kernel = kernel
        # No semaphore: under gevent to release one lets others run, and whoever asks for it meanwhile waits.
        self._turns = deque(range(CATCHING_UP))
        self._kinds: dict[UUID, str] = {}

    def payloads(self, session: Session, rows: Sequence[log.Row]) -> list[dict[str, Any]]:
        """Return the events of one log as they go over the wire, the same for every follower."""
        if not rows:
            return []
        kind = self._kind_of(session, rows[0].log_id)
        return [
            {
                "space": encode(row.log_id),
                "epoch": row.epoch,
                "seq": row.seq,
                "kind": row.kind,
                "at": row.at.isoformat(),
                "actor": encode(row.actor_id) if row.actor_id else None,
                "payload": dict(payload),
            }
            for row, payload in zip(rows, kind.load(session, rows), strict=True)
        ]

    def follow(self, session: Session, viewer: SocketViewer, log_id: UUID) -> log.Span:
        """Return the span of a log that a viewer may read now; raises `Missing`."""
        return self._kind_of(session, log_id).follow(session, viewer, log_id)

    def _kind_of(self, session: Session, log_id: UUID) -> log.LogKind:
        """Return how a log is read; raises `Missing`. Of which kind a log is never changes, so it is looked up once."""
        name = self._kinds.get(log_id) or log.kinds_of(session, [log_id]).get(log_id)
        if name is None:
            raise Missing
        if len(self._kinds) >= KINDS_KEPT:
            self._kinds.clear()
        self._kinds[log_id] = name
        return self._kernel.log_kinds[name]

    def catch_up(
        self, session: Session, viewer: SocketViewer, log_id: UUID, *, since: int, epoch: str | None, among: int = 1
    ) -> dict[str, Any]:
        """Return one page of a log for a viewer, as sockets and the HTTP fallback answer it; raises `Busy`.

        `among` is how many pages share one answer: the events that one may have, and the room in it.
        """
        try:
            turn = self._turns.pop()
        except IndexError:  # a herd is spread, not queued
            detail = "Many people are coming back at once. What you missed is fetched in a moment."
            raise Busy(detail, retry_after=round(random.uniform(1, 5), 1)) from None  # noqa: S311 - jitter, not a secret
        try:
            span = self.follow(session, viewer, log_id)
            size, room = self._kind_of(session, log_id).size, ANSWER // among
            limit = max(1, log.PAGE // among)
            page = log.page(session, log_id, span=span, since=since, epoch=epoch, limit=limit, size=size, room=room)
            events = _some(self.payloads(session, page.rows), room, or_one=among == 1)
        finally:
            self._turns.append(turn)
        for row, event in zip(page.rows, events, strict=False):
            if row.nonce is not None and row.actor_id == viewer.person_id:
                event["nonce"] = row.nonce
        more = page.more or len(events) < len(page.rows)
        answer = {"epoch": page.epoch, "head": page.head, "events": events, "more": more}
        return {**answer, "reset": page.reset} if page.reset else answer


def _some(events: list[dict[str, Any]], room: int, *, or_one: bool) -> list[dict[str, Any]]:
    """Return the first events, as many as fit; `or_one` says that the first one does in any case."""
    totals = accumulate(len(json.dumps(event)) for event in events)  # one by one: what is beyond is not looked at
    fit = sum(1 for _ in takewhile(lambda total: total <= room, totals))
    return events[: max(fit, or_one)]
