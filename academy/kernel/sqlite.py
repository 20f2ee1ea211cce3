"""What SQLite must be told: how to keep what is acknowledged, and how a transaction begins."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError

BEGIN_READING, BEGIN_WRITING = "BEGIN DEFERRED", "BEGIN IMMEDIATE"
BEGINS = ContextVar("BEGINS", default=BEGIN_READING)
"""How a transaction of SQLite begins."""
LOCKED = 5
"""Seconds that SQLite's lock of another process is waited for, several times over where it is to be written."""
AGAIN = 0.01  # seconds


def engine(url: URL, pool: int) -> Engine:
    """Make an engine for a file, with at most so many connections kept open."""
    made = create_engine(url, connect_args={"timeout": LOCKED}, pool_size=pool)
    event.listen(made, "connect", _tune)
    # SQLAlchemy's own event would have it look for listeners at every statement, and a savepoint is compiled.
    dialect: Any = made.dialect
    dialect.do_begin = _begin
    dialect.do_savepoint = partial(_directly, "SAVEPOINT")
    dialect.do_release_savepoint = partial(_directly, "RELEASE SAVEPOINT")
    return made


@contextmanager
def writing() -> Iterator[None]:
    """Let a transaction that begins inside be one that writes: SQLite lets it in at once, not at its first change."""
    before = BEGINS.set(BEGIN_WRITING)
    try:
        yield
    finally:
        BEGINS.reset(before)


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _tune(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    # SQLite's own knows small letters of ASCII only: whoever is called Émile would not be found as émile.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: PoolProxiedConnection) -> None:
    if BEGINS.get() == BEGIN_READING:
        connection.execute(BEGIN_READING).close()
        return
    # SQLite waits for another process's lock without letting green threads go on: it is asked again instead.
    connection.execute("PRAGMA busy_timeout=0").close()
    try:
        until = time.monotonic() + LOCKED
        while not _begun(connection, until):
            time.sleep(AGAIN)
    finally:
        connection.execute(f"PRAGMA busy_timeout={1000 * LOCKED}").close()


def _begun(connection: PoolProxiedConnection, until: float) -> bool:
    try:
        connection.execute(BEGIN_WRITING).close()
    except sqlite3.OperationalError as error:
        if not _busy(error) or time.monotonic() > until:
            raise
        return False
    return True


def locked(error: DBAPIError) -> bool:
    """Say whether an error is that somebody else holds the lock, and goes on doing so."""
    return isinstance(error.orig, sqlite3.Error) and _busy(error.orig)


def _busy(error: sqlite3.Error) -> bool:
    # Of several kinds, which the higher bits tell: who was killed amid a transaction has left it to be undone.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _directly(what: str, connection: Connection, savepoint: str) -> None:
    try:
        connection.connection.execute(f"{what} {savepoint}").close()
    except sqlite3.Error as error:
        raise OperationalError(what, None, error) from error
