"""Runs a function in one of two real threads, while the hub's green threads go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent.threadpool import ThreadPool

THREADS = 2


class Pool:
    """Real threads and a queue before them. `concurrent.futures`, once patched, would run on the hub."""

    def __init__(self, threads: int = THREADS) -> None:
        """Start nothing yet: threads come with the first work."""
        self._pool = ThreadPool(threads)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what `function(*args)` returns, or raise what it raises."""
        result, error = self._pool.spawn(_outcome, function, args).get()
        if error is not None:
            raise error
        return result


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    # gevent prints what a thread raises, even if somebody is there to catch it: hand it over as a value.
    try:
        return function(*args), None
    except Exception as error:  # noqa: BLE001 - raised again where the work was asked for
        return None, error


def look_round() -> None:
    """Let all go on for whom something has come, now or with one more look at all sockets. Waits for nothing.

    `gevent.sleep(0)` lets those go on who were known to be ready before; what has come since is not looked for. Where
    tasks go on calling that without end, they have 5 ms first.
    """
    hub = gevent.get_hub()
    ready = hub.loop.idle()
    ready.start(_nothing)  # while it is on the loop does not wait for anything to come
    try:
        hub.wait(hub.loop.check())  # right after the look, before those who are found
    finally:
        ready.stop()
        ready.close()
    gevent.sleep(0)


def _nothing() -> None:
    """Do nothing."""
