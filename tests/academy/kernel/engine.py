"""An engine with faults: what a matcher process may have to bear."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

calls = 0


def double(request: dict[str, Any]) -> dict[str, Any]:
    """Answer, and say how often and by which process."""
    global calls
    calls += 1
    return {"doubled": request["number"] * 2, "calls": calls, "pid": os.getpid()}


def chatter(request: dict[str, Any]) -> dict[str, Any]:
    """Print where the answers go."""
    print("on stdout", request, flush=True)
    os.write(1, b"\x00\x00\x00\x02{}")
    print("on stderr", file=sys.stderr)
    return request


def fail(request: dict[str, Any]) -> dict[str, Any]:
    """Raise."""
    message = f"no pair for {request['who']}"
    raise LookupError(message)


def die(_: dict[str, Any]) -> dict[str, Any]:
    """End without an answer."""
    os._exit(3)


def linger(request: dict[str, Any]) -> dict[str, Any]:
    """Take `seconds`, holding the interpreter."""
    end = time.monotonic() + request["seconds"]
    while time.monotonic() < end:
        pass
    return request


def a_list(_: dict[str, Any]) -> list[int]:
    """Answer with what is no dict."""
    return [1, 2]


def stepwise(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Tell each of the `steps`, and linger `seconds` after the last."""
    for step in request["steps"]:
        tell(step)
    return linger(request)


def stuck(request: dict[str, Any], tell: Callable[[str], None]) -> dict[str, Any]:
    """Tell a step, and take longer than anybody waits."""
    tell("matching")
    return linger({**request, "seconds": 60})
