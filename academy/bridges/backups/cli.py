"""`academy backup` and `academy restore`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from academy.bridges.backups import actions
from academy.bridges.backups.actions import Since
from academy.bridges.backups.engine import archive, databases
from academy.bridges.backups.engine.archive import DATABASES, Backend, Damaged, Label
from academy.bridges.backups.engine.databases import Failed
from academy.kernel import clock, migrate
from academy.kernel.cli import opened, version_of
from academy.kernel.config import Settings
from academy.kernel.db import SCHEMA, Database, Table
from academy.kernel.files import Files
from academy.privacy import queries as privacy
from academy.tokens import queries as tokens

FILE = click.Path(dir_okay=False, path_type=Path)
THERE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=FILE)
@click.option("--without-videos", is_flag=True, help="leave the videos out: they are copied in another way")
def backup(file: Path, *, without_videos: bool) -> None:
    """Write the whole academy to FILE, while it serves; compressed where its name ends in .gz.

    The secret key is not in it: keep that elsewhere. See docs/deployment.md, "Backups".
    """
    settings = Settings.from_environment()
    label, videos = _write(settings, file, videos=not without_videos)
    size = file.stat().st_size / (1 << 20)
    beside = f"{videos} videos" if label.videos else "no videos, as asked"
    click.echo(f"The academy is in {file} ({size:.1f} MB, {beside}). Keep SECRET_KEY beside it, in another place.")


def _write(settings: Settings, file: Path, *, videos: bool) -> tuple[Label, int]:
    """Write a backup whole or not at all; a file that is there stays."""
    if file.exists():
        message = f"{file} is there already: nothing was written. Give another name."
        raise click.ClickException(message)
    if not file.parent.is_dir():
        message = f"There is no folder {file.parent}: nothing was written."
        raise click.ClickException(message)
    with _one_line("Nothing was written"), tempfile.TemporaryDirectory(prefix="academy-") as folder:
        copied = Path(folder) / "database"
        made_at, url = clock.now(), settings.database_url
        schema = None if databases.is_embedded(url) else version_of(url)
        databases.copy(url, copied)
        schema = schema or version_of(f"sqlite:///{copied}")
        if schema is None:
            message = "the database holds no academy yet"
            raise Failed(message)
        backend: Backend = "sqlite" if databases.is_embedded(url) else "postgresql"
        label = Label(made_at, backend, schema, videos)
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix="backup-", delete=False) as out:
            coming = Path(out.name)
            try:
                count = archive.write(out, label, copied, settings.instance / "media", packed=file.suffix == ".gz")
                out.flush()
                os.fsync(out.fileno())
                coming.replace(file)
            except BaseException:
                coming.unlink(missing_ok=True)
                raise
    return label, count


@contextmanager
def _one_line(kept: str) -> Iterator[None]:
    try:
        yield
    except (Failed, Damaged, OSError) as error:
        said = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        message = f"{kept}: {said}."
        raise click.ClickException(message) from error


@click.command("restore")
@click.argument("file", type=THERE)
@click.option("--yes", is_flag=True, help="do not ask")
def restore(file: Path, *, yes: bool) -> None:
    """Put the academy of FILE in the place of what is here. The server must be stopped.

    What is here is kept in a file first. Everybody signs in anew, and browsers load their rooms anew.
    """
    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory(prefix="academy-") as folder:
        copied = Path(folder) / "academy.db"
        with _one_line(f"{file} can't be used, nothing was changed"):
            label = _look_through(file, copied, settings.database_url)
        if databases.in_use(settings.database_url):
            message = "Somebody is connected to the database: stop the server and what runs jobs first."
            raise click.ClickException(message)
        people, found = _there(settings.database_url)
        here = f"{people} people are here now; they are" if people else "Nobody is here yet; that is"
        question = f"{here} replaced by the academy of {label.made_at:%d %B %Y, %H:%M} UTC. Go on?"
        if not yes and not click.confirm(question):
            raise click.Abort
        if people:
            _keep(settings)
        since = _since(settings, known=found == SCHEMA)
        with _one_line("The database is as it was"):
            if label.videos:
                _keep_videos(file, Files(settings.instance / "media"))
            again = _put_in_place(settings, label, copied, since)
            _unfinished(settings).unlink(missing_ok=True)
    click.echo(f"The academy is as it was on {label.made_at:%d %B %Y, %H:%M} UTC. Everybody signs in anew.")
    if again:
        click.echo(f"Erasures asked for since the backup are promised again: {again}. Jobs do what is due of them.")
    if people and found != SCHEMA:
        what = "Who was erased and which API tokens were revoked since the backup"
        click.echo(f"{what} was not looked up, as the database was at another migration.")


def _look_through(file: Path, copied: Path, url: str) -> Label:
    """Read a backup to its end before anything is changed; unpack its database."""
    embedded = databases.is_embedded(url)
    with archive.opened(file) as (label, parts):
        if (label.backend == "sqlite") != embedded:
            ours = "SQLite" if embedded else "PostgreSQL"
            theirs = "SQLite" if label.backend == "sqlite" else "PostgreSQL"
            message = f"it is of {theirs} and DATABASE_URL names {ours}"
            raise Failed(message)
        if label.schema > SCHEMA:
            message = f"it is at migration {label.schema} and this code knows {SCHEMA}: install newer code first"
            raise Failed(message)
        name, content = next(parts, ("", None))
        if content is None or name != DATABASES[label.backend]:
            message = "it holds no database"
            raise Damaged(message)
        archive.unpack(content, copied)
        for video, content in parts:
            archive.check(content, archive.digest_of(video))
    if embedded:
        databases.check(copied)
    return label


def _there(url: str) -> tuple[int, str | None]:
    """Return how many people are in the database now, and its migration."""
    if databases.is_embedded(url) and not databases.file_of(url).is_file():
        return 0, None
    found = version_of(url)
    if found is None:
        return 0, None
    engine = Database(url, pool=1).engine
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM people")).scalar_one()), found
    finally:
        engine.dispose()


def _keep(settings: Settings) -> None:
    """Keep what is about to be replaced; videos stay where they are."""
    kept = settings.instance / f"before-restore-{clock.now():%Y%m%dT%H%M%S.%f}.tar.gz"
    _write(settings, kept, videos=False)
    click.echo(f"What was here is kept in {kept}.")


def _since(settings: Settings, *, known: bool) -> Since:
    """Look up what was taken back since, and keep it until all is done: it may have to be begun once more."""
    kept = _unfinished(settings)
    since = Since.read(kept.read_text("utf-8")) if kept.exists() else Since()
    if known:
        with opened(settings) as kernel, kernel.reading() as session:
            since = since.joined(Since(privacy.erasures(session), tokens.revoked(session)))
    kept.write_text(since.written(), "utf-8")
    return since


def _unfinished(settings: Settings) -> Path:
    return settings.instance / "restore-unfinished.json"


def _keep_videos(file: Path, files: Files) -> None:
    with archive.opened(file) as (_label, parts):
        next(parts)
        for _name, content in parts:
            files.keep(content)


def _put_in_place(settings: Settings, label: Label, copied: Path, since: Since) -> int:
    """Replace the database; returns how many erasures are promised again."""
    if label.backend == "sqlite":
        # All is done in the copy: the database is the old one or the new one, and nothing between.
        again = _begin_anew(replace(settings, database_url=f"sqlite:///{copied}"), label, since)
        databases.fold(copied)
        databases.take_over(copied, settings.database_url)
        return again
    databases.restore_dump(copied, settings.database_url, known=[*Table.metadata.tables, "alembic_version"])
    try:
        return _begin_anew(settings, label, since)
    except Failed as error:
        message = f"The backup is in place and not finished; do not start the server, run this again: {error}."
        raise click.ClickException(message) from error


def _begin_anew(settings: Settings, label: Label, since: Since) -> int:
    try:
        migrate.alembic(settings.database_url, "upgrade", "head")
        with opened(settings) as kernel:
            return kernel.commit(lambda session: actions.begin_anew(session, made_at=label.made_at, since=since))
    except (DBAPIError, migrate.MigrationFailed) as error:
        said = str(error.orig).splitlines()[:1] if isinstance(error, DBAPIError) else str(error).splitlines()[-1:]
        raise Failed("".join(said)) from error


COMMANDS = [backup, restore]
