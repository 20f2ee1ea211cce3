"""Rooms for scripts: one server per process, a room per test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.factories import forums
from tests.forums.rooms import Own, Served
from tests.live import kernel_on
from tests.serving import start_server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """Serve a database of this file's own."""
    folder = tmp_path_factory.mktemp("rooms")
    file = folder / "academy.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    found = Served(kernel_on(url, folder), folder, url, start_server(url, folder))
    yield found
    found.server.stop()
    found.kernel.database.engine.dispose()


@pytest.fixture
def own(chromium: Browser, served: Served) -> Iterator[Own]:
    """Open a room for one test."""
    kernel = served.kernel
    if served.server.process.poll() is not None:
        served.server = start_server(served.database_url, served.folder)
    _, space, members = forums.room(kernel, "Ana Lima", "Ben Okri", "Cyd Moss")
    forums.say(kernel, members[1], space, "Welcome, everybody")
    found = Own(kernel, served.folder, served.database_url, served.server, chromium, space, members)
    yield found
    for context in chromium.contexts:
        context.close()
    served.server = found.server
