"""The academy with one thing about it changed, for `--app`: a beacon in a hurry, a death at the worst moment."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Sequence
from typing import Any

from flask import Flask

import wsgi
from academy.kernel import presence, realtime
from academy.kernel.access import Busy
from academy.kernel.app import Kernel

HURRIED = "tests.faults.servers:with_a_hurried_beacon"
MORTAL = "tests.faults.servers:that_dies_before_it_delivers"
FORGETFUL = "tests.faults.servers:that_drops_some_broadcasts"
COUNTING = "tests.faults.servers:that_counts_who_catches_up"
DIE = "die-before-the-next-delivery"
COUNTS = "counts.json"


def with_a_hurried_beacon() -> Flask:
    """Tell the heads every second instead of every 20 to 30."""
    realtime.BEACON = (0.8, 1.2)
    return wsgi.create_app()


def with_a_leisurely_beacon() -> Flask:
    """Tell the heads every ten minutes: whatever arrives meanwhile, no beacon has healed."""
    realtime.BEACON = (600, 600)
    return wsgi.create_app()


def with_short_leases() -> Flask:
    """Hold who is where for three seconds instead of thirty."""
    presence.LEASE, presence.RENEW = 3, 0.5
    return with_a_leisurely_beacon()


def that_dies_before_it_delivers() -> Flask:
    """Once a file DIE is in the instance folder: commit, and be killed before anything is delivered."""
    app = with_a_hurried_beacon()
    kernel: Kernel = app.extensions["kernel"]
    deliver = kernel.realtime.ship
    order = kernel.settings.instance / DIE

    def ship(rows: Sequence[Any]) -> None:
        if rows and order.exists():
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        deliver(rows)

    kernel.realtime.ship = ship
    return app


def that_drops_some_broadcasts() -> Flask:
    """Deliver all but one in twenty of the committed events."""
    app = with_a_hurried_beacon()
    kernel: Kernel = app.extensions["kernel"]
    deliver = kernel.realtime.ship
    dice = random.Random(5)
    kernel.realtime.ship = lambda rows: deliver([row for row in rows if dice.random() >= 0.05])
    return app


def that_counts_who_catches_up() -> Flask:
    """Keep in a file COUNTS of the instance folder how often somebody `asked` for a page and was told that the server is
    `busy`, and how many pages were made `at_once` at most. For gevent.
    """
    app = with_a_hurried_beacon()
    kernel: Kernel = app.extensions["kernel"]
    catch_up = kernel.realtime.catch_up
    counts = {"asked": 0, "busy": 0, "at_once": 0}
    made: list[None] = []

    def counted(*asked: Any, **more: Any) -> Any:
        counts["asked"] += 1
        made.append(None)
        try:
            page = catch_up(*asked, **more)
            counts["at_once"] = max(counts["at_once"], len(made))  # who was refused left before anybody else ran
            return page
        except Busy:
            counts["busy"] += 1
            raise
        finally:
            made.pop()
            (kernel.settings.instance / COUNTS).write_text(json.dumps(counts))

    kernel.realtime.catch_up = counted
    return app
