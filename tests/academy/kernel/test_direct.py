"""Statements that are kept are asked of SQLite directly, and answered as SQLAlchemy answers."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Row, bindparam, event, func, insert, select, text, true
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, PendingRollbackError
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.db import Instant, Table, ask, keep
from academy.kernel.direct import direct
from academy.kernel.expressions import each_of
from academy.kernel.ids import new_id
from academy.kernel.jobs import Job
from academy.kernel.prepared import now
from academy.people.models import Person
from tests.factories import people

DIALECT = sqlite.dialect()
JOBS = Table.metadata.tables["jobs"]
STORE = keep(insert(JOBS))
NAMED = keep(select(Person.id, Person.name).where(Person.name == bindparam("name")).order_by(Person.id))
BOTH = keep(select(Person.name).where(Person.name.in_(["Ana", "Ben"]), bindparam("wanted") == true()))
THESE = keep(select(Person.name).where(Person.id.in_(each_of("people"))).order_by(Person.name))
LISTED = keep(select(Person.name).where(Person.id.in_(bindparam("people", expanding=True))).order_by(Person.name))
NOBODY = keep(select(Person.name).where(Person.id.in_([])))
ANSWERED = keep(insert(JOBS).returning(JOBS.c.kind))
PLAIN = keep(text("SELECT count(*) FROM people"))
PAST = keep(select(func.count()).select_from(Person).where(bindparam("at", type_=Instant()) <= now()))


def job(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": kind,
        "payload": {"é": [1, None]},
        "run_at": clock.now(),
        "created_at": clock.now(),
        "attempts": 0,
        **more,
    }


def stored(session: Session) -> list[Row[Any]]:
    """Return what the jobs are, as SQLAlchemy reads them."""
    return list(
        session.execute(select(Job.kind, Job.payload, Job.run_at, Job.done_at, Job.attempts).order_by(Job.kind))
    )


def test_what_goes_in_and_comes_out_is_of_the_same_kinds(kernel: Kernel) -> None:
    at = datetime(2026, 3, 29, 0, 59, 59, 7, tzinfo=UTC)
    read = keep(select(*(JOBS.c[name] for name in ("kind", "payload", "run_at", "done_at", "attempts"))))
    kernel.commit(lambda session: ask(session, STORE, job("one", run_at=at)) and None)
    with kernel.reading() as session:
        assert stored(session) == [("one", {"é": [1, None]}, at, None, 0)]
        (row,) = ask(session, read)
    assert tuple(row) == (row.kind, row.payload, row.run_at, row.done_at, row.attempts)
    assert row == ("one", {"é": [1, None]}, at, None, 0)
    assert row.run_at.tzinfo is UTC


def test_several_rows_are_written_as_one_statement(kernel: Kernel) -> None:
    heard: list[tuple[str, bool]] = []
    event.listen(kernel.database.engine, "before_cursor_execute", lambda *told: heard.append((told[2][:16], told[5])))
    kernel.commit(lambda session: ask(session, STORE, [job("one"), job("two")]) and None)
    assert ("INSERT INTO jobs", True) in heard
    with kernel.reading() as session:
        assert [row.kind for row in stored(session)] == ["one", "two"]


def test_a_row_that_breaks_a_rule_is_refused_as_sqlalchemy_refuses_it(kernel: Kernel) -> None:
    same = job("one")
    kernel.commit(lambda session: ask(session, STORE, same) and None)
    with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: jobs\.id"):
        kernel.commit(lambda session: ask(session, STORE, same) and None)


def test_rows_are_found_by_name_and_counted_as_they_are_asked_for(kernel: Kernel) -> None:
    ana, *others = (people.person(kernel, name) for name in ("Ana", "Ben", "Ben"))
    with kernel.reading() as session:
        assert ask(session, NAMED, {"name": "Ana"}).one()._asdict() == {"id": ana, "name": "Ana"}
        assert ask(session, NAMED, {"name": "Cyd"}).one_or_none() is None
        assert [row.id for row in ask(session, NAMED, {"name": "Ben"})] == sorted(others)
        assert ask(session, NAMED, {"name": "Ana"}).scalar_one() == ana
        with pytest.raises(MultipleResultsFound):
            ask(session, NAMED, {"name": "Ben"}).one()


@pytest.mark.parametrize("statement", [THESE, LISTED])
def test_ids_are_given_as_one_parameter_or_as_many(kernel: Kernel, statement: Any) -> None:
    ana, ben, _cyd = (people.person(kernel, name) for name in ("Ana", "Ben", "Cyd"))
    with kernel.reading() as session:
        for wanted, names in (([ben, ana], ["Ana", "Ben"]), ([ana], ["Ana"]), ([], []), ([new_id()], [])):
            assert ask(session, statement, {"people": wanted}).scalars().all() == names


def test_a_list_of_the_statements_own_is_written_once(kernel: Kernel) -> None:
    for name in ("Ana", "Ben", "Cyd"):
        people.person(kernel, name)
    with kernel.reading() as session:
        assert sorted(ask(session, BOTH, {"wanted": True}).scalars()) == ["Ana", "Ben"]
        assert ask(session, BOTH, {"wanted": False}).scalars().all() == []


def test_an_empty_list_finds_nobody_and_a_text_is_asked_as_it_is(kernel: Kernel) -> None:
    people.person(kernel)
    with kernel.reading() as session:
        assert ask(session, NOBODY).all() == []
        assert ask(session, PLAIN).scalar_one() == 1


@pytest.mark.parametrize("rows", [2, 1])
def test_rows_that_are_written_answer_however_many_they_are(kernel: Kernel, rows: int) -> None:
    jobs = [job(f"job {number}") for number in range(rows)]
    kinds = kernel.commit(lambda session: ask(session, ANSWERED, jobs).scalars().all())
    assert sorted(kinds) == [one["kind"] for one in jobs]


def test_what_is_asked_after_an_error_is_not_kept_by_itself(kernel: Kernel) -> None:
    """SQLite keeps a statement outside any transaction at once, for good."""

    def goes_on(session: Session) -> None:
        ask(session, STORE, job("before"))
        session.add(Person(id=new_id(), name=None))
        with suppress(IntegrityError):
            session.flush()
        ask(session, STORE, job("after"))

    with pytest.raises(PendingRollbackError):
        kernel.commit(goes_on)
    with kernel.reading() as session:
        assert stored(session) == []


def test_the_time_is_that_of_each_asking(kernel: Kernel) -> None:
    people.person(kernel)
    soon = clock.now() + timedelta(hours=1)
    with kernel.reading() as session:
        assert ask(session, PAST, {"at": soon}).scalar_one() == 0
        with clock.travel(soon + timedelta(hours=1)):
            assert ask(session, PAST, {"at": soon}).scalar_one() == 1


@pytest.mark.parametrize(
    ("statement", "names", "can"),
    [
        (insert(Table.metadata.tables["log_events"]), ["log_id", "seq"], True),
        (NAMED, ["name"], True),
        (BOTH, ["wanted"], True),
        (THESE, ["people"], True),
        (LISTED, ["people"], False),  # as many parameters as there are ids
        (NAMED, [], False),  # nothing is given for a value that it needs
        (insert(Table.metadata.tables["ledger"]), ["kind"], False),  # a column makes its own value
    ],
)
def test_it_is_known_which_statements_sqlite_can_be_asked_directly(statement: Any, names: list[str], can: bool) -> None:
    assert (direct(statement, names, DIALECT) is not None) is can


def test_whoever_listens_to_statements_hears_each_once(kernel: Kernel) -> None:
    people.person(kernel, "Ana")
    before: list[str] = []
    after: list[str] = []
    event.listen(kernel.database.engine, "before_cursor_execute", lambda *told: before.append(told[2]))
    event.listen(kernel.database.engine, "after_cursor_execute", lambda *told: after.append(told[2]))
    with kernel.reading() as session:
        ask(session, NAMED, {"name": "Ana"}).one()
        ask(session, LISTED, {"people": []}).all()
    assert before == after
    assert len(before) == 2


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_written_as_sqlalchemy_writes_it(at: datetime) -> None:
    type_: ColumnElement[datetime] = bindparam("at", at, type_=Instant())
    written = type_.type.dialect_impl(DIALECT).bind_processor(DIALECT)
    theirs = sqlite.DATETIME().bind_processor(DIALECT)
    assert written is not None
    assert theirs is not None
    try:
        moved = at.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # before the year 1, or after 9999
        return
    assert written(at) == theirs(moved)
