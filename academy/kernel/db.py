"""Tables' base class, and the one place where a transaction begins and ends."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID, SafeUUID

from sqlalchemy import (
    JSON,
    Connection,
    Date,
    DateTime,
    Engine,
    Executable,
    MetaData,
    Result,
    String,
    Uuid,
    create_engine,
)
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from academy.kernel import sqlite
from academy.kernel.direct import Direct, direct
from academy.kernel.ids import new_id
from academy.kernel.together import Together, Turn

T = TypeVar("T")
S = TypeVar("S", bound=Executable)

SCHEMA = "0027"
"""The migration that this code needs; readiness compares it with the database's own."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
ATTEMPTS = 4
LOOKED_AT = 400
IDLE = 8
"""Sessions without a connection that are kept for the next question."""
AGAIN = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available
TAKEN = "23505"  # unique violation


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: refuses naive times going in, restores UTC coming out of SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return what writes an instant: for SQLite a text, as SQLAlchemy does, which takes it apart for that."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)
        return lambda at: at and self._in_utc(at).replace(tzinfo=None).isoformat(" ", "microseconds")

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring an aware time to UTC."""
        if value is None:
            return None
        moved = self._in_utc(value)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

    @staticmethod
    def _in_utc(at: datetime) -> datetime:
        if at.tzinfo is None:
            message = "times are aware: this one has no zone"
            raise ValueError(message)
        return at.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Id(Uuid[UUID]):
    """An id. What SQLite keeps as 32 hexadecimal digits is read without all that `UUID` looks for in a text.

    A page of a hundred messages reads some four hundred ids.
    """

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], UUID | None] | None:
        """Return what reads an id; PostgreSQL's driver reads its own."""
        given: Callable[[Any], UUID | None] | None = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        return _id_of if given and dialect.name == "sqlite" else given


def _id_of(digits: str | None) -> UUID | None:
    if digits is None:
        return None
    made = object.__new__(UUID)
    object.__setattr__(made, "int", int(digits, 16))
    object.__setattr__(made, "is_safe", SafeUUID.unknown)
    return made


key = Annotated[UUID, mapped_column(Id, primary_key=True, default=new_id)]
short = Annotated[str, mapped_column(String(40))]


class Table(DeclarativeBase):
    """Base of every mapped class."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this very attribute
        datetime: Instant,
        date: Date,
        UUID: Id,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Database:
    """An engine and the sessions drawn from it."""

    def __init__(self, url: str, *, pool: int = 20) -> None:
        """Connect lazily to `url`: sqlite:///…, postgresql+psycopg://… or, under eventlet, postgresql+psycopg2://…."""
        parsed = make_url(url)
        self.embedded = parsed.get_backend_name() == "sqlite"
        if self.embedded:
            if parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine: Engine = sqlite.engine(parsed, pool)
        else:
            self.engine = create_engine(parsed, pool_size=pool, max_overflow=10, pool_pre_ping=True)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        self._idle: deque[Session] = deque(maxlen=IDLE)  # to make one takes a fifth of a short question
        # SQLite has one writer: whoever waits must wait here, where green threads yield, not inside SQLite.
        self.writers = Together(self._in_turn)
        self.aside: Callable[[Callable[[], None]], None] | None = None
        """Runs what waits for the disk in a real thread, where green threads would wait with it."""

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for questions; whatever it changed is undone."""
        try:
            session = self._idle.pop()
        except IndexError:
            session = self._sessions()
        try:
            yield session
        finally:
            session.close()
            session.info.clear()
        self._idle.append(session)

    def unit_of_work(self, work: Callable[[Session], T], committed: Callable[[T], None] = lambda _result: None) -> T:
        """Run `work` in one transaction and commit; tried again when the database asks for it.

        `work` may run more than once, so it must touch nothing but its session. On PostgreSQL that is also so
        when somebody else wrote the same unique value meanwhile: the next run sees it and can say so kindly.
        On SQLite it may share the transaction with other works that waited for it, each undone by itself.
        `committed` hears of the result before anything that is committed later; it must not wait.
        """
        if self.embedded:
            return cast("T", self.writers.take(Turn(work, committed)))
        result = self._tried(work)
        committed(result)
        return result

    def _in_turn(self, turns: Sequence[Turn]) -> None:
        if len(turns) > 1:
            try:
                self._in_one(turns)
            except DBAPIError as error:  # then none of it is kept, and each is done by itself
                if sqlite.locked(error):  # but not where each would wait as long again, one after another
                    for turn in turns:
                        turn.failed(error)
        for turn in turns:
            if not turn.done:
                try:
                    turn.kept(turn.context.run(self._tried, turn.work))
                except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
                    turn.failed(error)

    def _in_one(self, turns: Sequence[Turn]) -> None:
        """Do works in one transaction, as if each were alone: one that is refused takes nothing of the others with it.

        What the database itself refuses ends it for all; it may have rolled back more than that one.
        """
        try:
            ended = self._transaction(partial(self._one_after_another, turns))
        except DBAPIError:
            raise
        except Exception:  # noqa: BLE001 - which of them it was, and what of it, is told below
            ended = self._transaction(partial(self._each_by_itself, turns))
        for end in ended:
            end()

    @staticmethod
    def _one_after_another(turns: Sequence[Turn], shared: Session) -> list[Callable[[], None]]:
        """Do works in one session, which costs a tenth less for each; none of them may be refused."""
        ended: list[Callable[[], None]] = []
        for turn in turns:
            ended.append(partial(turn.kept, turn.run(shared)))
            shared.flush()
            shared.expunge_all()
            shared.info.clear()
        return ended

    def _each_by_itself(self, turns: Sequence[Turn], shared: Session) -> list[Callable[[], None]]:
        """Do works in a session and a savepoint each."""
        ended: list[Callable[[], None]] = []
        for turn in turns:
            try:
                result = self._transaction(turn.run, within=shared.connection())
            except DBAPIError:
                raise
            except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
                ended.append(partial(turn.failed, error))
            else:
                ended.append(partial(turn.kept, result))
        return ended

    def _tried(self, work: Callable[[Session], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transaction(work)
            except (OperationalError, IntegrityError) as error:
                if attempt == ATTEMPTS or not _worth_another(error):
                    raise
            time.sleep(0.02 * 2**attempt)
        raise AssertionError

    def _transaction(self, work: Callable[[Session], T], within: Connection | None = None) -> T:
        """Do a work and commit, in a transaction of its own or in a savepoint `within` another one."""
        with self._sessions(bind=within or self.engine, join_transaction_mode="create_savepoint") as session:
            if self.embedded and within is None:
                with sqlite.writing():
                    session.connection()
            result = work(session)
            try:
                if self.aside is not None and within is None:
                    self._commit_aside(session, self.aside)
                session.commit()
            except DBAPIError:
                session.invalidate()  # what could not be committed may still be open, and would keep SQLite's one place
                raise
            return result

    @staticmethod
    def _commit_aside(session: Session, aside: Callable[[Callable[[], None]], None]) -> None:
        """Commit to the disk aside. Nobody else can be writing: whoever wants to waits in this database's line."""
        session.flush()
        driven = session.connection().connection.driver_connection
        if driven is None:
            return
        try:
            aside(driven.commit)
        except sqlite3.Error as error:
            # Where SQLite has undone the transaction (a full disk), the session's own commit would find none, and
            # take that for success; where it is still open, that commit meets the error again, or succeeds.
            if not driven.in_transaction:
                raise OperationalError("COMMIT", None, error) from error


