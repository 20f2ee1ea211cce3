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
    """A running Redis that keeps nothing on a disk, by TLS with a certificate and its key."""

    def __init__(self, folder: Path, tls: tuple[Path, Path] | None = None) -> None:
        self._folder = folder
        self._tls = tls
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """What REDIS_URL says."""
        if self._tls:
            return f"rediss://127.0.0.1:{self.port}/0?ssl_ca_certs={self._tls[0]}"
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._process = subprocess.Popen(
            ["redis-server", *self._ports(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        with self.asked() as asked:
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
        client: redis.Redis = redis.Redis.from_url(self.url)
        return client

    def _ports(self) -> list[str]:
        if not self._tls:
            return ["--port", str(self.port)]
        certificate, key = map(str, self._tls)
        files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"]
        return ["--port", "0", "--tls-port", str(self.port), *files]


@contextmanager
def redis_server(folder: Path, tls: tuple[Path, Path] | None = None) -> Iterator[RedisServer]:
    """Run a Redis for a while; skips, or fails where services are required, without one on this machine."""
    if shutil.which("redis-server") is None:
        skip_or_fail("no redis-server on this machine: apt-get install redis-server")
    server = RedisServer(folder, tls)
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
