"""The `academy` command: serve, demo, db, jobs, what features bring. Every failure is one line, a non-zero exit."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from academy.kernel import migrate
from academy.kernel.access import Invalid, Missing, Refusal
from academy.kernel.config import Settings, SettingsError
from academy.kernel.db import SCHEMA, Database
from academy.kernel.ids import decode, encode
from academy.kernel.jobs import Job, retry

if TYPE_CHECKING:
    from flask import Flask

    from academy.kernel.app import Kernel


def _app(settings: Settings) -> Flask:
    # Nothing is patched here: a command waits with threads, whatever the server's mode.
    created: Flask = importlib.import_module("wsgi").create_app(replace(settings, async_mode="threading"))
    return created


def _settings(**changes: str) -> Settings:
    return Settings.from_environment({**os.environ, **{k: v for k, v in changes.items() if v}})


def version_of(database_url: str) -> str | None:
    """Return the migration that a database is at, None for one that was never migrated."""
    engine = Database(database_url).engine
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except (OperationalError, ProgrammingError) as error:
        if "alembic_version" in str(error.orig):
            return None
        raise
    finally:
        engine.dispose()


class Academy(click.Group):
    """The commands of the kernel, and those that the features bring (`Feature.cli`).

    What features bring is looked for only when it is asked for, so that `serve` starts as quickly as before.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command."""
        return sorted({*super().list_commands(ctx), *_brought()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; the kernel's own come first."""
        return super().get_command(ctx, cmd_name) or _brought().get(cmd_name)


def _brought() -> dict[str, click.Command]:
    features = importlib.import_module("wsgi").FEATURES
    return {command.name: command for feature in features for command in feature.cli if command.name}


@contextmanager
def one_line(otherwise: str = "") -> Iterator[None]:
    """Say a refusal on one line: what is wrong with which words, else its sentence, else what is said otherwise."""
    try:
        yield
    except Refusal as refusal:
        errors = refusal.errors.values() if isinstance(refusal, Invalid) else ()
        wrong = " ".join(sentence for sentences in errors for sentence in sentences)
        raise click.ClickException(wrong or refusal.detail or otherwise) from refusal


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Kernel]:
    """Give a command that a feature brings the academy, of the environment's settings, within its app's context.

    Refuses a database that is not at the migration which this code needs.
    """
    settings = settings or Settings.from_environment()
    found = version_of(settings.database_url)
    if found != SCHEMA:
        message = (
            f"The database is at {found or 'nothing'} and this code needs {SCHEMA}: run `academy db upgrade` first."
        )
        raise click.ClickException(message)
    app = _app(settings)
    kernel: Kernel = app.extensions["kernel"]
    try:
        with app.app_context():
            yield kernel
    finally:
        kernel.database.engine.dispose()


@click.group(cls=Academy)
def academy() -> None:
    """Run a capability academy."""


@academy.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=None, type=click.IntRange(1, 65535), help="port to listen on  [default: PORT or 8000]")
@click.option("--async", "mode", default=None, help="gevent, threading or eventlet  [default: ACADEMY_ASYNC or gevent]")
def serve(host: str, port: int | None, mode: str | None) -> None:
    """Serve the academy in one process, jobs included."""
    if mode:
        os.environ["ACADEMY_ASYNC"] = mode
    if port:
        os.environ["PORT"] = str(port)
    settings = _settings()
    port = port or int(os.environ.get("PORT") or 8000)
    found = version_of(settings.database_url)
    if found != SCHEMA:
        message = (
            f"The database is at {found or 'nothing'} and this code needs {SCHEMA}: run `academy db upgrade` first."
        )
        raise click.ClickException(message)
    # The mode must be patched in before anything is imported: a process of its own.
    arguments = ["--host", host, "--port", str(port), "--async", settings.async_mode]
    os.execv(sys.executable, [sys.executable, "-m", "academy.kernel.serve", *arguments])  # noqa: S606


@academy.group()
def db() -> None:
    """Bring the database forward or back."""


