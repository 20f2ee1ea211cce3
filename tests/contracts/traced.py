"""The app, telling whether its hub left a green thread in the middle of a unit of work: for a real server process.

`academy.kernel.serve --app tests.contracts.traced:create_app` serves it; GET /traced answers how many units of
work there were, and where a transaction of theirs was left for another green thread. With TRACED_BREACH=1 a reaction
yields on purpose.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from typing import Any

import gevent
from flask import Flask
from greenlet import getcurrent, settrace
from sqlalchemy import Connection, event

import wsgi
from academy.kernel.access import guarded
from academy.kernel.db import Database
from academy.kernel.events import within
from academy.kernel.sqlite import BEGIN_WRITING, BEGINS
from forums.posts.events import PostSent


class Trace:
    """What was seen: `inside` holds the green threads that are in a writing transaction now."""

    def __init__(self) -> None:
        self.units = 0
        self.left: list[str] = []
        self.on_the_disk = 0
        self.inside: set[int] = set()

    def begun(self, _connection: Connection) -> None:
        """Note that a transaction began; only those that write hold the lock."""
        if BEGINS.get() == BEGIN_WRITING:
            self.inside.add(id(getcurrent()))

    def counting(self, unit_of_work: Callable[..., Any]) -> Callable[..., Any]:
        """Return what does a unit of work, and counts it."""

        def counted(*asked: Any) -> Any:
            self.units += 1
            return unit_of_work(*asked)

        return counted

    def ended(self, _connection: Connection) -> None:
        """Note that it ended."""
        self.inside.discard(id(getcurrent()))

    def switched(self, what: str, between: tuple[Any, Any]) -> None:
        """Note a switch away from a green thread that is inside."""
        origin = between[0]
        if what in {"switch", "throw"} and id(origin) in self.inside:
            stack = traceback.extract_stack(origin.gr_frame)
            if any(frame.name == Database._commit_aside.__name__ for frame in stack):
                self.on_the_disk += 1  # the commit itself, where it waits for the disk: docs/decisions/0018
            else:
                self.left.append("".join(traceback.format_list(stack[-12:])))


def create_app() -> Flask:
    """Build the whole app with the trace on."""
    app = wsgi.create_app()
    kernel = app.extensions["kernel"]
    trace = Trace()
    event.listen(kernel.database.engine, "begin", trace.begun)
    kernel.database.unit_of_work = trace.counting(kernel.database.unit_of_work)
    event.listen(kernel.database.engine, "commit", trace.ended)
    event.listen(kernel.database.engine, "rollback", trace.ended)
    settrace(trace.switched)
    if os.environ.get("TRACED_BREACH") == "1":
        kernel.reactions._all += (within(PostSent, lambda _session, _event: time.sleep(0)),)

    @app.get("/traced")
    @guarded("public")
    def traced() -> dict[str, Any]:
        gevent.sleep(0)
        return {"units": trace.units, "left": trace.left, "on_the_disk": trace.on_the_disk}

    return app
