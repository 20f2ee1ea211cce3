"""Runs a function in one of two real threads, while the hub's green threads go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
