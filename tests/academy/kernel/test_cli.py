"""The command: a demo that is whole or not there, and secrets that no list of processes shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from academy.kernel import cli, migrate
from academy.kernel.config import Settings
from academy.kernel.db import Database
from academy.people import actions


@pytest.fixture
def empty(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a migrated database without anybody in it, which the command will use."""
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    url = f"sqlite:///{file}"
    for name, value in {"DATABASE_URL": url, "ACADEMY_INSTANCE": str(tmp_path), "ACADEMY_DEMO": "1"}.items():
        monkeypatch.setenv(name, value)
    return url


def add_somebody(settings: Settings) -> None:
    database = Database(settings.database_url)
    database.unit_of_work(lambda s: actions.add_person(s, email="ana@example.org", name="Ana"))
    database.engine.dispose()


def test_a_demo_that_is_cut_short_leaves_nobody_behind(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_short(settings: Settings) -> None:
        add_somebody(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_fill", cut_short)
    with pytest.raises(KeyboardInterrupt):
        cli.demo.callback()
    assert not cli._lived_in(empty)


def test_a_demo_that_was_filled_is_there_and_is_kept(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_fill", add_somebody)
    cli.demo.callback()
    assert cli._lived_in(empty)
    monkeypatch.setattr(cli, "_fill", lambda _: pytest.fail("filled again"))
    cli.demo.callback()


def test_no_list_of_processes_shows_the_databases_password(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], *, env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        started.append((command, env))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    migrate.alembic("postgresql+psycopg://ana:hush@db/academy", "upgrade", "head")
    [(command, environment)] = started
    assert "hush" not in " ".join(command)
    assert environment["DATABASE_URL"].endswith("ana:hush@db/academy")
