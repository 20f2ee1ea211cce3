"""The unit of work: kept whole, undone whole, and tried again when the database asks for it."""

from __future__ import annotations

import pickle
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from academy.kernel.access import Conflict
from academy.kernel.app import Kernel
from academy.kernel.db import Database, learn
from academy.kernel.ids import new_id
from academy.people import actions
from academy.people.models import Person
from tests.factories import people

DATABASES = ["sqlite", "postgresql", "postgresql by psycopg2"]
pytestmark = pytest.mark.parametrize("database_url", DATABASES, indirect=True)


def name_of(kernel: Kernel, person_id: UUID) -> str:
    with kernel.reading() as session:
        return session.scalars(select(Person.name).where(Person.id == person_id)).one()


def test_what_a_work_changed_is_there_after_it(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana")
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(name="Ana Silva")))
    assert name_of(kernel, ana) == "Ana Silva"


def test_a_work_that_raises_leaves_nothing_behind(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana")

    def work(session: Session) -> None:
        session.execute(update(Person).where(Person.id == ana).values(name="changed"))
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        kernel.commit(work)
    assert name_of(kernel, ana) == "Ana"


def test_reading_changes_nothing(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana")
    with kernel.reading() as session:
        session.execute(update(Person).where(Person.id == ana).values(name="changed"))
    assert name_of(kernel, ana) == "Ana"


def test_a_work_that_the_database_asks_for_again_is_run_again(kernel: Kernel) -> None:
    ana = people.person(kernel, "Ana")
    runs = []

    class Asked(sqlite3.OperationalError):
        sqlstate = "40001"

    def work(session: Session) -> str:
        session.execute(update(Person).where(Person.id == ana).values(name=f"run {len(runs) + 1}"))
        runs.append(1)
        if len(runs) < 3:
            raise OperationalError("", {}, Asked("database is locked"))
        return "done"

    assert kernel.commit(work) == "done"
    assert len(runs) == 3
    assert name_of(kernel, ana) == "run 3"


def test_a_work_is_not_tried_for_ever(kernel: Kernel) -> None:
    runs = []

    class Asked(sqlite3.OperationalError):
        sqlstate = "40001"

    def work(_session: Session) -> None:
        runs.append(1)
        raise OperationalError("", {}, Asked("database is locked"))

    with pytest.raises(OperationalError):
        kernel.commit(work)
    assert len(runs) == 4


def test_another_error_of_the_database_is_not_tried_again(kernel: Kernel) -> None:
    runs = []

    def work(_session: Session) -> None:
        runs.append(1)
        raise OperationalError("", {}, sqlite3.OperationalError("disk is full"))

    with pytest.raises(OperationalError):
        kernel.commit(work)
    assert len(runs) == 1


def test_a_commit_that_fails_keeps_nothing_and_keeps_nobody_out(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = people.person(kernel, "Ana")

    dialect = kernel.database.engine.dialect

    def full(_connection: object) -> None:
        raise dialect.loaded_dbapi.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(dialect, "do_commit", full)
        with pytest.raises(OperationalError, match="full"):
            kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(name="lost")))
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(pronouns="she")))
    with kernel.reading() as session:
        row = session.execute(select(Person.name, Person.pronouns).where(Person.id == ana)).one()
    assert tuple(row) == ("Ana", "she")


def test_two_who_lock_each_other_out_both_get_through(kernel: Kernel) -> None:
    ana, ben = people.person(kernel, "a"), people.person(kernel, "b")
    both_hold_one = threading.Barrier(2)
    failures: list[BaseException] = []

    def cross(first: UUID, second: UUID) -> None:
        waited = []

        def work(session: Session) -> None:
            session.execute(update(Person).where(Person.id == first).values(about=Person.about + "1"))
            if not waited and not kernel.database.embedded:
                waited.append(1)
                both_hold_one.wait(10)  # from here on each waits for the other's row
            session.execute(update(Person).where(Person.id == second).values(about=Person.about + "1"))

        try:
            kernel.commit(work)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((ana, ben), (ben, ana))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    with kernel.reading() as session:
        assert session.scalars(select(Person.about).where(Person.id.in_([ana, ben]))).all() == ["11", "11"]


