"""One measurement each: of one server, with one crowd that is connected to it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from benchmarks.realtime.counting import Counting
from benchmarks.realtime.servers import Server
from benchmarks.realtime.wire import Member

WINDOW = 8
"""Messages on their way at once, where as many are sent as are delivered."""
RATE = 5.0
"""Messages a second, where the time that one takes is measured."""
UNDISTURBED = 0.1
"""Seconds after a message in which the client only sleeps, as clients on other machines are no trouble to a server: to
wake one here for each delivery, or to share its sockets' locks with it, would cost more than the delivery. When each
came is known to the kernel."""
DRAIN = 15.0
"""Seconds that what was sent gets to arrive, before it counts as lost."""


def flood(server: Server, crowd: Counting, space: str, seconds: float, event: str = "post:send") -> dict[str, Any]:
    """Keep some messages on their way: the next is sent once one has reached everybody."""
    return _keep_busy(server, crowd, crowd.members, space, seconds, event, until_acked=False)


def posts(
    server: Server, crowd: Counting, senders: Sequence[Member], space: str, seconds: float, event: str
) -> dict[str, Any]:
    """Keep some messages on their way: the next is sent once one is acked."""
    return _keep_busy(server, crowd, senders, space, seconds, event, until_acked=True)


def _keep_busy(
    server: Server,
    crowd: Counting,
    senders: Sequence[Member],
    space: str,
    seconds: float,
    event: str,
    *,
    until_acked: bool,
) -> dict[str, Any]:
    crowd.begin(timed=False)
    turns = cycle(senders)  # each in turn, so that nobody sends more than a person may
    client, used, began = time.process_time(), server.processor(), time.perf_counter()
    while (now := time.perf_counter()) < began + seconds:
        done = crowd.answered if until_acked else crowd.whole
        for _ in range(WINDOW - (len(crowd.sent) - done)):
            crowd.say(next(turns), space, event)
        crowd.poll(0.05)
    took, used = now - began, server.processor() - used
    found = {
        "seconds": took,
        "deliveries": crowd.delivered,
        "deliveries_per_second": crowd.delivered / took,
        "acks_per_second": crowd.answered / took,
        "us_per_delivery": 1e6 * used / max(1, crowd.delivered),
        "server_busy": used / took,
        "client_busy": (time.process_time() - client) / took,
    }
    return {**found, **_settled(crowd)}


def latency(server: Server, crowd: Counting, space: str, seconds: float) -> dict[str, Any]:
    """Send a message from time to time, each by somebody else, and see when it reaches each member."""
    crowd.begin(timed=True)
    senders = cycle(crowd.members)
    used, began = server.processor(), time.perf_counter()
    for number in range(int(seconds * RATE)):
        crowd.say(next(senders), space)
        next_due = began + (number + 1) / RATE
        time.sleep(UNDISTURBED)
        while (left := next_due - time.perf_counter()) > 0:
            crowd.poll(left)
    lost = _settled(crowd)
    used = server.processor() - used
    late = sorted(crowd.latencies)
    found = {
        "deliveries": len(late),
        "p50_ms": 1e3 * _quantile(late, 0.5),
        "p99_ms": 1e3 * _quantile(late, 0.99),
        "us_per_delivery": 1e6 * used / max(1, len(late)),
    }
    return {**found, **lost}


def _quantile(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def _settled(crowd: Counting) -> dict[str, int]:
    """Wait for what is on its way, then say what never came, came twice or out of order."""
    crowd.until(lambda: not crowd.waits, DRAIN)
    if crowd.refused or crowd.lost:
        raise SystemExit(f"the server refuses or hangs up: {crowd.refused[:2]} {crowd.lost[:2]}")
    return {"lost": crowd.missing, "doubled": crowd.doubled, "disordered": crowd.disordered}
