"""How long it takes from `make run` to the first page that is answered, and how much memory the idle server holds.

`python -m benchmarks.start` begins with what this checkout has installed, and with no academy yet;
`python -m benchmarks.start --cold` in a fresh clone, without an environment and without pip's cache. Linux only.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
IDLE = 20.0
"""Seconds without a request before memory is looked at."""
PATIENCE = 600.0


def main() -> None:
    """Start, measure, stop."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.start")
    options.add_argument("--cold", action="store_true", help="in a fresh clone, with nothing installed")
    cold = options.parse_args().cold
    with tempfile.TemporaryDirectory(prefix="academy-start-") as folder:
        place = ROOT
        if cold:
            place = Path(folder) / "clone"
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(place)], check=True)
        instance = Path(folder) / "instance"
        for name in ("cold, no academy yet" if cold else "warm, no academy yet", "again, with the academy there"):
            took, held = _start(place, instance, cold=cold)
            print(f"make run, {name}: {took:.1f} s to the first page; idle {held / 1024:.0f} MB (PSS)", flush=True)


def _start(place: Path, instance: Path, *, cold: bool) -> tuple[float, int]:
    """Return the seconds to the first page, and the kilobytes that make's children hold when idle."""
    port = _free()
    given = {"ACADEMY_INSTANCE": str(instance), "PORT": str(port), **({"PIP_NO_CACHE_DIR": "1"} if cold else {})}
    with (instance.parent / "log").open("wb") as log:
        began = time.monotonic()
        server = subprocess.Popen(
            ["make", "run"],
            cwd=place,
            env={**os.environ, **given},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            while not _answers(port):
                if server.poll() is not None or time.monotonic() - began > PATIENCE:
                    raise SystemExit((instance.parent / "log").read_text("utf-8")[-2000:])
                time.sleep(0.1)
            took = time.monotonic() - began
            time.sleep(IDLE)
            return took, _held(os.getpgid(server.pid))
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def _answers(port: int) -> bool:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asked.request("GET", "/sign-in")
        return asked.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        asked.close()


def _held(group: int) -> int:
    """Sum the proportional set size of Python's processes in a process group; make and its shell are not the server."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) != group or b"python" not in (folder / "cmdline").read_bytes():
                continue
            lines = (folder / "smaps_rollup").read_text("ascii").splitlines()
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
