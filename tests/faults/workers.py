"""A gunicorn with several workers and a Redis between them, and clients that know which worker they are with."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import Role
from tests.browsing import Browsing
from tests.certificates import certify
from tests.faults.rooms import Room, room_on
from tests.faults.wire import Wire
from tests.live import kernel_on, signed_in
from tests.redis_server import RedisServer, free_port, redis_server
from tests.serving import ROOT, SECRET, START

AT_ONCE = 1.5  # seconds; the next beacon of these servers comes after ten minutes
BEATS = 10.0  # seconds in which the beacon of a worker that hears nothing comes for sure: every 4 to 6
SHORT_LEASES = "tests.faults.servers:with_short_leases()"
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
    flags: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        with self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-w", str(self.count), *self.flags, self.app],
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
        ready: set[int] = set()
        while len(ready & set(self.pids())) < self.count:
            ready |= self._who_answers()
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

    def _who_answers(self) -> set[int]:
        """Return the worker that answers a request, if one does: each loads the academy in its own time."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as asked:
                asked.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                if b" 200 " not in asked.recv(4096):
                    return set()
                inode = self._connections().get(asked.getsockname()[1])
                return {pid for pid in self.pids() if inode in _open_sockets(pid)}
        except OSError:
            return set()

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
        inode = self._connections()[wire.client.eio.ws.sock.getsockname()[1]]
        (found,) = [pid for pid in self.pids() if inode in _open_sockets(pid)]
        return found

    def spread(self) -> int:
        """Return how many workers have a connection open."""
        inodes = set(self._connections().values())
        return sum(bool(inodes & _open_sockets(pid)) for pid in self.pids())

    def present(self, made: Room) -> dict[str, set[int]]:
        """Return the workers with whom people have a room open, through whatever proxy, as Redis holds it."""
        found: dict[str, set[int]] = {}
        with self.redis.asked() as asked:
            for member in asked.zrange(f"academy:0:present:{made.space}", 0, -1):
                process, _, person = member.decode().partition(":")
                found.setdefault(person, set()).add(int(process.rpartition("-")[2]))
        return found

    def _connections(self) -> dict[int, str]:
        """Return the server's end of each connection in the kernel's table of sockets, by the client's port."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        ours = f"0100007F:{self.port:04X}"
        return {int(row[2].partition(":")[2], 16): row[9] for row in rows if row[1] == ours and row[3] == "01"}

    def wire(
        self, cookie: str = "", *, token: str | None = None, on: int | None = None, off: int | None = None
    ) -> Wire:
        """Connect somebody to the worker named, or to another one than that."""
        for _ in range(200):
            wire = Wire(self.url, cookie, token=token)
            worker = self.worker_of(wire)
            if (on is None or worker == on) and worker != off:
                return wire
            wire.close()
            time.sleep(0.1)  # one person may connect so often, and no more often
        raise AssertionError("every connection went to the same worker")


def _open_sockets(pid: int) -> set[str]:
    """Return the numbers of the sockets that a process has open."""
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(file).removeprefix("socket:[").removesuffix("]"))
    return found


@contextlib.contextmanager
def serve(url: str, folder: Path, *, tls: bool = False, **more: Any) -> Iterator[Workers]:
    """Serve by two workers, with a Redis of their own and a kernel beside them that shares it."""
    with redis_server(folder, certify(folder) if tls else None) as redis:
        kernel = kernel_on(url, folder, redis_url=redis.url)
        workers = Workers(url, folder, redis, kernel, **more)
        try:
            yield workers
        finally:
            workers.stop()
            kernel.database.engine.dispose()


@dataclass
class Apart:
    """Two people in a room, each with a socket of another worker."""

    room: Room
    cookies: list[str]
    wires: list[Wire]


@contextlib.contextmanager
def apart(workers: Workers) -> Iterator[Apart]:
    """Let two learners open a room, each by another worker."""
    made = room_on(workers.kernel, "Ana", "Ben")
    cookies = [signed_in(workers.kernel, person) for person in made.learners]
    with workers.wire(cookies[0]) as first, workers.wire(cookies[1], off=workers.worker_of(first)) as second:
        for wire in (first, second):
            assert wire.ask("space:open", {"spaces": {made.space: 0}})["ok"]
        yield Apart(made, cookies, [first, second])


def said(wire: Wire, made: Room) -> list[str]:
    """Return what a client heard live in a room."""
    return [event["payload"]["html"] for event in wire.events(made.space) if event["kind"] == "post"]


def people_here(wire: Wire, made: Room) -> set[str]:
    """Return who a client was last told is in a room."""
    told = [
        payload["people"] for name, payload in list(wire.heard) if name == "presence" and payload["space"] == made.space
    ]
    return set(told[-1]) if told else set()


def heads(wire: Wire, made: Room) -> int:
    """Return what a client was last told of where a room's log is."""
    return max([told[made.space] for name, told in list(wire.heard) if name == "space:heads"], default=0)


def remove(two: Workers, made: Room) -> None:
    """End Ben's membership as the room's lead does, in whichever worker."""
    lead = signed_in(two.kernel, made.lead)
    answer = Browsing(two.url, lead).post(
        f"/cohorts/{encode(made.group)}/remove", {"person": encode(made.learners[1]), "role": str(Role.LEARNER)}
    )
    assert answer.status_code == 303, answer.text
