"""Statements that are kept, asked of SQLite without what SQLAlchemy finds out anew at each asking.

To ask SQLite takes a few microseconds; to look up how a statement was compiled, to make its context and what describes
its rows takes several times as long, and a message asks nine. So the text of a statement is kept, how each of its
parameters goes in, and how its columns come out: all as SQLAlchemy says, found out once. Whoever listens to an engine's
statements (metrics, tests) hears of these as of others, but without a context.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, Executable, Result
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import CompileError, DBAPIError, InvalidRequestError
from sqlalchemy.sql.elements import BindParameter

Process = Callable[[Any], Any]
Parameter = tuple[str | None, Callable[[], Any], Process | None]
"""A parameter of a statement: its name among the values given, or what says its value; and how that goes in."""


class Direct:
    """A statement, for one set of names of the values given, as SQLite's driver takes it."""

    def __init__(self, text: str, parameters: Sequence[Parameter], columns: Sequence[Process | None]) -> None:
        """Keep what was found out: the text, its parameters in their order, and how each column comes out."""
        self._text = text
        self._parameters = tuple(parameters)
        self.answers = bool(columns)
        """Whether rows come back: SQLite's driver drops those of several at once."""
        self._read = tuple((place, read) for place, read in enumerate(columns) if read is not None)
        self._keys: SimpleResultMetaData | None = None

    def ask(
        self, connection: Connection, driver: sqlite3.Connection, given: Sequence[Mapping[str, Any]]
    ) -> Result[Any]:
        """Ask for one set of values, or write a row for each of several. The database's errors are SQLAlchemy's."""
        rows = [self._values(one) for one in given]
        several = len(rows) > 1
        values: Any = rows if several else rows[0]
        events, cursor = cast("Any", connection.engine).dispatch, driver.cursor()
        try:
            if events.before_cursor_execute:
                events.before_cursor_execute(connection, cursor, self._text, values, None, several)
            (cursor.executemany if several else cursor.execute)(self._text, values)
            found = cursor.fetchall()
            if events.after_cursor_execute:
                events.after_cursor_execute(connection, cursor, self._text, values, None, several)
            if self._keys is None:
                self._keys = SimpleResultMetaData([name for name, *_ in cursor.description or ()])
        except sqlite3.Error as error:
            told: Any = DBAPIError.instance
            raise told(self._text, values, error, sqlite3.Error, dialect=connection.dialect, ismulti=several) from error
        finally:
            cursor.close()
        return IteratorResult(self._keys, map(self._row, found) if self._read else iter(found))

    def _values(self, given: Mapping[str, Any]) -> list[Any]:
        values = []
        for name, says, process in self._parameters:
            value = says() if name is None else given[name]
            values.append(value if process is None else process(value))
        return values

    def _row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        found = list(row)
        for place, read in self._read:
            found[place] = read(found[place])
        return tuple(found)


def direct(statement: Executable, names: Sequence[str], dialect: Dialect) -> Direct | None:
    """Find out how SQLite's driver takes a statement whose values are given by these names.

    None where it must be asked by SQLAlchemy: a list that is given becomes as many parameters as it has members, a
    column makes a value for itself, it can't be compiled so, or it is a text that says nothing of its columns.
    """
    element = cast("Any", statement)
    if not hasattr(element, "exported_columns"):
        return None
    try:
        compiled = element.compile(dialect=dialect, column_keys=list(names))
        later = {bind.key for bind in (*compiled.post_compile_params, *compiled.literal_execute_params)}
        if later.intersection(names) or compiled.prefetch:
            return None
        written = compiled.construct_expanded_state(dict.fromkeys(names))  # with the lists that are its own
    except (CompileError, InvalidRequestError):
        return None
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    parameters: list[Parameter] = []
    for name in compiled.positiontup if written.positiontup is None else written.positiontup:
        bind = binds.get(name)
        if bind is None:  # a member of such a list
            parameters.append((None, partial(_same, written.parameters[name]), written.processors.get(name)))
            continue
        given = next((known for known in (bind.key, name) if known in names), None)
        parameters.append((given, partial(_value, bind), bind.type.dialect_impl(dialect).bind_processor(dialect)))
    columns = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in element.exported_columns]
    return Direct(written.statement, parameters, columns)


def _same(value: object) -> object:
    return value


def _value(bind: BindParameter[Any]) -> Any:
    """Return the value of a parameter that the statement has itself, such as the time at which it is asked."""
    return bind.effective_value
