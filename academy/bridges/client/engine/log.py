"""The reader's rules: the cursor, holding back what came too early, starting afresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]
"""One event of a log as docs/realtime.md describes it: `space`, `epoch`, `seq`, `kind`, `at`, `actor`, `payload`."""
Page = Mapping[str, Any]
Answer = Mapping[str, Any]
"""An ack: `ok`, and what came of it or why not."""
Apply = Callable[[Event], None]

LATEST = -1
"""A cursor of one who wants only what comes from now on."""


class Reset(Exception):
    """The log is another history, or goes on where nobody can follow: start afresh in `epoch`."""

    def __init__(self, epoch: str, reason: str) -> None:
        """Keep the epoch that is valid now, and the reason: `epoch`, `ahead` or `trimmed`."""
        super().__init__(reason)
        self.epoch = epoch
        self.reason = reason


@dataclass
class Log:
    """Where one reader stands in a numbered log.

    `cursor` is the last `seq` applied; `epoch` is None before the first page. Each event is applied once and in order.
    When `apply` raises, nothing has moved, and the event is asked for again.
    """

    space: str
    cursor: int = 0
    epoch: str | None = None
    held: dict[int, Event] = field(default_factory=dict)

    def live(self, event: Event, apply: Apply) -> bool:
        """Take an event as it arrives; says whether something before it is missing. Raises `Reset`."""
        if self.epoch is None:  # joined, and the first page is on its way
            self.held.setdefault(event["seq"], event)
            return False
        if event["epoch"] != self.epoch:
            raise Reset(event["epoch"], "epoch")
        if event["seq"] > self.cursor:
            self.held.setdefault(event["seq"], event)
        return self._go_on(apply)

    def page(self, page: Page, apply: Apply) -> bool:
        """Take an answer's page, which leaves nothing out; says whether there is more to ask for. Raises `Reset`."""
        reset = page.get("reset")
        if self.epoch not in {None, page["epoch"]}:
            raise Reset(page["epoch"], "epoch")
        if self.cursor == LATEST:
            self.cursor, self.epoch = page["head"], page["epoch"]
            return self._go_on(apply)
        if reset:
            raise Reset(page["epoch"], reset)
        self.epoch = page["epoch"]
        for event in page["events"]:
            if event["seq"] > self.cursor:
                apply(event)
                self.cursor = event["seq"]
        if not page["more"]:  # what lies between is not for this reader
            self.cursor = max(self.cursor, page["head"])
        return self._go_on(apply) or bool(page["more"])

    def begin_anew(self, found: Reset) -> None:
        """Forget what was applied: the log is read from its beginning, or from now on where that is not kept."""
        self.cursor = LATEST if found.reason == "trimmed" else 0
        self.epoch = found.epoch
        self.held.clear()

    def _go_on(self, apply: Apply) -> bool:
        while (event := self.held.get(self.cursor + 1)) is not None:
            apply(event)
            self.cursor += 1
        self.held = {
            seq: event for seq, event in self.held.items() if seq > self.cursor and event["epoch"] == self.epoch
        }
        return bool(self.held)
