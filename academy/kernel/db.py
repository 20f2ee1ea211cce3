"""Tables' base class, and the one place where a transaction begins and ends."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID, SafeUUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    Date,
    DateTime,
    Engine,
    Executable,
    MetaData,
    PoolProxiedConnection,
    String,
    Uuid,
    create_engine,
    event,
    func,
)
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

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
BEGINS = ContextVar("BEGINS", default="BEGIN DEFERRED")
"""How a transaction of SQLite begins."""
AGAIN = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available
TAKEN = "23505"  # unique violation


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: refuses naive times going in, restores UTC coming out of SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring an aware time to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "times are aware: this one has no zone"
            raise ValueError(message)
        moved = value.astimezone(UTC)
        return moved.replace(tzinfo=None) if dialect.name == "sqlite" else moved

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
            self.engine: Engine = create_engine(parsed, connect_args={"timeout": 5}, pool_size=pool)
            event.listen(self.engine, "connect", _tune)
            # SQLAlchemy's own event would have it look for listeners at every statement, and a savepoint is compiled.
            dialect: Any = self.engine.dialect
            dialect.do_begin = _begin
            dialect.do_savepoint = partial(_directly, "SAVEPOINT")
            dialect.do_release_savepoint = partial(_directly, "RELEASE SAVEPOINT")
        else:
            self.engine = create_engine(parsed, pool_size=pool, max_overflow=10, pool_pre_ping=True)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True)
        # SQLite has one writer: whoever waits must wait here, where green threads yield, not inside SQLite.
        self._writers = Together(self._in_turn)
        self.aside: Callable[[Callable[[], None]], None] | None = None
        """Runs what waits for the disk in a real thread, where green threads would wait with it."""

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for questions; whatever it changed is undone."""
        with self._sessions() as session:
            yield session

    def unit_of_work(self, work: Callable[[Session], T], committed: Callable[[T], None] = lambda _result: None) -> T:
        """Run `work` in one transaction and commit; tried again when the database asks for it.

        `work` may run more than once, so it must touch nothing but its session. On PostgreSQL that is also so
        when somebody else wrote the same unique value meanwhile: the next run sees it and can say so kindly.
        On SQLite it may share the transaction with other works that waited for it, each undone by itself.
        `committed` hears of the result before anything that is committed later; it must not wait.
        """
        if self.embedded:
            return cast("T", self._writers.take(Turn(work, committed)))
        result = self._tried(work)
        committed(result)
        return result

    def _in_turn(self, turns: Sequence[Turn]) -> None:
        if len(turns) > 1:
            with suppress(DBAPIError):  # then none of it is kept, and each is done by itself
                self._in_one(turns)
        for turn in turns:
            if not turn.done:
                try:
                    turn.kept(turn.context.run(self._tried, turn.work))
                except Exception as error:  # noqa: BLE001 - it is raised where the work was asked for
                    turn.failed(error)

    def _in_one(self, turns: Sequence[Turn]) -> None:
        """Do works in one transaction, each in a savepoint: one that is refused takes nothing of the others with it.

        What the database itself refuses ends it for all; it may have rolled back more than that one.
        """
        ended: list[Callable[[], None]] = []

        def all_of_them(shared: Session) -> None:
            for turn in turns:
                try:
                    result = self._transaction(turn.run, within=shared.connection())
                except DBAPIError:
                    raise
                except Exception as error:  # noqa: BLE001 - as above
                    ended.append(partial(turn.failed, error))
                else:
                    ended.append(partial(turn.kept, result))

        self._transaction(all_of_them)
        for end in ended:
            end()

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
                with writing():
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


@contextmanager
def writing() -> Iterator[None]:
    """Let a transaction that begins inside be one that writes: SQLite lets it in at once, not at its first change."""
    before = BEGINS.set("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        BEGINS.reset(before)


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


_KEPT: dict[int, tuple[Executable, dict[str, Any]]] = {}


def keep(statement: S) -> S:
    """Keep a statement that is asked time and again, for as long as the process lives, and return it."""
    _KEPT[id(statement)] = (statement, {"compiled_cache": _Compiled()})
    return statement


def ask(
    session: Session, statement: Executable, asked: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[Any]:
    """Ask for columns, or write rows, in a session's transaction but past the ORM, which costs as much again.

    What the ORM still holds back is written first. Not for entities: their rows would come as columns.
    """
    session.flush()
    connection = session.info.get("connection")
    if connection is None or connection.closed:  # to find it anew takes a tenth of what a statement does
        connection = session.info["connection"] = session.connection()
    _, options = _KEPT.get(id(statement), (None, None))
    return cast("CursorResult[Any]", connection.execute(statement, asked or {}, execution_options=options))


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


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


def _tune(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    # SQLite's own knows small letters of ASCII only: whoever is called Émile would not be found as émile.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: PoolProxiedConnection) -> None:
    connection.execute(BEGINS.get()).close()


def _directly(what: str, connection: Connection, savepoint: str) -> None:
    try:
        connection.connection.execute(f"{what} {savepoint}").close()
    except sqlite3.Error as error:
        raise OperationalError(what, None, error) from error
