"""Migrations: forth, back and forth again with rows in every table, on both databases."""

from __future__ import annotations

import importlib
import io
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import sqltypes

from academy.kernel import db
from academy.kernel.db import SCHEMA, Database

ROOT = Path(__file__).parents[2]
VERSIONS = sorted(file.name.split("_")[0] for file in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

# Where a column's rule asks for more than its type does.
FITTING: dict[str, Any] = {"level": 3, "start_minute": 540, "end_minute": 600, "weekday": 1}


def alembic(url: str, verb: str, *arguments: str) -> str:
    """Run Alembic in this process, which spares starting one each time; returns what it printed."""
    printed = io.StringIO()
    config = Config(ROOT / "migrations" / "alembic.ini", stdout=printed, cmd_opts=Namespace(x=[f"url={url}"]))
    getattr(command, verb)(config, *arguments)
    return printed.getvalue()


def tables() -> list[Table]:
    for package in ("academy", "forums", "mentoring", "cohorts"):
        for module in sorted((ROOT / package).rglob("models.py")):
            importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
    for name in ("jobs", "ledger", "log", "mail", "once"):
        importlib.import_module(f"academy.kernel.{name}")
    return list(db.Table.metadata.sorted_tables)


def value_of(column: Any, number: int) -> Any:
    kind = column.type
    if isinstance(kind, sqltypes.Uuid):
        return uuid4()
    if isinstance(kind, sqltypes.String):
        return f"{column.name[:6]}{number}"[: kind.length or 20]
    if isinstance(kind, sqltypes.LargeBinary):
        return b"\x00\xff"
    if isinstance(kind, sqltypes.Boolean):
        return True
    if isinstance(kind, sqltypes.Integer):
        return number
    if isinstance(kind, sqltypes.Date):
        return date(2026, 11, 21)
    if isinstance(kind, sqltypes.JSON):
        return {"a": [1, "é"]}
    if isinstance(kind, sqltypes.Float):
        return 0.5
    return datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def fill(database: Database) -> dict[str, int]:
    """Put a row into every table, each pointing at the rows before it; return how many there are in each."""
    made: dict[str, dict[str, Any]] = {}
    counts: dict[str, int] = {}
    with database.engine.begin() as connection:
        for number, table in enumerate(tables(), 1):
            row: dict[str, Any] = {}
            for column in table.columns:
                reference = next(iter(column.foreign_keys), None)
                if reference is not None:
                    target = reference.column
                    found = made.get(target.table.name, {}).get(target.name)
                    if found is None and not column.nullable:
                        raise AssertionError(f"{table.name}.{column.name} points at nothing yet")
                    row[column.name] = found
                else:
                    row[column.name] = FITTING.get(column.name, value_of(column, number))
            connection.execute(insert(table).values(row))
            made[table.name] = row
        for table in tables():
            counts[table.name] = connection.execute(select(func.count()).select_from(table)).scalar_one()
    return counts


def counted(database: Database, names: set[str]) -> dict[str, int]:
    with database.engine.connect() as connection:
        return {
            t.name: connection.execute(select(func.count()).select_from(t)).scalar_one()
            for t in tables()
            if t.name in names
        }


def there(database: Database) -> set[str]:
    database.engine.dispose()  # forget what this connection knew of the tables before
    return set(inspect(database.engine).get_table_names())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.engine.dispose()


@BOTH
def test_every_step_goes_back_and_forth_with_rows_in_every_table(database_url: str, database: Database) -> None:
    before = fill(database)
    assert set(before.values()) == {1}
    for version in reversed(VERSIONS[:-1]):
        database.engine.dispose()
        alembic(database_url, "downgrade", version)
        still = there(database) & set(before)
        assert counted(database, still) == dict.fromkeys(still, 1)
        database.engine.dispose()
        alembic(database_url, "upgrade", "head")
        assert counted(database, still) == dict.fromkeys(still, 1)
    with pytest.raises(DBAPIError, match="the ledger only grows"), database.engine.begin() as connection:
        connection.execute(text("UPDATE ledger SET kind = 'changed'"))
    database.engine.dispose()
    alembic(database_url, "downgrade", "base")
    assert there(database) <= {"alembic_version"}
    database.engine.dispose()
    alembic(database_url, "upgrade", "head")
    assert counted(database, set(before)) == dict.fromkeys(before, 0)
    assert fill(database) == before


@BOTH
def test_the_head_is_what_the_models_say(database_url: str) -> None:
    assert "No new upgrade operations detected" in alembic(database_url, "check")


@BOTH
def test_the_constant_is_the_head_and_there_is_one_head(database_url: str, database: Database) -> None:
    heads = alembic(database_url, "heads").split()
    assert heads == [SCHEMA, "(head)"]
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [SCHEMA]


@BOTH
def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url: str, database: Database) -> None:
    with database.engine.begin() as connection:
        if database.embedded:
            connection.execute(text("DROP TRIGGER ledger_refuses_UPDATE"))
        else:
            connection.execute(text("DROP TRIGGER ledger_refuses_change ON ledger"))
    names = there(database)
    database.engine.dispose()
    with pytest.raises(DBAPIError):
        alembic(database_url, "downgrade", "base")  # 0002 can't take away a trigger that is gone
    assert there(database) == names
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA


@pytest.mark.parametrize("version", VERSIONS)
def test_every_migration_says_what_it_does_and_goes_both_ways(version: str) -> None:
    [file] = (ROOT / "migrations" / "versions").glob(f"{version}_*.py")
    source = file.read_text(encoding="utf-8")
    assert source.startswith('"""')
    for direction in ("def upgrade() -> None:", "def downgrade() -> None:"):
        body = source.split(direction)[1].split("\ndef ")[0]
        assert "op." in body
