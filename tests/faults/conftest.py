"""Rooms with people in them, over a real wire, and two workers who serve them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import Lane, make_template, reachable, skip_or_fail
from tests.faults.deployed import Deployed, deploy
from tests.faults.rooms import Room, room_on
from tests.faults.workers import Workers, serve
from tests.live import Live


@pytest.fixture
def room(live: Live) -> Callable[..., Room]:
    """Return a maker of rooms on the shared server."""
    return lambda *names: room_on(live.kernel, *names)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def two_workers_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[tuple[str, Path]]:
    """Make a database for one module, and a folder beside it."""
    folder = tmp_path_factory.mktemp("two")
    if request.param == "sqlite":
        shutil.copyfile(sqlite_template, folder / "academy.db")
        yield f"sqlite:///{folder / 'academy.db'}", folder
        return
    if not reachable():
        skip_or_fail("no PostgreSQL: install it (apt-get install postgresql), start one, or set TEST_POSTGRESQL_URL")
    lane = Lane(make_template())
    lane.ready()
    yield lane.url, folder
    lane.drop()


@pytest.fixture(scope="module")
def two(two_workers_database: tuple[str, Path]) -> Iterator[Workers]:
    """Serve an academy by two workers, whose beacon does not come in time for any test."""
    with serve(*two_workers_database) as workers:
        yield workers


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Serve an academy as docs/deployment says."""
    with deploy(tmp_path_factory.mktemp("deployed")) as found:
        yield found
