"""What the two databases say in different words: a text in any case and its length, an instant later, a list of ids."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, String, Uuid, bindparam, column, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from academy.kernel.db import Instant


def _either(kind: TypeEngine[Any] | None, postgresql: str, sqlite: str) -> type[FunctionElement[Any]]:
    """Make a function of SQL that is written as the database has it, its arguments in the places of `{}`."""
    made = type("_Either", (FunctionElement,), {"inherit_cache": True, **({"type": kind} if kind else {})})

    def written(words: str, element: FunctionElement[Any], compiler: SQLCompiler, **more: Any) -> str:
        return words.format(*(compiler.process(one, **more) for one in element.clauses))

    compiles(made)(partial(written, postgresql))
    compiles(made, "sqlite")(partial(written, sqlite))
    return made


_PLAIN = _either(String(), "lower({})", "{}")
_LATER = _either(
    Instant(),
    "({} + {} * interval '1 minute')",
    "(strftime('%Y-%m-%d %H:%M:%f', {}, {} || ' minutes') || '000')",  # as Instants are kept
)
_OCTETS = _either(Integer(), "octet_length({})", "length(CAST({} AS BLOB))")
_EACH = _either(None, "unnest({}) AS value", "json_each({})")


def any_case(column: Any, *, plain: bool) -> ColumnElement[str]:
    """Return a column to look for small letters in by LIKE, whatever the case of its own.

    `plain` says that what is looked for is ASCII: LIKE of SQLite takes its letters in any case, and there a call of
    Python for each row is saved.
    """
    return _PLAIN(column) if plain else func.lower(column)


def later(at: Any, minutes: Any) -> ColumnElement[datetime]:
    """Return the instant that is a column of whole minutes after another column."""
    return _LATER(at, minutes)


def octets(text: Any) -> ColumnElement[int]:
    """Return how many bytes of UTF-8 a column of text has."""
    return _OCTETS(text)


class _Ids(TypeDecorator[Any]):
    """Ids as one parameter: an array, for SQLite a JSON list of them as they are kept there."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose by database."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else ARRAY(Uuid()))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write the ids."""
        if dialect.name != "sqlite":
            return list(value)
        return '["' + '","'.join([one.hex for one in value]) + '"]' if value else "[]"


def each_of(name: str) -> Select[UUID]:
    """Select the ids of a list that is one parameter, for `in_`.

    A parameter for each id, as SQLAlchemy expands a list, has the statement written anew at each asking. That takes
    longer than a question about a few rows; where many are looked through, a list of ids is the better guide.
    """
    return select(column("value", Uuid())).select_from(_EACH(bindparam(name, type_=_Ids())))
