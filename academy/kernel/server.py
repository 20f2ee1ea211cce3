"""One listener, one app, one process: what the servers of all modes have in common.

Loaded by `academy.kernel.serve`, after patching.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from academy.kernel import offload, websocket
from academy.kernel.config import SettingsError

if TYPE_CHECKING:
    from flask import Flask

BACK_ENDS = {
    "gevent": "academy.kernel.server_gevent",
    "eventlet": "academy.kernel.server_eventlet",
    "threading": "academy.kernel.server_threads",
}
BACKLOG = 2048
COLLECT = (20_000, 20, 50)
"""When the collector looks for circles: new objects, then rounds. A page makes thousands and few circles."""
STOP_WITHIN = 4  # seconds, whole ones, as the alarm takes them
REQUEST_TIMEOUT = 75.0  # seconds a connection may stand still between and within requests


class Server(Protocol):
    """What one mode's module offers."""

    def serve(self, listener: socket.socket, app: Flask, ready: Callable[[], None], stop: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; call `ready` once it serves and `stop` once it accepts no more."""


def main(arguments: Sequence[str], mode: str) -> int:
    """Serve until stopped; returns the exit code, 1 after one line that says why it can't."""
    options = _options(arguments)
    raise_file_limit()
    try:
        listener = bind(options.host, options.port)
    except OSError as error:
        return _refuse(options, error)
    with listener:
        try:
            module, _, name = options.app.partition(":")
            app: Flask = getattr(importlib.import_module(module), name)()
        except SettingsError as error:
            sys.stderr.write(f"academy: {error}\n")
            return 2
        try:
            listener.listen(BACKLOG)
        except OSError as error:
            return _refuse(options, error)
        back_end: Any = importlib.import_module(BACK_ENDS[mode])
        server: Server = back_end
        server.serve(listener, app, lambda: announce(listener, app), lambda: stop(app))
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="academy serve")
    parser.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000, help="port to listen on")
    parser.add_argument("--async", dest="mode", help="gevent, threading or eventlet")
    parser.add_argument("--app", default="wsgi:create_app", help="the function that makes the app")
    return parser.parse_args(arguments)


def raise_file_limit() -> None:
    """Let this process open as many files, and so connections, as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket that does not listen yet; connections inherit its TCP_NODELAY.

    Raises `OSError` when the address is taken or is none of this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _refuse(options: argparse.Namespace, error: OSError) -> int:
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
    sys.stderr.write(f"academy: can't listen on {options.host} port {options.port}: {reason}\n")
    return 1


def announce(listener: socket.socket, app: Flask) -> None:
    """Start what runs beside requests and say that the academy is there."""
    kernel = app.extensions.get("kernel")
    if kernel is not None:
        kernel.start()
    settle()
    host, port = listener.getsockname()[:2]
    place = f"[{host}]" if ":" in host else host
    lines = [f"Listening on http://{place}:{port}", *getattr(kernel, "banner", ())]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def settle() -> None:
    """Let the collector leave alone what was loaded to stay: modules, templates, statements.

    It would walk through all of it again and again, in the middle of requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def stop(app: Flask) -> None:
    """Close the sockets, end the jobs in hand and the matcher; leave anyway when that takes too long."""
    signal.signal(signal.SIGALRM, _leave)
    signal.alarm(STOP_WITHIN)
    websocket.close_all()
    kernel = app.extensions.get("kernel")
    if kernel is not None:
        kernel.stop()
    offload.stop()


def _leave(*_: object) -> NoReturn:
    sys.stderr.write("academy: stopped without waiting for the rest\n")
    sys.stderr.flush()
    os._exit(0)
