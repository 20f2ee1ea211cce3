"""Runs a function in one of two real threads, while the hub's green threads go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventlet import tpool

THREADS = 2


class Pool:
    """Eventlet's own real threads, two of them, and a queue before them. `concurrent.futures` would run on the hub."""

    def __init__(self) -> None:
        """Start nothing yet: threads come with the first work."""
        tpool.set_num_threads(THREADS)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what `function(*args)` returns, or raise what it raises."""
        return tpool.execute(function, *args)
