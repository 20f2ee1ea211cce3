"""Writers who wait for SQLite's one place are done in one transaction, each as if it were alone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from academy.kernel import sqlite
from academy.kernel.access import Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.together import MOST, Together, Turn
from academy.people.models import Person
from tests.factories import people

WAIT = 20  # seconds, on a busy machine


class Queue:
    """One writer who keeps the place until `let_go`, and those who came meanwhile, in their order."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.outcomes: list[Any] = []
        self.commits = 0
        self._holds, self._goes = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        event.listen(kernel.database.engine, "commit", self._count)
        self._start(self._hold)
        assert self._holds.wait(WAIT)

    def _count(self, _connection: object) -> None:
        self.commits += 1

    def _hold(self, _session: Session) -> str:
        self._holds.set()
        self._goes.wait(WAIT)
        return "held"

    def add(self, work: Callable[[Session], Any]) -> None:
        """Let somebody come who waits."""
        before = len(self._waiting())
        self._start(work)
        while len(self._waiting()) == before:
            threading.Event().wait(0.001)

    def _waiting(self) -> list[Turn]:
        return list(self.kernel.database.writers._waiting)

    def _start(self, work: Callable[[Session], Any]) -> None:
        place = len(self.outcomes)
        self.outcomes.append(None)

        def run() -> None:
            try:
                self.outcomes[place] = self.kernel.commit(work)
            except Exception as error:
                self.outcomes[place] = error

        self._threads.append(threading.Thread(target=copy_context().run, args=[run]))
        self._threads[-1].start()

    def let_go(self) -> list[Any]:
        """End the wait; returns what became of each."""
        self._goes.set()
        for thread in self._threads:
            thread.join(WAIT)
        event.remove(self.kernel.database.engine, "commit", self._count)
        return self.outcomes


@pytest.fixture
def queue(kernel: Kernel) -> Iterator[Queue]:
    made = Queue(kernel)
    yield made
    made._goes.set()


def write(letter: str, session: Session) -> str:
    """Put a letter behind what stands in everybody's words about themselves."""
    session.execute(update(Person).values(about=Person.about + letter))
    return letter


def written(kernel: Kernel) -> str:
    with kernel.reading() as session:
        return session.scalars(select(Person.about)).one()


@pytest.fixture
def someone(kernel: Kernel) -> None:
    people.person(kernel)


def trace(heard: list[str], session: Session) -> None:
    """Hear from here on what SQLite is asked by this connection."""
    session.connection().connection.driver_connection.set_trace_callback(heard.append)


@pytest.mark.usefixtures("someone")
def test_those_who_wait_are_committed_together_in_the_order_in_which_they_came(kernel: Kernel, queue: Queue) -> None:
    for letter in "abcdefgh":
        queue.add(partial(write, letter))
    assert queue.let_go() == ["held", *"abcdefgh"]
    assert written(kernel) == "abcdefgh"
    assert queue.commits == 2  # who held the place, and all the others


@pytest.mark.usefixtures("someone")
def test_no_more_than_sixteen_go_together(kernel: Kernel, queue: Queue) -> None:
    for _ in range(MOST + 1):
        queue.add(partial(write, "x"))
    assert queue.let_go() == ["held", *"x" * 17]
    assert queue.commits == 3


@pytest.mark.usefixtures("someone")
def test_who_is_refused_takes_nothing_of_the_others_along(kernel: Kernel, queue: Queue) -> None:
    def refused(session: Session) -> None:
        write("b", session)
        raise Refused("not this one")

    queue.add(partial(write, "a"))
    queue.add(refused)
    queue.add(partial(write, "c"))
    held, first, second, third = queue.let_go()
    assert (held, first, third) == ("held", "a", "c")
    assert isinstance(second, Refused)
    assert second.detail == "not this one"
    assert written(kernel) == "ac"
    assert queue.commits == 2


@pytest.mark.usefixtures("someone")
def test_a_savepoint_is_made_only_where_somebody_is_refused(kernel: Kernel, queue: Queue) -> None:
    asked: list[str] = []
    queue.add(partial(trace, asked))
    queue.add(partial(write, "a"))
    queue.add(partial(write, "b"))
    assert queue.let_go() == ["held", None, "a", "b"]
    assert [statement for statement in asked if "SAVEPOINT" in statement] == []
    assert asked[-1] == "COMMIT"


@pytest.mark.usefixtures("someone")
def test_nobody_meets_what_another_one_had_in_hand(kernel: Kernel, queue: Queue) -> None:
    """They share a session: neither its objects nor what was noted in it go over to the next one."""

    def changes(session: Session) -> None:
        session.scalars(select(Person)).one().about = "changed"  # written once it is asked for, or at the end
        session.info["noted"] = True

    def looks(session: Session) -> tuple[int, dict[str, Any], str]:
        found = len(session.identity_map), dict(session.info)
        return *found, session.scalars(select(Person.about)).one()

    queue.add(changes)
    queue.add(looks)
    _held, _changed, (objects, info, about) = queue.let_go()
    assert (objects, info.get("noted"), about) == (0, None, "changed")