@db.command()
def upgrade() -> None:
    """Bring the database to what this code needs."""
    migrate.alembic(_settings().database_url, "upgrade", "head")
    click.echo(f"The database is at {SCHEMA}.")


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database back to REVISION (`base` for nothing at all)."""
    migrate.alembic(_settings().database_url, "downgrade", revision)
    click.echo(f"The database is at {revision}.")


@db.command()
def check() -> None:
    """Say whether the database is what this code needs."""
    found = version_of(_settings().database_url)
    if found != SCHEMA:
        message = f"The database is at {found or 'nothing'}; this code needs {SCHEMA}: run `academy db upgrade`."
        raise click.ClickException(message)
    click.echo(f"The database is at {SCHEMA}, as needed.")


@academy.group()
def jobs() -> None:
    """Do promised work outside the server."""


@jobs.command("run")
@click.option("--once", is_flag=True, help="do what is due now, then end")
def run_jobs(*, once: bool) -> None:
    """Do due jobs until stopped."""
    runner = _app(_settings()).extensions["kernel"].runner
    if once:
        runner.promise()
        click.echo(f"{runner.run_due()} jobs done.")
        return

    def end(*_: Any) -> None:
        runner.stop(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    runner.run()


@jobs.command("list")
def list_jobs() -> None:
    """Show the jobs that wait and those that were set aside, with what went wrong."""
    with opened() as kernel, kernel.reading() as session:
        for job in session.scalars(select(Job).where(Job.done_at.is_(None)).order_by(Job.failed_at, Job.run_at)):
            state = f"set aside {job.failed_at:%Y-%m-%d %H:%M}" if job.failed_at else f"due {job.run_at:%Y-%m-%d %H:%M}"
            problem = f"  {job.error.splitlines()[0]}" if job.error else ""
            click.echo(f"{encode(job.id)}  {job.kind}  {state} UTC  {job.attempts} attempts{problem}")


@jobs.command("retry")
@click.argument("job", required=False)
def retry_jobs(job: str | None) -> None:
    """Try JOB again now, or every job that was set aside."""
    with opened() as kernel:
        try:
            job_id = decode(job) if job else None
            again = kernel.commit(lambda session: retry(session, job_id))
        except Missing:
            again = []
    if job and not again:
        message = f"There is no open job {job}: `academy jobs list` shows those there are."
        raise click.ClickException(message)
    click.echo(f"{len(again)} jobs are due now.")


@academy.command()
def demo() -> None:
    """Bring the database forward and, when it is empty, fill it with the demo academy (ACADEMY_DEMO=1)."""
    settings = _settings()
    if not settings.demo:
        message = "The demo academy is made in demo mode only: set ACADEMY_DEMO=1, or run `make run`."
        raise click.ClickException(message)
    started = time.monotonic()
    if version_of(settings.database_url) != SCHEMA:
        click.echo("Preparing the database...")
        migrate.alembic(settings.database_url, "upgrade", "head")
    if _lived_in(settings.database_url):
        click.echo("There is an academy here already; it is kept. `make reset` starts afresh.")
        return
    file = make_url(settings.database_url).database
    if Database(settings.database_url).embedded and file is not None:
        _fill_beside(settings, Path(file))
    else:
        _fill(settings)
    click.echo(f"The demo academy is ready ({time.monotonic() - started:.0f} s).")


def _fill(settings: Settings) -> None:
    app = _app(settings)
    kernel = app.extensions["kernel"]
    with app.app_context():
        for feature in kernel.features:
            if feature.seeds is not None:
                feature.seeds(kernel, click.echo)
    kernel.database.engine.dispose()


def _fill_beside(settings: Settings, file: Path) -> None:
    """Fill a copy of an SQLite database and take it over whole: cut short, no half of an academy is left behind."""
    with tempfile.TemporaryDirectory(prefix="academy-") as folder:
        beside = Path(folder) / file.name
        shutil.copyfile(file, beside)
        _fill(replace(settings, database_url=f"sqlite:///{beside}"))
        with closing(sqlite3.connect(beside)) as filled, closing(sqlite3.connect(file)) as kept:
            filled.backup(kept)


def _lived_in(database_url: str) -> bool:
    """Say whether somebody has an account here; asked without building the app, so that a start is quick."""
    engine = Database(database_url).engine
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT 1 FROM people LIMIT 1")).scalar() is not None
    finally:
        engine.dispose()


def main() -> None:
    """Run the command; every failure is one line."""
    try:
        academy(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        click.echo(f"academy: {error.format_message()}", err=True)
        sys.exit(error.exit_code or 1)
    except SettingsError as error:
        click.echo(f"academy: {error}", err=True)
        sys.exit(2)
    except migrate.MigrationFailed as error:
        click.echo(f"academy: the database was not migrated: {str(error).splitlines()[-1]}", err=True)
        sys.exit(1)
    except OperationalError as error:
        click.echo(f"academy: the database can't be reached: {str(error.orig).strip().splitlines()[0]}", err=True)
        sys.exit(1)
