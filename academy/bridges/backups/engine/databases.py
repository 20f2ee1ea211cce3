"""How each kind of database is copied while it serves, and replaced while it does not.

SQLite by its online backup, PostgreSQL by its own programs (pg_dump, pg_restore, psql).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, make_url, text

from academy.kernel.db import Database
from academy.kernel.files import settle


class Failed(Exception):
    """A database could not be copied or replaced; the message says why, and nothing was changed."""


def is_embedded(url: str) -> bool:
    """Say whether the database is a file of SQLite."""
    return make_url(url).get_backend_name() == "sqlite"


def file_of(url: str) -> Path:
    """Return the file of an embedded database."""
    return Path(make_url(url).database or "")


def copy(url: str, to: Path) -> None:
    """Copy a database as it is at one moment; whoever reads and writes meanwhile goes on. Raises `Failed`."""
    if not is_embedded(url):
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")
        return
    file = file_of(url)
    if not file.is_file():
        message = f"there is no database at {file}"
        raise Failed(message)
    with closing(sqlite3.connect(file, timeout=30)) as source, closing(sqlite3.connect(to)) as copied:
        source.backup(copied)
    fold(to)


def in_use(url: str) -> bool:
    """Say whether somebody else has the database open: a server, a runner of jobs."""
    if is_embedded(url):
        file = file_of(url)
        return file.is_file() and _open_elsewhere(file)
    engine = Database(url, pool=1).engine
    try:
        with engine.connect() as connection:
            others = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return bool(connection.execute(text(others)).scalar_one())
    finally:
        engine.dispose()


def _open_elsewhere(file: Path) -> bool:
    # Only the last connection of all may leave SQLite's write-ahead log, however idle the others are.
    with closing(sqlite3.connect(file, timeout=0.2)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError:
            return True
    return bool(mode != ("delete",))


def check(file: Path) -> None:
    """Look through a copy of SQLite; raises `Failed` where it is damaged."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("PRAGMA quick_check").fetchone()
    except sqlite3.DatabaseError as error:
        found = (str(error),)
    if found != ("ok",):
        message = f"its database is damaged ({found[0]})"
        raise Failed(message)


def fold(file: Path) -> None:
    """Bring what SQLite has written beside a file into it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def take_over(copied: Path, url: str) -> None:
    """Put a file of SQLite in the place of the database: the one or the other is there at any moment.

    Whose it is and who may read it stays as it was, so that the server that wrote the old one opens the new one. Raises
    `Failed` where that can't be kept.
    """
    file = file_of(url)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix="restored-", delete=False) as beside:
        place = Path(beside.name)
    try:
        shutil.copyfile(copied, place)
        with place.open("rb+") as written:
            if file.exists():
                _give(written.fileno(), file)
            os.fsync(written.fileno())
        place.replace(file)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    settle(file.parent)


def _give(handle: int, like: Path) -> None:
    """Give an open file the owner, the group and the mode of another one; raises `Failed` where this user may not."""
    there, here = like.stat(), os.fstat(handle)
    if (there.st_uid, there.st_gid) != (here.st_uid, here.st_gid):
        try:
            os.fchown(handle, there.st_uid, there.st_gid)
        except PermissionError as error:
            message = (
                f"{like} belongs to user {there.st_uid}, group {there.st_gid}, and the academy would not be theirs any "
                "more: run this as that user, or as root"
            )
            raise Failed(message) from error
    os.fchmod(handle, stat.S_IMODE(there.st_mode))


_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = current_schema() AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def restore_dump(dump: Path, url: str, *, known: Collection[str]) -> None:
    """Put a dump of PostgreSQL in the place of what the database holds, in one transaction, and without its epochs.

    `known` are the tables that an academy has; a database with others is not its own, and is left alone. Raises
    `Failed`.
    """
    engine = Database(url, pool=1).engine
    try:
        there = inspect(engine).get_table_names()
        quoted = engine.dialect.identifier_preparer.quote
        with engine.connect() as connection:
            functions = connection.execute(text(_FUNCTIONS)).scalars().all()
    finally:
        engine.dispose()
    listed = [line.split() for line in _run("pg_restore", None, "--list", str(dump)).splitlines()]
    dumped = {name for words in listed if words[3:4] == ["TABLE"] for name in words[5:6]}
    strangers = sorted(set(there) - set(known) - dumped)
    if strangers:
        message = (
            f"the database holds tables that are no academy's ({', '.join(strangers[:3])}): give it one of its own"
        )
        raise Failed(message)
    with tempfile.TemporaryDirectory(prefix="academy-") as folder:
        script = Path(folder) / "restore.sql"
        _run("pg_restore", None, "--no-owner", "--no-privileges", f"--file={script}", str(dump))
        first = Path(folder) / "first.sql"
        dropped = [*(f"TABLE {quoted(name)}" for name in there), *(f"FUNCTION {name}" for name in functions)]
        first.write_text("".join(f"DROP {what} CASCADE;\n" for what in dropped))
        # In the same transaction, whatever comes next: nobody takes this history for the one they know.
        last = Path(folder) / "last.sql"
        last.write_text("UPDATE public.logs SET epoch = left(md5(random()::text || id::text), 12);\n")
        files = [f"--file={part}" for part in (first, script, last)]
        _run("psql", url, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", *files)


def _run(program: str, url: str | None, *arguments: str) -> str:
    found = shutil.which(program)
    if found is None:
        message = f"the program {program} is not here: install PostgreSQL's client programs (postgresql-client)"
        raise Failed(message)
    environment = {**os.environ, **(_place(make_url(url)) if url else {}), "PGCLIENTENCODING": "UTF8"}
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, no shell
        [found, *arguments], env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()] or [
            f"{program} ended with {done.returncode}"
        ]
        wrong = next((line for line in said if "error" in line.lower()), said[-1])
        raise Failed(wrong.strip())
    return done.stdout


_SETTINGS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


def _place(url: URL) -> dict[str, str]:
    """Say where a database is as PostgreSQL's programs take it from their environment, which nobody else may list."""
    asked = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    parts = {
        "PGHOST": url.host or asked.get("host"),
        "PGPORT": str(url.port) if url.port else asked.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        **{variable: asked.get(name) for name, variable in _SETTINGS.items()},
    }
    return {name: value for name, value in parts.items() if value}