@pytest.mark.usefixtures("someone")
def test_what_the_database_refuses_costs_the_others_nothing_but_the_company(kernel: Kernel, queue: Queue) -> None:
    def breaks(session: Session) -> None:
        write("b", session)
        session.execute(update(Person).values(manager_id=new_id()))  # nobody has that id

    queue.add(partial(write, "a"))
    queue.add(breaks)
    queue.add(partial(write, "c"))
    _held, first, second, third = queue.let_go()
    assert (first, third) == ("a", "c")
    assert isinstance(second, IntegrityError)
    assert written(kernel) == "ac"


@pytest.mark.usefixtures("someone")
def test_where_another_process_keeps_the_lock_all_who_wait_hear_so_at_once(
    kernel: Kernel, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCKED", 0.1)
    monkeypatch.setattr(kernel.database, "_tried", lambda _work: pytest.fail("each waited once more, by itself"))
    begin = kernel.database.engine.dialect.do_begin
    database = str(kernel.database.engine.url.database)
    other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)

    def begins_late(connection: Any) -> None:
        if sqlite.BEGINS.get() == sqlite.BEGIN_WRITING:
            other.execute("BEGIN IMMEDIATE")
        begin(connection)

    queue.add(partial(write, "a"))
    queue.add(partial(write, "b"))
    monkeypatch.setattr(kernel.database.engine.dialect, "do_begin", begins_late)
    held, *refused = queue.let_go()
    other.close()
    assert held == "held"
    assert [type(error) for error in refused] == [OperationalError] * 2
    assert all("locked" in str(error) for error in refused)
    assert written(kernel) == ""


@pytest.mark.usefixtures("someone")
def test_where_the_commit_of_all_fails_each_is_done_by_itself_and_once(
    kernel: Kernel, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = kernel.database.engine.dialect
    commit, failed = dialect.do_commit, []

    def fails_once(connection: Any) -> None:
        together = connection.execute("SELECT about FROM people").fetchone()[0] == "ab"
        if together and not failed:
            failed.append(True)
            raise sqlite3.OperationalError("database or disk is full")
        commit(connection)

    queue.add(partial(write, "a"))
    queue.add(partial(write, "b"))
    monkeypatch.setattr(dialect, "do_commit", fails_once)
    assert queue.let_go() == ["held", "a", "b"]
    assert failed == [True]
    assert written(kernel) == "ab"


@pytest.mark.usefixtures("someone")
def test_a_refusal_for_what_was_never_kept_does_not_stand(
    kernel: Kernel, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is refused for what the first wrote; the first is undone, and lost for good; the second is not."""
    runs: list[str] = []

    def first(session: Session) -> None:
        runs.append("first")
        if len(runs) > 4:
            raise Refused("changed their mind")
        write("a", session)

    def second(session: Session) -> str:
        runs.append("second")
        if session.scalars(select(Person.about)).one() == "a":
            raise Refused("there is something already")
        return write("b", session)

    def last(_session: Session) -> None:
        if runs == ["first", "second"] * 2:
            raise OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))

    for work in (first, second, last):
        queue.add(work)
    outcomes = queue.let_go()
    assert isinstance(outcomes[1], Refused)
    assert outcomes[2] == "b"
    assert written(kernel) == "b"
    assert runs == ["first", "second"] * 3  # as if none were refused, each in its savepoint, each alone


speaks: ContextVar[str] = ContextVar("speaks", default="")


@pytest.mark.usefixtures("someone")
def test_each_is_done_in_the_context_of_whoever_asked(queue: Queue) -> None:
    for language in ("pt", "de", "en"):
        token = speaks.set(language)
        queue.add(lambda _session: speaks.get())
        speaks.reset(token)
    assert queue.let_go() == ["held", "pt", "de", "en"]
    assert queue.commits == 2


def test_a_lone_writer_is_done_at_once_and_without_a_savepoint(kernel: Kernel) -> None:
    asked: list[str] = []
    with kernel.database.engine.connect() as connection:
        connection.connection.driver_connection.set_trace_callback(asked.append)
    kernel.commit(lambda session: session.execute(text("SELECT 1")))
    assert [said for said in asked if not said.startswith("PRAGMA")] == ["BEGIN IMMEDIATE", "SELECT 1", "COMMIT"]


def test_who_is_ended_while_waiting_leaves_and_the_next_one_leads() -> None:
    done: list[Any] = []

    def perform(turns: Any) -> None:
        done.append([turn.work(None) for turn in turns])
        for turn in turns:
            turn.kept(None)

    class Ended(threading.Event):
        """What a green thread meets that is killed while it waits."""

        def wait(self, timeout: float | None = None) -> bool:
            raise SystemExit

    place = Together(perform)
    nobody = Turn(lambda _session: "nobody", lambda _result: None, called=Ended())
    with pytest.raises(SystemExit):
        place.take(nobody)
    assert place.take(Turn(lambda _session: "next", lambda _result: None)) is None
    assert done == [["next"]]


def test_an_error_of_the_place_itself_reaches_everybody_and_ends_nothing() -> None:
    broken = [True]

    def perform(turns: Any) -> None:
        if broken:
            broken.clear()
            raise RuntimeError("out of order")
        for turn in turns:
            turn.kept("in order")

    place = Together(perform)
    with pytest.raises(RuntimeError, match="out of order"):
        place.take(Turn(lambda _session: None, lambda _result: None))
    assert place.take(Turn(lambda _session: None, lambda _result: None)) == "in order"
