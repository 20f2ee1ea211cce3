"""Runs a function in one of two threads of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

THREADS = 2


class Pool:
    """Two threads and a queue before them."""

    def __init__(self) -> None:
        """Start nothing yet: threads come with the first work."""
        self._executor = ThreadPoolExecutor(THREADS, "offload")

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what `function(*args)` returns, or raise what it raises."""
        return self._executor.submit(function, *args).result()
