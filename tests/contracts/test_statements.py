"""Pages ask the database little, and no more when there is more to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Result, Select, event
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from academy.kernel.db import Database, _Kept
from academy.kernel.ids import decode
from tests.contracts.conftest import Doors, World
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.factories import growth

FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
"""What frames statements and asks nothing."""

FEW, MANY = 3, 60
MOST = 8
MORE = {"/": 12, "/api/v1/spaces/{room}/events": 9, "/admin/people/{learner}": 9}
"""Home shows everything together; a page of a log looks up what each of its events is about; an admin's page of
somebody first writes down, in three statements, that it was opened."""

DOORS = rows(ROUTES, COLUMNS)
MORE_STATES = {
    "/spaces/{room}?reply={post}": "/spaces/{room}",
    "/spaces/{room}?before=3": "/spaces/{room}",
    "/spaces/{room}?at=2": "/spaces/{room}",
    "/workshops?group={cohort}": "/workshops/{workshop}",
    "/workshops/new?group={cohort}&date=2027-01-18&time=15:00&zone=UTC&minutes=60": "/workshops/new?group={cohort}",
    "/groups/{cohort}/matches?kind=mentorship": "/groups/{cohort}/matches",
    "/groups/{cohort}/matches/why?kind=mentorship&one={learner}&other={mentor}": "/groups/{cohort}/matches/why",
    "/groups/{cohort}/matches/why?kind=buddy&one={learner}&other={peer}": "/groups/{cohort}/matches/why",
    "/groups/{cohort}/matches/swap?kind=buddy&one={learner}&other={peer}": "/groups/{cohort}/matches/swap",
    "/boards/{board}?show=unread": "/boards/{board}",
    "/people?q=person": "/people",
    "/admin/people?q=person": "/admin/people",
    "/admin/roles/new?group={academy}&q=person": "/admin/roles/new?group={academy}",
    "/admin/audit?kind=PersonEnrolled&group={cohort}&since=2020-01-01": "/admin/audit",
    "/me/skills?q=program": "/me/skills",
    "/skills?q=listning": "/skills",
    "/occupations?q=data+sientist": "/occupations",
    "/people/{learner}/levels?q=program": "/people/{learner}/levels",
    "/academies/{academy}/needs?q=program": "/academies/{academy}/needs",
    "/opportunities?show=closed": "/opportunities",
}
"""Pages in further states, each with the row of the table that says for whom."""

OPENED = [
    (address, column)
    for (method, address), cells in DOORS.items()
    if method == "GET"
    for column in COLUMNS
    if cells[column] == "ok"
]
OPENED += [
    (address, column) for address, row in MORE_STATES.items() for column in COLUMNS if DOORS["GET", row][column] == "ok"
]

Asked = dict[tuple[str, str], list[str]]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Gather the statements that reach the database meanwhile."""
    found: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith(FRAMES):
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)


@pytest.fixture(scope="module")
def doors(whole_app: Flask, world_made: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Give everybody's way in, to a house of which there will be more."""
    whole_app.config["WTF_CSRF_ENABLED"] = False
    made = Doors(whole_app, world_made, tmp_path_factory.mktemp("grown"))
    yield made
    made.kernel.kept.clear()
    made.close()


@pytest.fixture(scope="module")
def asked(whole_app: Flask, world_made: World, doors: Doors) -> tuple[Asked, Asked]:
    """Return what each page asks, for everybody to whom it opens, with few rows of everything and with many."""
    ids = {name: decode(value) for name, value in world_made.ids.items() if len(value) == 26}  # the rest are keys
    found = []
    for number in (FEW, MANY - FEW):
        with whole_app.app_context():
            growth.grow(doors.kernel, ids, number)
        found.append(_asked(doors))
    return found[0], found[1]


def _asked(doors: Doors) -> Asked:
    found = {}
    for address, column in OPENED:
        doors.kernel.kept["name"] = (inf, "Fernhill")  # the same for everybody, so it is asked once a minute
        doors.kernel.kept.pop("shown", None)  # as on a new day: what is shown of others is written down again
        doors.kernel.limits.clear()
        client = doors.client(column)
        if "/why?" in address:  # the matcher process knows a graph once it has met it
            client.get(address.format(**doors.made.ids))
            doors.kernel.kept.pop("shown", None)
        with counted(doors.kernel.database) as statements:
            answer = client.get(address.format(**doors.made.ids))
        assert answer.status_code < 400, (address, column, answer.status_code)
        found[address, column] = list(statements)
    return found


pytestmark = pytest.mark.xdist_group("statements")
ADDRESSES = list(dict.fromkeys(address for address, _column in OPENED))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_asks_the_database_little(asked: tuple[Asked, Asked], address: str):
    most = MORE.get(address, MOST)
    few, many = asked
    over = {
        column: [f"{len(found)} statements, at most {most}", *found]
        for (place, column), found in [*few.items(), *many.items()]
        if place == address and len(found) > most
    }
    assert not over, over


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_asks_no_more_with_sixty_rows_than_with_three(asked: tuple[Asked, Asked], address: str):
    few, many = asked
    grown = {
        column: [f"{len(few[address, column])} statements became {len(found)}", *_new(few[address, column], found)]
        for (place, column), found in many.items()
        if place == address and len(found) > len(few[address, column])
    }
    assert not grown, grown


def _new(before: list[str], after: list[str]) -> list[str]:
    return sorted({statement for statement in after if after.count(statement) > before.count(statement)})


def test_a_page_that_asked_once_per_row_would_be_caught(whole_app: Flask):
    database = whole_app.extensions["kernel"].database
    with counted(database) as few, database.reading() as session:
        for _row in range(FEW):
            session.connection().exec_driver_sql("SELECT 1")
    with counted(database) as many, database.reading() as session:
        for _row in range(MANY):
            session.connection().exec_driver_sql("SELECT 1")
    assert (len(few), len(many)) == (FEW, MANY)


def test_what_is_asked_directly_is_answered_as_sqlalchemy_answers(
    asked: tuple[Asked, Asked], doors: Doors, monkeypatch: pytest.MonkeyPatch
):
    del asked  # there are rows of everything by now
    compared: set[int] = set()
    differ: list[str] = []
    way = _Kept.way

    def both_ways(kept: _Kept, names: tuple[str, ...], dialect: Dialect) -> Any:
        made = way(kept, names, dialect)
        if made is None or not isinstance(kept.statement, Select):
            return made

        def ask(connection: Connection, driver: Any, given: Any) -> Result[Any]:
            directly = made.ask(connection, driver, given)
            found, keys = [tuple(row) for row in directly], list(directly.keys())
            theirs = connection.execute(kept.statement, given[0])
            if (sorted(map(repr, found)), keys) != (sorted(repr(tuple(row)) for row in theirs), list(theirs.keys())):
                differ.append(str(kept.statement))
            compared.add(id(kept))
            return IteratorResult(SimpleResultMetaData(keys), iter(found))

        return SimpleNamespace(ask=ask)

    monkeypatch.setattr(_Kept, "way", both_ways)
    for address, column in dict(OPENED).items():
        doors.kernel.limits.clear()
        doors.client(column).get(address.format(**doors.made.ids))
    assert differ == []
    assert len(compared) >= 15
