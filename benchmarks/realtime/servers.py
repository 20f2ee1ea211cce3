"""Starts the servers that are measured, pins them to one core, and reads what they cost from /proc. Linux only."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measured import SECRET

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
STARTS_WITHIN = 60.0  # seconds
SETTLES = 1.0
LISTENING = rb"Listening on http://127\.0\.0\.1:(\d+)\n"


class Server:
    """A running server, all its processes together."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        """Wrap what was started; `log` is what it complains of."""
        self.name = name
        self.port = port
        self.log = log
        self._process = process

    def processor(self) -> float:
        """Return the seconds of processor it has used, its threads' and what it had done by the kernel included."""
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in self._pids()) / TICKS

    def memory(self) -> int:
        """Return the kilobytes it holds (PSS: what is shared with other processes counts by its share)."""
        return sum(_pss(pid) for pid in self._pids())

    @contextmanager
    def alone(self, others: Sequence[Server]) -> Iterator[None]:
        """Let the others stand still meanwhile: not even a ping of theirs takes from this one's core."""
        still = [other for other in others if other is not self]
        for other in still:
            other._signal(signal.SIGSTOP)  # noqa: SLF001 - one of us
        try:
            yield
        finally:
            for other in still:
                other._signal(signal.SIGCONT)  # noqa: SLF001 - one of us

    def connections(self) -> list[int]:
        """Return how many files each process has open: sockets, mostly."""
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self._pids()]

    def settle(self) -> None:
        """Wait until it has nothing left to do."""
        before = -1.0
        while before < (now := self.processor()):
            before = now
            time.sleep(SETTLES)

    def stop(self) -> None:
        """End it. Nothing is kept, so nothing need be finished."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids():
            os.kill(pid, number)

    def _pids(self) -> list[int]:
        found = [self._process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
            found += map(int, children.split())
        return found


def cores() -> tuple[set[int], set[int]]:
    """Return the core for servers and the one for the client, the same one where there is no other."""
    own = sorted(os.sched_getaffinity(0))
    return {own[0]}, {own[-1]}


def go_first() -> None:
    """Let this process, and all that it starts, run whenever they can, before all other work; needs root."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def node(folder: Path, core: set[int]) -> Server:
    """Start the peer; its packages are installed beside it if they are not there."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise SystemExit("Node and npm are needed to measure against: put both on the PATH.")
    installed = HERE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        print("Installing Node's socket.io (once)...", flush=True)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    return _start("node", ["node", str(HERE / "peer.js")], {}, folder, core)


def ours(app: str, database: str, core: set[int], **settings: str) -> Server:
    """Start an app of ours as `academy serve` does; `app` is a function of `benchmarks.realtime.apps`."""
    place = ["--app", f"benchmarks.realtime.apps:{app}", "--port", "0", "--async", "gevent"]
    command = [sys.executable, "-m", "academy.kernel.serve", *place]
    return _start(app, command, _settings(database, settings), _folder(database), core)


def redis(folder: Path, core: set[int]) -> Server:
    """Start a Redis that keeps nothing on a disk."""
    if not shutil.which("redis-server"):
        raise SystemExit("Redis is needed to measure several workers: put redis-server on the PATH.")
    command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]
    return _start("redis", [*command, str(port := _free())], {}, folder, core, port)


def workers(count: int, database: str, redis_port: int, core: set[int]) -> Server:
    """Start the whole academy as gunicorn does, in several processes with a Redis between them."""
    port = _free()
    shared = {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "PORT": str(port), "ACADEMY_ASYNC": "gevent"}
    command = [sys.executable, "-m", "gunicorn", "-w", str(count), "benchmarks.realtime.apps:product()"]
    server = _start("workers", command, _settings(database, shared), _folder(database), core, port)
    server.settle()  # one worker may be there long before the other
    return server


def _folder(database: str) -> Path:
    return Path(database.removeprefix("sqlite:///")).parent


def _settings(database: str, more: Mapping[str, str]) -> dict[str, str]:
    return {
        "DATABASE_URL": database,
        "SECRET_KEY": SECRET,
        "ACADEMY_INSTANCE": str(_folder(database)),
        "ACADEMY_JOBS": "off",
        "ACADEMY_LOG": "warning",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _start(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    core: set[int],
    port: int | None = None,
) -> Server:
    """Start a server; without a `port` it takes a free one and says which."""
    log, before = folder / f"{name}.log", os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)  # inherited
    try:
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE if port is None else errors,
                stderr=errors,
                process_group=0,
            )
    finally:
        os.sched_setaffinity(0, before)
    try:
        deadline = time.monotonic() + STARTS_WITHIN
        while not (there := _said(process) if port is None else _listening(port)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.1)
        return Server(name, process, there, log)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _said(process: subprocess.Popen[bytes]) -> int:
    """Read from what a server prints where it listens; 0 as long as it has said nothing."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        if not waiting.select(0):
            return 0
    found = re.search(LISTENING, os.read(process.stdout.fileno(), 4096))
    return int(found.group(1)) if found else 0


def _listening(port: int) -> int:
    try:
        with socket.create_connection(("127.0.0.1", port)):
            return port
    except OSError:
        return 0


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    return text[text.rindex(")") + 2 :].split()


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
