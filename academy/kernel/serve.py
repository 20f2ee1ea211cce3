"""Serves the academy in one process: `python -m academy.kernel.serve --host --port --async MODE`.

Under gevent and eventlet the standard library must be patched before anything else is imported. So this module
imports next to nothing, patches, and only then loads the server by name.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence

PATCHES = {"gevent": ("gevent.monkey", "patch_all"), "eventlet": ("eventlet", "monkey_patch")}
MODES = ("gevent", "eventlet", "threading")
KNOWN = r"\s*Eventlet is deprecated"  # said in docs/deployment.md, and to whoever chose it ten lines at each start


class NoSuchMode(Exception):
    """The mode can't be used."""


def mode_of(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the mode that `--async`, or else ACADEMY_ASYNC, names; raises `NoSuchMode` with one line."""
    mode = environment.get("ACADEMY_ASYNC") or "gevent"
    for place, argument in enumerate(arguments):
        if argument == "--async" and place + 1 < len(arguments):
            mode = arguments[place + 1]
        elif argument.startswith("--async="):
            mode = argument.removeprefix("--async=")
    if mode not in MODES:
        message = f"there is no mode {mode!r}: use --async gevent, threading or eventlet"
        raise NoSuchMode(message)
    return mode


def patch(mode: str) -> None:
    """Make the standard library wait as the mode does; raises `NoSuchMode` where the mode is not installed."""
    if mode not in PATCHES:
        return
    name, function = PATCHES[mode]
    warnings.filterwarnings("ignore", KNOWN)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        message = f"{mode} is not installed: pip install 'capability-academy[{mode}]'"
        raise NoSuchMode(message) from error
    getattr(module, function)()


def start(arguments: Sequence[str]) -> int:
    """Patch if need be, then serve until stopped; returns the exit code."""
    try:
        mode = mode_of(arguments, os.environ)
        patch(mode)
    except NoSuchMode as error:
        sys.stderr.write(f"academy: {error}\n")
        return 2
    os.environ["ACADEMY_ASYNC"] = mode  # the settings must agree with what was patched
    code: int = importlib.import_module("academy.kernel.server").main(arguments, mode)
    return code


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
