"""What is written in bulk is what an insert would have written, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, insert, select, text
from sqlalchemy.orm import Session

from academy.kernel import bulk
from academy.kernel.app import Kernel
from academy.kernel.db import Table
from academy.kernel.ids import new_id
from academy.tracks.models import Delivery
from tests.factories import people

EACH = ["sqlite", "postgresql", "postgresql by psycopg2"]
both = pytest.mark.parametrize("database_url", EACH, indirect=True)
AT = datetime(2026, 3, 29, 2, 30, 0, 120, tzinfo=timezone(timedelta(hours=5, minutes=45)))
HOSTILE = 'tab\there, \\N and \\., "quotes"\r\nline\\\nnew, ünïcode 🙂, \x01'


def made(key: UUID) -> dict[str, list[dict[str, Any]]]:
    return {
        "people": [
            {"id": key, "email": f"{key}@x.invalid", "email_key": str(key), "name": HOSTILE, "created_at": AT},
        ],
        "groups": [
            {"id": key, "kind": "academy", "name": "N", "parent_id": None, "created_at": AT.astimezone(UTC)},
        ],
        "logs": [{"id": key, "kind": "space", "epoch": "e"}],
        "spaces": [{"id": key, "group_id": key, "kind": "room", "title": HOSTILE, "pinned": True, "last_at": None}],
        "ledger": [
            {"id": key, "at": AT, "kind": "K", "actor_id": None, "request_id": None, "facts": {"a": HOSTILE, "n": [1]}}
        ],
    }


@both
def test_a_row_written_in_bulk_is_the_row_that_an_insert_writes(kernel: Kernel) -> None:
    one, other = new_id(), new_id()

    def write(session: Session) -> None:
        for name, rows in made(one).items():
            bulk.write(session, Table.metadata.tables[name], rows)
        for name, rows in made(other).items():
            session.execute(insert(Table.metadata.tables[name]), rows)

    kernel.commit(write)
    with kernel.reading() as session:
        for name in made(one):
            table = Table.metadata.tables[name]
            # read as stored, past the types of the columns, and with the ids made alike
            stored = f"SELECT * FROM {name} WHERE id = :id"
            raw = [
                session.execute(text(stored).bindparams(id=_raw(session, key))).mappings().one() for key in (one, other)
            ]
            alike = [
                {k: str(v).replace(key.hex, "-").replace(str(key), "-") for k, v in row.items()}
                for row, key in zip(raw, (one, other), strict=True)
            ]
            assert alike[0] == alike[1], name
            through = [
                dict(session.execute(select(table).where(table.c.id == key)).mappings().one()) for key in (one, other)
            ]
            assert {k for k, v in through[0].items() if v != through[1][k]} <= {
                "id", "group_id", "email", "email_key"
            }  # fmt: skip


def _raw(session: Session, key: UUID) -> Any:
    return key.hex if session.connection().dialect.name == "sqlite" else key


def test_dates_and_nothing_at_all(kernel: Kernel) -> None:
    kernel.commit(lambda session: bulk.write(session, Table.metadata.tables["people"], []))
    assert bulk._for_sqlite(Delivery.__table__.c.starts_on.type)(date(2026, 1, 2)) == "2026-01-02"
    people.person(kernel, "Ana")


def test_a_kind_of_column_that_nobody_has_tried_is_refused() -> None:
    for find in (bulk._for_sqlite, bulk._for_copy):
        with pytest.raises(TypeError, match="not written in bulk"):
            find(LargeBinary())


def test_a_row_that_leaves_out_what_the_first_one_names_is_refused(kernel: Kernel) -> None:
    rows = made(new_id())["groups"] + [{"id": new_id(), "kind": "academy"}]
    with pytest.raises(KeyError):
        kernel.commit(lambda session: bulk.write(session, Table.metadata.tables["groups"], rows))
