"""A Redis of a test's own, that can be killed and come back to where it was, empty."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.databases import skip_or_fail

START = 20  # seconds, on a busy machine


class RedisServer:
    """A running Redis that keeps nothing on a disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """What REDIS_URL says."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        with redis.Redis(port=self.port) as asked:
            until = time.monotonic() + START
            while True:
                try:
                    asked.ping()
                except redis.RedisError:
                    assert time.monotonic() < until, "Redis did not start"
                    time.sleep(0.05)
                else:
                    return

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def asked(self) -> redis.Redis:
        """Return a client of it."""
        return redis.Redis(port=self.port)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """Run a Redis for a while; skips, or fails where services are required, without one on this machine."""
    if shutil.which("redis-server") is None:
        skip_or_fail("no redis-server on this machine: apt-get install redis-server")
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
