"""What the two databases say in different words: a text in any case, an instant minutes later, a list of ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, String, Uuid, bindparam, column, func, select
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from academy.kernel.db import Instant


class _Plain(FunctionElement[str]):
    """A text whose ASCII letters LIKE compares whatever their case: SQLite's own does so, others ask for small ones."""

    type = String()
    inherit_cache = True


@compiles(_Plain)
def _plain(element: _Plain, compiler: SQLCompiler, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


@compiles(_Plain, "sqlite")
def _plain_on_sqlite(element: _Plain, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


def any_case(column: Any, *, plain: bool) -> ColumnElement[str]:
    """Return a column to look for small letters in by LIKE, whatever the case of its own.

    `plain` says that what is looked for is ASCII: then SQLite is not asked for small letters, which is a call of
    Python for each row.
    """
    return _Plain(column) if plain else func.lower(column)


class _Later(FunctionElement[datetime]):
    """An instant so many minutes after another one."""

    type = Instant()
    inherit_cache = True


@compiles(_Later)
def _later(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    at, minutes = (compiler.process(one, **more) for one in element.clauses)
    return f"({at} + {minutes} * interval '1 minute')"


@compiles(_Later, "sqlite")
def _later_on_sqlite(element: _Later, compiler: SQLCompiler, **more: Any) -> str:
    at, minutes = (compiler.process(one, **more) for one in element.clauses)
    return f"(strftime('%Y-%m-%d %H:%M:%f', {at}, {minutes} || ' minutes') || '000')"  # as Instants are kept


def later(at: Any, minutes: Any) -> ColumnElement[datetime]:
    """Return the instant that is a column of whole minutes after another column."""
    return _Later(at, minutes)


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


class _Each(FunctionElement[UUID]):
    """A row for each of some ids, called `value`."""

    inherit_cache = True


@compiles(_Each)
def _each(element: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"unnest({compiler.process(element.clauses, **more)}) AS value"


@compiles(_Each, "sqlite")
def _each_on_sqlite(element: _Each, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


def each_of(name: str) -> Select[UUID]:
    """Select the ids of a list that is one parameter, for `in_`.

    A parameter for each id, as SQLAlchemy expands a list, has the statement written anew at each asking. That takes
    longer than a question about a few rows; where many are looked through, a list of ids is the better guide.
    """
    return select(column("value", Uuid())).select_from(_Each(bindparam(name, type_=_Ids())))
