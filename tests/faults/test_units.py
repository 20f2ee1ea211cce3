"""The units of docs/deployment, checked by systemd itself and run as their lines say, by us in its place."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from academy.kernel import mail
from academy.kernel.mail import Letter
from tests.databases import skip_or_fail
from tests.faults.deployed import FILES, replaced, settings
from tests.faults.rooms import room_on
from tests.faults.wire import Wire
from tests.live import kernel_on, signed_in
from tests.redis_server import free_port, redis_server
from tests.serving import ROOT, SECRET, START
from tests.sink import Sink

pytestmark = pytest.mark.xdist_group("workers")

UNITS = ("academy.service", "academy-jobs.service")
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def unit_here(name: str) -> str:
    """Return a unit whose programs are those of this checkout."""
    return replaced((FILES / name).read_text(), ("/srv/academy/app/.venv", sys.prefix), ("/srv/academy/app", str(ROOT)))


class Unit:
    """A running service; `notices` is what it has told its manager, in which `Type=notify` says that it is ready."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        parsed = RawConfigParser()
        parsed.optionxform = str  # type: ignore[assignment, method-assign]
        parsed.read_string(unit_here(name))
        self._lines = dict(parsed["Service"])
        assert self._lines["EnvironmentFile"] == "/etc/academy.env"
        self.log = folder / f"{name}.log"
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(str(folder / "notify"))
        self.notices.settimeout(START)
        clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", **environment}
        if self._lines.get("Type") == "notify":
            clean["NOTIFY_SOCKET"] = str(folder / "notify")
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                shlex.split(self._lines["ExecStart"]),
                cwd=self._lines["WorkingDirectory"],
                env=clean,
                stderr=errors,
                umask=int(self._lines["UMask"], 8),
                start_new_session=True,
            )

    def children(self) -> set[int]:
        """Return the processes that the main one has begun and that live."""
        pid = self.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def reload(self) -> None:
        """Do as `systemctl reload`."""
        subprocess.run(shlex.split(self._lines["ExecReload"].replace("$MAINPID", str(self.process.pid))), check=True)

    def stop(self) -> int:
        """Do as `systemctl stop`, and return how it ended; fails where something would have to be killed."""
        patience = float(self._lines["TimeoutStopSec"])
        until = time.monotonic() + patience
        if self._lines.get("KillMode", "control-group") == "mixed":
            self.process.terminate()
        else:
            os.killpg(self.process.pid, signal.SIGTERM)
        ended = self.process.wait(patience)
        while _alive(self.process.pid):
            assert time.monotonic() < until, "some of its processes are left"
            time.sleep(0.05)
        return ended

    def end(self) -> None:
        """Leave nothing behind."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.notices.close()


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def started(name: str, database_url: str, folder: Path, **more: str) -> Iterator[Unit]:
    """Start a unit with what docs/deployment/academy.env says, save for addresses, the folder and the secret."""
    here = {"DATABASE_URL": database_url.replace("+psycopg", ""), "SECRET_KEY": SECRET, "ACADEMY_INSTANCE": str(folder)}
    assert settings().keys() >= here.keys()
    unit = Unit(name, folder, settings() | here | more)
    try:
        yield unit
    finally:
        unit.end()


def until(found: Callable[[], bool], unit: Unit) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + START
    while not found():
        assert unit.process.poll() is None and time.monotonic() < deadline, unit.log.read_text()
        time.sleep(0.1)


@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("no systemd-analyze: apt-get install systemd")
    for text, right in ((unit_here(name), True), (unit_here(name).replace("Restart=", "Restarts="), False)):
        (tmp_path / name).write_text(text)
        looked = [shutil.which("systemd-analyze"), "verify", "--man=no", str(tmp_path / name)]
        found = subprocess.run(looked, capture_output=True, text=True, check=False)
        assert (found.returncode == 0 and found.stdout + found.stderr == "") is right, found.stderr


@pytest.mark.parametrize("name", UNITS)
def test_the_folder_that_a_unit_may_write_to_is_where_the_settings_keep_things(name: str) -> None:
    parsed = RawConfigParser()
    parsed.read_string((FILES / name).read_text())
    assert settings()["ACADEMY_INSTANCE"] == f"/var/lib/{parsed['Service']['StateDirectory']}"


@POSTGRESQL
def test_the_server_says_that_it_is_ready_reloads_under_people_and_stops_in_time(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    with (
        redis_server(tmp_path) as redis,
        started("academy.service", database_url, tmp_path, REDIS_URL=redis.url, PORT=str(port)) as unit,
    ):
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            return requests.get(f"{url}/readyz", timeout=START).status_code == 200

        assert b"READY=1" in unit.notices.recv(4096).splitlines()
        until(lambda: len(unit.children()) == 2 and answers(), unit)
        before = unit.children()
        unit.reload()
        until(lambda: answers() and len(unit.children()) == 2 and not unit.children() & before, unit)
        kernel = kernel_on(database_url, tmp_path, redis_url=redis.url)
        room = room_on(kernel, "Ana")
        with Wire(url, signed_in(kernel, room.learners[0])) as ana:
            assert ana.ask("space:open", {"spaces": {room.space: 0}})["ok"]
            assert unit.stop() == 0
            ana.wait(ana.gone.is_set)
        kernel.database.engine.dispose()
    assert "Traceback" not in unit.log.read_text()


@POSTGRESQL
def test_the_job_runner_sends_what_waits_and_stops_in_time(database_url: str, tmp_path: Path) -> None:
    kernel = kernel_on(database_url, tmp_path)
    letter = Letter(to_name="Ana", to_address="ana@example.org", subject="It waited", text="Hello.")
    kernel.commit(lambda session: mail.post(session, letter))
    with (
        Sink() as sink,
        redis_server(tmp_path) as redis,
        started(
            "academy-jobs.service",
            database_url,
            tmp_path,
            REDIS_URL=redis.url,
            ACADEMY_SMTP_URL=sink.url,
            ACADEMY_JOBS="separate",
        ) as unit,
    ):
        sink.wait(lambda: bool(sink.to("ana@example.org")), START)
        assert unit.stop() == 0
    kernel.database.engine.dispose()
    assert "Traceback" not in unit.log.read_text()
