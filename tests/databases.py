"""Where tests' databases come from: templates made once per run, copies, and one PostgreSQL database per process."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError

from academy.kernel import migrate
from academy.kernel.app import Kernel
from academy.kernel.db import SCHEMA, Database

T = TypeVar("T")

REQUIRED = os.environ.get("ACADEMY_REQUIRE_SERVICES") == "1"


def skip_or_fail(reason: str) -> None:
    """Skip with a line that says how to get what is missing; fail where it is required."""
    if REQUIRED:
        pytest.fail(f"required here: {reason}")
    pytest.skip(reason)


def once(folder: Path, name: str, make: Callable[[], None]) -> None:
    """Do something once among all processes of this run."""
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / f"{name}.done"
        if not done.exists():
            make()
            done.touch()


def migrated(url: str) -> None:
    """Bring a database up to date."""
    migrate.alembic(url, "upgrade", "head")
    if url.startswith("sqlite"):
        checkpoint(url)


def checkpoint(url: str) -> None:
    """Bring everything into the SQLite file itself, so that a copy of it is whole."""
    database = Database(url)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    raw = database.engine.raw_connection()
    raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    database.engine.dispose()


_compiled: dict[tuple[str, str], Database] = {}


def database_at(url: str) -> Database:
    """Connect to a database of this test's own.

    To compile a statement costs more than to ask it, and an engine begins with nothing compiled. So all engines of
    this process share what one of them compiled. And no test outlives a power cut: nobody waits for the disk.
    """
    found = Database(url, pool=30)
    engine = found.engine
    spoken = engine.dialect.name, engine.dialect.driver
    if spoken not in _compiled:
        engine.connect().close()  # a dialect learns at its first connection what its server can do
        _compiled[spoken] = found
    first = _compiled[spoken].engine
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    if found.embedded:
        event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF").close())
    return found


_built: dict[Callable[..., object], tuple[bytes, object]] = {}


def built_once(kernel: Kernel, build: Callable[[Kernel], T]) -> T:
    """Build something on a fresh SQLite database; the next test of this process gets a copy of the file instead."""
    engine = kernel.database.engine
    file = Path(engine.url.database or "")
    if build not in _built:
        made = build(kernel)
        engine.dispose()
        checkpoint(str(engine.url))
        _built[build] = file.read_bytes(), made
    log = file.with_name(f"{file.name}-wal")
    assert not log.exists() or not log.stat().st_size, "somebody wrote to the database before"
    engine.dispose()
    file.write_bytes(_built[build][0])
    return cast("T", _built[build][1])


def postgresql_url(name: str = "") -> str:
    """Return the address of the PostgreSQL server that tests may make databases on, or of one of its databases."""
    url = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    return f"{url.rsplit('/', 1)[0]}/{name}" if name else url


def administer(*statements: str) -> None:
    """Say something to the PostgreSQL server that is said outside of transactions."""
    engine = create_engine(postgresql_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def reachable() -> bool:
    """Tell whether a PostgreSQL server answers."""
    try:
        administer("SELECT 1")
    except OperationalError:
        return False
    return True


def make_template() -> str:
    """Make a migrated PostgreSQL database to copy, unless another run made it, and return its name."""
    # Named after the migrations, so that it is made once for many runs and anew when they change.
    source = b"".join(file.read_bytes() for file in sorted((migrate.ROOT / "migrations").rglob("*.py")))
    name = f"academy_template_{SCHEMA}_{hashlib.sha256(source).hexdigest()[:12]}"
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _exists(name):
            administer(f"DROP DATABASE IF EXISTS {name}_new", f"CREATE DATABASE {name}_new")
            migrated(postgresql_url(f"{name}_new"))
            administer(f"ALTER DATABASE {name}_new RENAME TO {name}")
    return name


def _exists(name: str) -> bool:
    engine = create_engine(postgresql_url())
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first()
    engine.dispose()
    return found is not None


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
SHAPE = """
SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version),
       (SELECT sum(oid::bigint) FROM pg_class),
       (SELECT sum(xmin::text::bigint) FROM pg_attribute),
       (SELECT sum(xmin::text::bigint) FROM pg_constraint),
       (SELECT sum(xmin::text::bigint) FROM pg_trigger),
       (SELECT sum(xmin::text::bigint) FROM pg_index),
       (SELECT sum(xmin::text::bigint) FROM pg_proc)
"""
"""Differs as soon as somebody made, changed or removed a table, a column, a rule, an index or a function."""


@dataclass
class Lane:
    """A PostgreSQL database of this process, which each test finds as the migrations leave it.

    A database per test costs more than most tests. So tests get the same one: what they wrote is deleted, and one
    whose shape they changed is dropped and made anew.
    """

    template: str
    name: str = field(default_factory=lambda: f"t_{uuid4().hex[:16]}")
    _shape: tuple[object, ...] | None = None
    _tables: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of the database."""
        return postgresql_url(self.name)

    def ready(self) -> None:
        """Make the database where there is none, and delete what was written to it."""
        if self._shape is not None and self._emptied():
            return
        self.drop()
        administer(
            f"CREATE DATABASE {self.name} TEMPLATE {self.template}",
            f"ALTER DATABASE {self.name} SET synchronous_commit = off",  # no test outlives a power cut
        )
        with self._connected() as connection:
            self._tables = [name for (name,) in connection.execute(TABLES)]
            self._shape = connection.execute(SHAPE).fetchone()

    def _emptied(self) -> bool:
        """Delete what was written; says whether all tables are there, and as they were."""
        with self._connected() as connection:
            _alone(connection)
            connection.execute("SET session_replication_role = replica")  # no rule and no trigger stands in the way
            found = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in self._tables)
            try:
                with connection.transaction():
                    for (name,) in connection.execute(found).fetchall():
                        connection.execute(f"DELETE FROM {name}")
                return connection.execute(SHAPE).fetchone() == self._shape
            except psycopg.errors.UndefinedTable:  # a test of migrations went below the first of them
                return False

    def drop(self) -> None:
        """Remove the database."""
        administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True)


def _alone(connection: psycopg.Connection) -> None:
    """End what the test before left connected, and see it gone."""
    while connection.execute(f"SELECT count(pg_terminate_backend(pid)) {OTHERS}").fetchone() != (0,):
        pass
