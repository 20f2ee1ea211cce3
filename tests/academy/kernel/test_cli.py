"""The command: a demo that is whole or not there, and secrets that no list of processes shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import func, select

import wsgi
from academy.kernel import cli, migrate
from academy.kernel.config import Settings
from academy.kernel.db import Database
from academy.kernel.feature import Feature
from academy.people import actions
from academy.people.models import Person


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


@click.command("sing")
def sing() -> None:
    """Say how many people there are."""
    with cli.opened() as kernel, kernel.reading() as session:
        click.echo(f"{session.scalar(select(func.count()).select_from(Person))} people")


def test_a_feature_brings_a_command_of_its_own(
    empty: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    brings = Feature(name="choir", folder=Path(__file__).parent, cli=[sing])
    monkeypatch.setattr(wsgi, "FEATURES", [*wsgi.FEATURES, brings])
    add_somebody(Settings(database_url=empty, secret_key="x" * 20))
    cli.academy(["sing"], standalone_mode=False)
    assert capsys.readouterr().out == "1 people\n"
    assert "sing" in cli.academy.list_commands(click.Context(cli.academy))


def test_a_command_is_refused_on_a_database_of_another_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(click.ClickException, match="academy db upgrade"), cli.opened():
        pytest.fail("opened")
