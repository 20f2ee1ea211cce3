"""A real server in a process of its own: it takes a free port, and its address is read from what it prints."""

from __future__ import annotations

import os
import re
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

ROOT = Path(__file__).resolve().parents[1]
SECRET = "a secret for tests only, 32 bytes"
START = 60  # seconds, on a busy machine


@dataclass
class Server:
    """A running server; what it logs is kept in `log`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def kill(self) -> None:
        """End it as a power cut would: nothing is finished, nobody is told."""
        self.process.kill()
        self._gone()

    def stop(self) -> None:
        """End it kindly; without mercy when that takes too long."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._gone()

    def _gone(self) -> None:
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start_server(
    database_url: str,
    folder: Path,
    *,
    mode: str = "gevent",
    port: int = 0,
    app: str = "wsgi:create_app",
    **environment: str,
) -> Server:
    """Serve a migrated database. With a `port` it takes that one, so that a server can come back to where it was.

    `folder` is the instance folder (mail that goes to files is in `folder`/mail); the log is `folder`/server.log.
    """
    log = folder / "server.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "academy.kernel.serve", "--port", str(port), "--async", mode, "--app", app],
            cwd=ROOT,
            env=_settings(database_url, folder, environment),
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        return Server(_address(process, log), process, log)
    except BaseException:
        process.kill()
        process.wait()
        raise


def start_gunicorn(database_url: str, folder: Path, *, mode: str = "gevent", **environment: str) -> Server:
    """Serve a migrated database by gunicorn, with the settings that the checkout has for it; else as above."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    log = folder / "server.log"
    settings = _settings(database_url, folder, {"ACADEMY_ASYNC": mode, "PORT": str(port), **environment})
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app"], cwd=ROOT, env=settings, stdout=errors, stderr=errors
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/healthz", timeout=5):
                return Server(url, process, log)
        except OSError:
            time.sleep(0.1)
    process.kill()
    process.wait()
    raise AssertionError(f"the server did not start: {log.read_text()}")


def _settings(database_url: str, folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "ACADEMY_INSTANCE": str(folder),
        "ACADEMY_LOG": "warning",
        **more,
    }


@contextmanager
def serving(database_url: str, folder: Path, *, mode: str = "gevent", **environment: str) -> Iterator[str]:
    """Serve a migrated database for a while and yield the server's address."""
    server = start_server(database_url, folder, mode=mode, **environment)
    try:
        yield server.url
    finally:
        server.stop()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    assert process.stdout is not None
    said = b""
    deadline = time.monotonic() + START
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not waiting.select(0.2):
                continue
            chunk = os.read(process.stdout.fileno(), 4096)
            said += chunk
            found = re.search(rb"Listening on (http://\S+)\n", said)
            if found:
                return found.group(1).decode()
            if not chunk:
                break
    raise AssertionError(f"the server did not start: {said.decode()} {log.read_text()}")


def cookie_of(token: str) -> str:
    """Return the cookie that a server with our secret takes as this sign-in's."""
    signed = _signer().dumps({"_user_id": token, "_fresh": True})
    return signed if isinstance(signed, str) else signed.decode()


@cache
def _signer() -> URLSafeTimedSerializer:
    app = Flask("signer")
    app.secret_key = SECRET
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return signer
