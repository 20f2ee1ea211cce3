"""The world behind the doors: built once per run, copied for whoever changes it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.kernel.db import Database
from academy.kernel.ids import decode
from tests.conftest import sign_in
from tests.contracts.table import COLUMNS
from tests.databases import checkpoint, database_at, once
from tests.factories import media, world


@dataclass(frozen=True)
class World:
    """A database file to copy, the ids of what is in it, and everybody's sign-in."""

    file: Path
    ids: dict[str, str]
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def world_made(shared: Path, whole_app: Flask, sqlite_template: Path) -> World:
    """Build the world once among all processes of this run."""
    file, notes = shared / "world.db", shared / "world.json"

    def make() -> None:
        kernel: Kernel = whole_app.extensions["kernel"]
        before = kernel.database
        shutil.copyfile(sqlite_template, file)
        kernel.database = Database(f"sqlite:///{file}")
        with whole_app.app_context():
            ids = world.build(kernel)
        tokens = {name: sign_in(kernel, decode(ids[name])) for name in COLUMNS if name != "nobody"}
        kernel.database.engine.dispose()
        kernel.database = before
        checkpoint(f"sqlite:///{file}")
        notes.write_text(json.dumps({"ids": ids, "tokens": tokens}))

    once(shared, "world", make)
    media.recording(whole_app.extensions["kernel"])  # the file, in this process's own instance folder
    return World(file, **json.loads(notes.read_text()))


class Doors:
    """The app before a copy of the world, with a client for each column of the table."""

    def __init__(self, app: Flask, made: World, folder: Path) -> None:
        self.app, self.made, self.folder = app, made, folder
        self.kernel: Kernel = app.extensions["kernel"]
        self._before = self.kernel.database
        self._count = 0
        self.afresh()

    def afresh(self) -> None:
        """Put a fresh copy of the world behind the doors."""
        if self.kernel.database is not self._before:
            self.kernel.database.engine.dispose()
        self._count += 1
        self.file = self.folder / f"world{self._count}.db"
        shutil.copyfile(self.made.file, self.file)
        self.kernel.database = database_at(f"sqlite:///{self.file}")
        self.kernel.limits.clear()

    def client(self, column: str) -> FlaskClient:
        """Return a client signed in as the person of a column; `nobody` is not signed in."""
        client = self.app.test_client()
        if column != "nobody":
            with client.session_transaction() as cookie:
                cookie["_user_id"] = self.made.tokens[column]
        return client

    def written(self) -> int:
        """Return a number that grows with every write to the database."""
        log = self.file.with_name(self.file.name + "-wal")
        return log.stat().st_size if log.exists() else 0

    def close(self) -> None:
        """Give the app its own database back."""
        self.kernel.database.engine.dispose()
        self.kernel.database = self._before


@pytest.fixture
def doors(whole_app: Flask, world_made: World, tmp_path: Path) -> Iterator[Doors]:
    """Return the app before a copy of the world."""
    whole_app.config["WTF_CSRF_ENABLED"] = False
    found = Doors(whole_app, world_made, tmp_path)
    yield found
    found.close()
