"""A gunicorn with several workers and a Redis between them, and clients that know which worker they are with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from academy.kernel.app import Kernel
from tests.faults.wire import Wire
from tests.redis_server import RedisServer, free_port
from tests.serving import ROOT, SECRET, START

HURRIED = "tests.faults.servers:with_a_hurried_beacon()"
LEISURELY = "tests.faults.servers:with_a_leisurely_beacon()"


@dataclass
class Workers:
    """A server of several processes on one port; what it logs is in `folder`/server.log."""

    database_url: str
    folder: Path
    redis: RedisServer
    kernel: Kernel
    app: str = LEISURELY
    mode: str = "gevent"
    count: int = 2
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        with self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-w", str(self.count), self.app],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "DATABASE_URL": self.database_url,
                    "REDIS_URL": self.redis.url,
                    "SECRET_KEY": SECRET,
                    "ACADEMY_ASYNC": self.mode,
                    "ACADEMY_INSTANCE": str(self.folder),
                    "ACADEMY_LOG": "warning",
                    "PORT": str(self.port),
                    **self.environment,
                },
                stderr=errors,
            )
        until = time.monotonic() + START
        while len(self.pids()) < self.count or not self._answers():
            assert time.monotonic() < until, self.log.read_text()
            assert self._process.poll() is None, self.log.read_text()
            time.sleep(0.1)

    @property
    def log(self) -> Path:
        """What all of them wrote."""
        return self.folder / "server.log"

    @property
    def url(self) -> str:
        """Where they all are."""
        return f"http://127.0.0.1:{self.port}"

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """End all of them."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pids(self) -> list[int]:
        """Return the workers' processes."""
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in found.split() if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def worker_of(self, wire: Wire) -> int:
        """Return the process that a client is connected to: who has the other end of its connection open."""
        port = wire.client.eio.ws.sock.getsockname()[1]
        inode = _inode(self.port, port)
        for pid in self.pids():
            for file in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    if os.readlink(file) == f"socket:[{inode}]":
                        return pid
                except FileNotFoundError:
                    continue
        raise AssertionError(f"nobody has {inode}")

    def wire(self, cookie: str, *, on: int | None = None, off: int | None = None) -> Wire:
        """Connect somebody to the worker named, or to another one than that."""
        for _ in range(200):
            wire = Wire(self.url, cookie)
            worker = self.worker_of(wire)
            if (on is None or worker == on) and worker != off:
                return wire
            wire.close()
        raise AssertionError("every connection went to the same worker")


def _inode(server: int, client: int) -> str:
    """Find the server's end of a connection in the kernel's table of sockets."""
    ends = [f"0100007F:{server:04X}", f"0100007F:{client:04X}"]
    for line in Path("/proc/net/tcp").read_text().splitlines():
        columns = line.split()
        if columns[1:3] == ends:
            return columns[9]
    raise AssertionError("the connection is gone")
