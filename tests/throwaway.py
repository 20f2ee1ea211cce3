"""A PostgreSQL server of this run's own, for machines that have its binaries and no running server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ThrowawayServer:
    """A running server, its data folder and the user it runs as (None: who we are)."""

    url: str
    folder: Path
    binaries: Path
    user: str | None
    options: str

    def up(self) -> None:
        """Begin to serve, where it served before."""
        self._control("-w", "-l", str(self.folder / "log"), "-o", self.options, "start")

    def down(self) -> None:
        """End as a power cut would: every connection is gone, what was committed is kept."""
        self._control("-m", "immediate", "stop")

    def stop(self) -> None:
        """End the server and remove what it kept."""
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *command: str) -> None:
        _run(self.user, self.binaries / "pg_ctl", "-D", str(self.folder / "data"), *command)


def start() -> ThrowawayServer | None:
    """Start a server on a free port of 127.0.0.1; None when its binaries are not here."""
    binaries = _binaries()
    user = _user()
    if binaries is None or (os.geteuid() == 0 and user is None):
        return None
    folder = Path(tempfile.mkdtemp(prefix="academy-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    _run(user, binaries / "initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300 -k {folder}"
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    server = ThrowawayServer(url, folder, binaries, user, options)
    server.up()
    return server


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as its own user."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def _run(user: str | None, *command: str | Path) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        user=user,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
