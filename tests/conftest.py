"""Fixtures of the whole suite: one app per process, a fresh migrated database per test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright

import wsgi
from academy.kernel import clock, migrate
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from academy.web import fresh
from tests import throwaway
from tests.databases import Lane, checkpoint, database_at, make_template, migrated, once, reachable, skip_or_fail

pytest_plugins = ["tests.live"]


def pytest_configure(config: pytest.Config) -> None:
    """Start a PostgreSQL server for this run where none is reachable and its binaries are there."""
    if "PYTEST_XDIST_WORKER" in os.environ or config.option.collectonly or reachable():
        return
    server = throwaway.start()
    if server is not None:
        os.environ["TEST_POSTGRESQL_URL"] = server.url
        config.add_cleanup(server.stop)


QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name each test after its group, by which pytest-xdist hands it out.

    pytest-xdist 3.8 writes the name where pytest looked for it before 9.2, so that groups fall apart.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        suffix = f"@{'_'.join(groups)}"
        if groups and not item.nodeid.endswith(suffix):
            item._id = type(item.id).parse(item.nodeid + suffix)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on which database."""
    passed = terminalreporter.stats.get("passed", [])
    on_postgresql = sum("postgresql" in report.nodeid for report in passed)
    terminalreporter.write_line(f"passed: {len(passed)}, of which on PostgreSQL: {on_postgresql}")
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[2]}")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sqlite_template(shared: Path) -> Path:
    """Return a migrated SQLite file to copy."""
    file = shared / "template.db"
    once(shared, "sqlite", lambda: migrated(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def demo_template(shared: Path) -> Path:
    """Return an SQLite file with the demo academy to copy, made by the command that people use."""
    folder = shared / "demo"
    file = folder / "academy.db"

    def make() -> None:
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted attempt left
        folder.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": str(migrate.ROOT),
            "ACADEMY_DEMO": "1",
            "ACADEMY_INSTANCE": str(folder),
            "DATABASE_URL": f"sqlite:///{file}",
        }
        academy = [sys.executable, "-c", "from academy.kernel.cli import main; main()"]
        subprocess.run([*academy, "demo"], check=True, cwd=migrate.ROOT, env=environment)
        checkpoint(f"sqlite:///{file}")

    once(shared, "demo", make)
    return file


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return the system's Chromium, one per process; each test opens contexts of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET_CHROMIUM)
        yield browser
        browser.close()


def chromium_path() -> str:
    """Return where the system's Chromium is."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        skip_or_fail("no Chromium; install it (apt-get install chromium) or set CHROMIUM to its path")
    return path


@pytest.fixture(scope="session")
def postgresql_lane() -> Iterator[Lane]:
    """Return this process's PostgreSQL database."""
    if not reachable():
        skip_or_fail("no PostgreSQL: install it (apt-get install postgresql), start one, or set TEST_POSTGRESQL_URL")
    lane = Lane(make_template())
    yield lane
    lane.drop()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a fresh migrated database, SQLite unless the test asks for PostgreSQL.

    "postgresql" is spoken to by psycopg 3, "postgresql by psycopg2" as it is under eventlet.
    """
    asked = getattr(request, "param", "sqlite")
    if asked == "sqlite":
        file = tmp_path / "academy.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"
    lane: Lane = request.getfixturevalue("postgresql_lane")
    lane.ready()
    return lane.url.replace("+psycopg", "+psycopg2") if asked == "postgresql by psycopg2" else lane.url


@pytest.fixture(scope="session")
def whole_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """Build the app once per process; each test gives it a database of its own."""
    folder = tmp_path_factory.mktemp("instance")
    return wsgi.create_app(
        Settings(
            database_url=f"sqlite:///{folder / 'unused.db'}",
            secret_key="a secret for tests only",
            instance=folder,
            async_mode="threading",
            jobs="off",
            mail="file",
            log_level="error",
            testing=True,
        )
    )


@pytest.fixture
def kernel(whole_app: Flask, database_url: str) -> Iterator[Kernel]:
    """Return the kernel on a fresh database."""
    found: Kernel = whole_app.extensions["kernel"]
    before, found.database = found.database, database_at(database_url)
    found.limits.clear()
    found.kept.clear()
    yield found
    found.database.engine.dispose()
    found.database = before  # the test's own is removed with its folder


@pytest.fixture
def app(kernel: Kernel, whole_app: Flask) -> Flask:
    """Return the app on a fresh database."""
    return whole_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client that is not signed in."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def client_of(app: Flask, kernel: Kernel) -> Callable[[UUID], FlaskClient]:
    """Return a maker of clients signed in as a person."""
    app.config["WTF_CSRF_ENABLED"] = False

    def signed_in(person_id: UUID) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = sign_in(kernel, person_id)
        return client

    return signed_in


def sign_in(kernel: Kernel, person_id: UUID) -> str:
    """Sign somebody in and return the token of their cookie."""
    token = new_token()
    kernel.commit(
        lambda session: people.sign_in(session, person_id=person_id, token_hash=token_hash(token), agent="test")
    )
    return token


def proved(client: FlaskClient) -> FlaskClient:
    """Let a client have shown just now who it is, and return it."""
    with client.session_transaction() as cookie:
        cookie[fresh.KEY] = clock.now().isoformat()
    return client