def test_of_two_who_take_the_same_address_at_once_one_is_told_kindly(kernel: Kernel) -> None:
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def add() -> None:
        start.wait(10)

        def work(session: Session) -> None:
            actions.add_person(session, email="same@example.org", name="Same")
            time.sleep(0.05)  # long enough for the other to have looked before this one is kept

        try:
            kernel.commit(work)
            outcomes.append("added")
        except Conflict:
            outcomes.append("told")

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["added", "told"]


def test_a_row_that_breaks_a_rule_for_good_is_refused(kernel: Kernel) -> None:
    people.person(kernel)
    with pytest.raises(IntegrityError):
        kernel.commit(lambda s: s.execute(update(Person).values(manager_id=new_id())))


def test_eight_writers_at_once_are_all_kept(kernel: Kernel) -> None:
    ana = people.person(kernel)

    def write() -> None:
        for _ in range(10):
            kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(about=Person.about + "x")))

    with ThreadPoolExecutor(8) as pool:
        for running in [pool.submit(write) for _ in range(8)]:
            running.result(60)
    with kernel.reading() as session:
        assert session.scalars(select(Person.about).where(Person.id == ana)).one() == "x" * 80


def test_an_instant_comes_back_aware_and_in_utc(kernel: Kernel) -> None:
    ana = people.person(kernel)
    lisbon_summer = timezone(timedelta(hours=1))
    at = datetime(2026, 7, 1, 9, 30, 15, 123456, tzinfo=lisbon_summer)
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(deactivated_at=at)))
    with kernel.reading() as session:
        found = session.scalars(select(Person.deactivated_at).where(Person.id == ana)).one()
    assert found == datetime(2026, 7, 1, 8, 30, 15, 123456, tzinfo=UTC)
    assert found.utcoffset() == timedelta(0)


def test_an_id_comes_back_as_the_same_uuid_in_all_it_is_asked(kernel: Kernel) -> None:
    # UUID(…) of the standard library is what the quick reading is held against.
    person = people.person(kernel)
    with kernel.reading() as session:
        digits = session.execute(text("SELECT id FROM people")).scalar_one()
        back = session.scalars(select(Person.id)).one()
    plain = UUID(str(digits))
    assert back == plain == person
    assert (hash(back), str(back), back.bytes, back.is_safe) == (hash(plain), str(plain), plain.bytes, plain.is_safe)
    assert pickle.loads(pickle.dumps(back)) == plain  # noqa: S301 - what we wrote ourselves a moment ago


def test_a_time_without_a_zone_is_refused(kernel: Kernel) -> None:
    with pytest.raises(StatementError, match="no zone"):
        kernel.commit(lambda s: s.execute(update(Person).values(deactivated_at=datetime(2026, 7, 1, 9, 30))))


def test_a_lock_held_by_another_process_is_waited_for(kernel: Kernel, database_url: str) -> None:
    ana = people.person(kernel, "Ana")
    other = Database(database_url)
    begun = threading.Event()

    def hold() -> None:
        def work(session: Session) -> None:
            session.execute(update(Person).where(Person.id == ana).values(pronouns="she"))
            begun.set()
            time.sleep(0.3)

        other.unit_of_work(work)

    thread = threading.Thread(target=hold)
    thread.start()
    assert begun.wait(10)
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(name="Ana Silva")))
    thread.join(10)
    other.engine.dispose()
    with kernel.reading() as session:
        row = session.execute(select(Person.name, Person.pronouns).where(Person.id == ana)).one()
    assert tuple(row) == ("Ana Silva", "she")


def test_the_planner_is_told_how_rows_are_spread(kernel: Kernel) -> None:
    people.person(kernel, "Ana")
    kernel.commit(learn)
    told = {
        "sqlite": "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'people'",
        "postgresql": "SELECT count(*) FROM pg_stats WHERE tablename = 'people'",
    }
    with kernel.reading() as session:
        assert session.execute(text(told[session.connection().dialect.name])).scalar_one() > 0
