"""Rows by the hundred thousand, past SQLAlchemy's statements: for each row those cost more than the database does.

Like every write it happens in the caller's transaction. PostgreSQL gets its COPY format as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Connection, Date, Table, Uuid
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import Boolean, Integer, String

from academy.kernel.db import Instant

Write = Callable[[Any], Any]
KIB = 256 * 1024
"""How much of an embedded database is kept at hand while much is written."""
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def write(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows into a table. Each names the columns that the first one names; the others have their defaults."""
    if not rows:
        return
    session.flush()
    connection = session.connection()
    names = list(rows[0])
    fixed = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in rows[0] and isinstance(column.default, ScalarElementColumnDefault)
    }
    columns = [*names, *fixed]
    embedded = connection.dialect.name == "sqlite"
    writes = [(_for_sqlite if embedded else _for_copy)(table.columns[name].type) for name in columns]
    rest = tuple(write(value) for write, value in zip(writes[len(names) :], fixed.values(), strict=True))
    taken = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    made = [
        (*[None if value is None else write(value) for write, value in zip(writes, taken(row), strict=False)], *rest)
        for row in rows
    ]
    quote = connection.dialect.identifier_preparer.quote
    listed = f"{quote(table.name)} ({', '.join(quote(name) for name in columns)})"
    if embedded:
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {listed} VALUES ({marks})", made)  # noqa: S608 - names of ours
    else:
        _copy(connection, listed, made)


@contextmanager
def room(session: Session) -> Iterator[None]:
    """Let SQLite keep more of its pages at hand meanwhile, so that indexes far apart are not read again and again."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size={-KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")


def _copy(connection: Connection, listed: str, rows: Sequence[Sequence[str | None]]) -> None:
    text = "".join(["\t".join(["\\N" if value is None else value for value in row]) + "\n" for row in rows])
    cursor: Any = connection.connection.cursor()
    with cursor:
        if connection.dialect.driver == "psycopg2":
            cursor.copy_expert(f"COPY {listed} FROM STDIN", BytesIO(text.encode()))
            return
        with cursor.copy(f"COPY {listed} FROM STDIN") as copy:
            copy.write(text.encode())


def _for_sqlite(kind: Any) -> Write:
    if isinstance(kind, Uuid):
        return _hex
    if isinstance(kind, Instant):
        return _instant
    if isinstance(kind, JSON):
        return json.dumps
    if isinstance(kind, Date):
        return date.isoformat
    return _same(kind)


def _for_copy(kind: Any) -> Write:
    if isinstance(kind, Uuid):
        return _hex
    if isinstance(kind, Instant | Date):
        return _iso
    if isinstance(kind, JSON):
        return lambda value: json.dumps(value).translate(_ESCAPED)
    if isinstance(kind, Boolean):
        return lambda value: "t" if value else "f"
    if isinstance(kind, Integer):
        return str
    _same(kind)
    return _text


def _same(kind: Any) -> Write:
    if not isinstance(kind, String | Integer | Boolean):
        message = f"{kind!r} is a kind of column that is not written in bulk yet"
        raise TypeError(message)
    return _as_is


def _as_is(value: Any) -> Any:
    return value


def _text(value: str) -> str:
    return value.translate(_ESCAPED)


def _hex(value: UUID) -> str:
    return f"{value.int:032x}"


def _iso(value: date) -> str:
    return value.isoformat()


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
