"""The academy that is measured: rooms full of learners who are signed in, on SQLite."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy import select

from academy.kernel import migrate
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from academy.people.models import Membership, Role
from benchmarks.measured import SECRET, app_at, fill
from cohorts.load.engine.population import Size
from cohorts.roster.models import Cohort

POSTS = 1_000


@dataclass(frozen=True)
class Room:
    """A cohort's room: its id as it goes over the wire, and a cookie of each of its learners."""

    space: str
    cookies: list[str]


@dataclass(frozen=True)
class Ground:
    """A database with rooms in it, one of the same schema without a row, and a kernel of our own on the first."""

    folder: Path
    kernel: Kernel
    rooms: list[Room]

    def database(self, name: str) -> str:
        """Return the address of a copy, for one server: "full" or "empty"."""
        copies = len(list(self.folder.glob("copy-*")))
        copy = self.folder / f"copy-{copies}"
        copy.mkdir()
        shutil.copyfile(self.folder / f"{name}.db", copy / "academy.db")
        return f"sqlite:///{copy / 'academy.db'}"


def lay(folder: Path, *, members: int, rooms: int = 1) -> Ground:
    """Make cohorts of at least `members` learners each, everybody signed in."""
    empty, full = folder / "empty.db", folder / "full.db"
    migrate.alembic(f"sqlite:///{empty}", "upgrade", "head")
    shutil.copyfile(empty, full)
    app = app_at(f"sqlite:///{full}", folder)
    # A twelfth are mentors, who are in a room by threes.
    fill(app, Size(people=(members + 5) * rooms * 12 // 11 + 20, cohorts=rooms, posts=POSTS))
    kernel: Kernel = app.extensions["kernel"]
    found = [Room(space, [*_signed_in(kernel, group_id, members)]) for space, group_id in _cohorts(kernel)]
    kernel.database.engine.dispose()  # the last one to leave writes the log into the file, which is copied
    return Ground(folder, kernel, found)


def cookie_of(token: str, key: str = SECRET) -> str:
    """Return the cookie in which a server with this secret finds a sign-in's token."""
    app = Flask("signer")
    app.secret_key = key
    signer: Any = SecureCookieSessionInterface().get_signing_serializer(app)
    return str(signer.dumps({"_user_id": token}))


def _cohorts(kernel: Kernel) -> list[tuple[str, Any]]:
    with kernel.reading() as session:
        rows = session.execute(select(Cohort.space_id, Cohort.id)).all()
    return [(encode(row.space_id), row.id) for row in rows]


def _signed_in(kernel: Kernel, group_id: Any, members: int) -> Iterator[str]:
    with kernel.reading() as session:
        learners = session.scalars(
            select(Membership.person_id)
            .where(Membership.group_id == group_id, Membership.role == Role.LEARNER)
            .limit(members)
        ).all()
    if len(learners) < members:
        raise SystemExit(f"{len(learners)} learners are too few: {members} are needed")
    tokens = {person_id: new_token() for person_id in learners}

    def enter(session: Any) -> None:
        for person_id, token in tokens.items():
            people.sign_in(session, person_id=person_id, token_hash=token_hash(token), agent="bench")

    kernel.commit(enter)
    yield from map(cookie_of, tokens.values())
