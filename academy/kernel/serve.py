"""Serves the academy in one process: `python -m academy.kernel.serve --host --port --async gevent|threading`.

Under gevent the standard library must be patched before anything else is imported. So this module
imports next to nothing, patches, and only then loads the server by name.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence

MODES = ("gevent", "threading")


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
    if mode in MODES:
        return mode
    if mode == "eventlet":
        message = "eventlet is not supported yet: use --async gevent or threading"
    else:
        message = f"there is no mode {mode!r}: use --async gevent or threading"
    raise NoSuchMode(message)


def start(arguments: Sequence[str]) -> int:
    """Patch if need be, then serve until stopped; returns the exit code."""
    try:
        mode = mode_of(arguments, os.environ)
    except NoSuchMode as error:
        sys.stderr.write(f"academy: {error}\n")
        return 2
    os.environ["ACADEMY_ASYNC"] = mode  # the settings must agree with what was patched
    if mode == "gevent":
        importlib.import_module("gevent.monkey").patch_all()
    code: int = importlib.import_module("academy.kernel.server").main(arguments, mode)
    return code


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