class _Compiled(dict[Any, Any]):
    """What one statement was compiled to, for each database and each set of parameters.

    SQLAlchemy's own place for that is found by all that the statement is made of, which is told anew at each asking;
    here it is known which statement it is.
    """

    most = 8

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the statement compiled for a dialect, for parameters of these names."""
        return super().get((key[0], *key[2:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keep it; whoever starts one application after another, as tests do, begins anew."""
        if len(self) >= self.most:
            self.clear()
        super().__setitem__((key[0], *key[2:]), value)


class _Kept:
    """A statement that is kept: for SQLAlchemy, and as SQLite's driver takes it."""

    def __init__(self, statement: Executable) -> None:
        self.options: dict[str, Any] = {"compiled_cache": _Compiled()}
        self.statement = statement
        self._ways: dict[tuple[str, ...], Direct | None] = {}

    def way(self, names: tuple[str, ...], dialect: Dialect) -> Direct | None:
        """Return how SQLite is asked directly with values of these names, None where it can't be."""
        if names not in self._ways:
            self._ways[names] = direct(self.statement, names, dialect)
        return self._ways[names]


_KEPT: dict[int, _Kept] = {}
_NO_CONNECTION: tuple[Connection | None, Any] = (None, None)


def keep(statement: S) -> S:
    """Keep a statement that is asked time and again, for as long as the process lives, and return it."""
    _KEPT[id(statement)] = _Kept(statement)
    return statement


def ask(
    session: Session, statement: Executable, asked: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> Result[Any]:
    """Ask for columns, or write rows, in a session's transaction but past the ORM, which costs as much again.

    What the ORM still holds back is written first. Not for entities: their rows would come as columns.
    """
    session.flush()
    connection, driver = session.info.get("connection", _NO_CONNECTION)
    # To find it anew takes a tenth of what a statement does. After an error there may be no transaction any more: then
    # the session says so, where SQLite would keep each statement by itself.
    if connection is None or connection.closed or (driver is not None and not driver.in_transaction):
        connection = session.connection()
        driver = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
        session.info["connection"] = (connection, driver)
    kept = _KEPT.get(id(statement))
    if kept is None:
        return cast("Result[Any]", connection.execute(statement, asked or {}))
    if driver is not None:
        given = [asked] if isinstance(asked, Mapping) else asked or [{}]
        way = kept.way(tuple(given[0]), connection.dialect)
        if way is not None and (len(given) == 1 or not way.answers):
            return way.ask(connection, driver, given)
    return cast("Result[Any]", connection.execute(statement, asked or {}, execution_options=kept.options))


def learn(session: Session) -> None:
    """Let the database look at how its rows are spread, so that it chooses its indexes well.

    A look at a few hundred rows of each index on SQLite, which never looks by itself; PostgreSQL mostly does.
    """
    if session.connection().dialect.name == "sqlite":
        session.connection().exec_driver_sql(f"PRAGMA analysis_limit={LOOKED_AT}")
    session.connection().exec_driver_sql("ANALYZE")


def _worth_another(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)  # psycopg 3 or 2
    if isinstance(error, IntegrityError):
        return bool(state == TAKEN)
    return state in AGAIN or "database is locked" in str(error.orig)
