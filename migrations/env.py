"""Alembic's entry: one line of history, both directions, on SQLite and PostgreSQL."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from alembic import context

from academy.kernel.db import Database, Table
from academy.kernel.sqlite import writing

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("academy", "forums", "mentoring", "cohorts")

for package in PACKAGES:
    for module in sorted((ROOT / package).rglob("models.py")):  # a bridge is a feature one folder further down
        importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
for name in ("jobs", "ledger", "log", "mail", "once"):
    importlib.import_module(f"academy.kernel.{name}")


def run() -> None:
    """Migrate the database named by `-x url=…`, or else by DATABASE_URL, in one transaction."""
    database = Database(context.get_x_argument(as_dictionary=True).get("url") or os.environ["DATABASE_URL"])
    with database.engine.connect() as connection:
        if database.embedded:
            # Batch operations rebuild tables; their references must not be enforced half-way. The pragma
            # counts only outside a transaction, so it goes to the driver's own connection, before BEGIN.
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Table.metadata,
            render_as_batch=True,
            compare_type=True,
            compare_server_default=True,
            transaction_per_migration=False,
            transactional_ddl=True,  # SQLite can, as transactions here begin where we say
        )
        with writing(), context.begin_transaction():
            context.run_migrations()
            if database.embedded:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                if broken:
                    message = f"rows point nowhere: {broken[:5]}"
                    raise RuntimeError(message)
    database.engine.dispose()


run()
