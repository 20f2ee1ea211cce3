"""Ask every page and every reading operation of the API, in every role, of a database that `academy seed` has filled.

    python -m benchmarks.walk DATABASE_URL [--small DATABASE_URL] [--write]

Each answer is compared with the same page's on a small database in the same run: SQLite makes itself one, for
PostgreSQL name one that `academy seed` has filled with a few hundred people. Measured as `make bench` measures, by
the least of a few calls; on PostgreSQL the time that its server takes counts too, as it is another process. The walk
signs in, asks the matcher and begins a draft: give it a database that is there for that.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from sqlalchemy import event
from werkzeug.test import EnvironBuilder

from academy.kernel import migrate
from academy.kernel.app import Kernel
from academy.kernel.db import Database
from academy.kernel.ids import decode
from academy.kernel.server import settle
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from benchmarks import addresses
from benchmarks.measured import CSRF, app_at, fill
from cohorts.load.engine.population import Size, domain

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"
FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")
MOST, MORE = (
    8,
    {
        "/": 12,
        "/api/v1/spaces/<id:space_id>/events": 9,
        "/admin/people/<id:person_id>": 9,
        "/admin/audit": 9,
        "/skills/<id:skill_id>": 9,
    },
)
"""Statements of a page, as tests/contracts/test_statements.py has them."""
HEAVIEST = 150 * 1024
"""Bytes of a page before it is compressed."""
DEARER, NOISE = 1.5, 1.0
"""How many times more than on the small database a page may cost, and milliseconds that are not worth a word."""
ROUNDS = 3
WORST = 15


@dataclass
class Answer:
    """What one page answered and what it took, in milliseconds."""

    status: int = 0
    statements: int = 0
    sql: float = 0.0
    cpu: float = 1e9
    size: int = 0
    body: bytes = b""


@dataclass
class Line:
    """One page in one role, on both databases; `wrong` says what is not as it should be."""

    address: str
    role: str
    big: Answer
    small: Answer
    served: bool
    most: int
    wrong: list[str] = field(default_factory=list)

    def cost(self, of: Answer) -> float:
        """Return what an answer cost: the processor of this process, and where it is another's the database's time."""
        return of.cpu + (of.sql if self.served else 0.0)

    @property
    def ratio(self) -> float:
        """Return how many times more it costs than on the small database."""
        return self.cost(self.big) / self.cost(self.small) if self.small.status == self.big.status == 200 else 0.0

    def judge(self) -> None:
        """Find what is wrong with it."""
        if self.big.status >= 500:
            self.wrong.append(f"status {self.big.status}")
        if self.big.statements > self.most:
            self.wrong.append(f"{self.big.statements} statements")
        if self.big.size > HEAVIEST:
            self.wrong.append(f"{self.big.size:,} bytes")
        if self.ratio > DEARER and self.cost(self.big) - self.cost(self.small) > NOISE:
            self.wrong.append(f"{self.ratio:.1f} times")


class Place:
    """One database behind the app: who is signed in there, and the addresses."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app, self.kernel = app, _kernel(app)
        self.database = Database(url)
        self.kept: dict[str, Any] = {}
        with self.entered(), app.app_context():
            self.made = addresses.found(self.kernel, domain(1))
            self.cookies = {role: self._sign_in(decode(ids["me"])) for role, ids in self.made.items()}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Put this database behind the app meanwhile."""
        before = self.kernel.database, self.kernel.kept
        self.kernel.database, self.kernel.kept = self.database, self.kept
        try:
            yield
        finally:
            self.kernel.database, self.kernel.kept = before

    def _sign_in(self, person_id: UUID) -> str:
        token = new_token()
        self.kernel.commit(lambda s: people.sign_in(s, person_id=person_id, token_hash=token_hash(token), agent="walk"))
        signer: Any = self.app.session_interface
        return str(signer.get_signing_serializer(self.app).dumps({"_user_id": token, "csrf_token": CSRF}))

    def ask(self, address: str, role: str) -> Answer:
        """Ask for one page and measure it."""
        path, _, query = address.partition("?")
        headers = {"Cookie": f"academy={self.cookies[role]}", "Accept-Language": "en"}
        environment = EnvironBuilder(path=path, query_string=query, headers=headers).get_environ()
        answer, statuses = Answer(), []

        def start(status: str, _headers: object, _error: object = None) -> Any:
            statuses.append(int(status[:3]))

        with self.entered(), _heard(self.database, answer):
            self.kernel.limits.clear()
            started = time.process_time()
            body = self.app(environment, start)
            answer.body = b"".join(body)
            if hasattr(body, "close"):
                body.close()
            answer.cpu = (time.process_time() - started) * 1000
        answer.status, answer.size = statuses[0], len(answer.body)
        return answer


@contextmanager
def _heard(database: Database, answer: Answer) -> Iterator[None]:
    begun = [0.0]

    def before(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        answer.statements += not statement.startswith(FRAMES)
        begun[0] = time.perf_counter()

    def after(*_more: object) -> None:
        answer.sql += (time.perf_counter() - begun[0]) * 1000

    event.listen(database.engine, "before_cursor_execute", before)
    event.listen(database.engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", before)
        event.remove(database.engine, "after_cursor_execute", after)


def _kernel(app: Flask) -> Kernel:
    kernel: Kernel = app.extensions["kernel"]
    return kernel


def _both(big: Place, small: Place, there: str, here: str, role: str, rounds: int) -> tuple[Answer, Answer]:
    """Ask for a page on both databases, by turns, and return the least of each; first calls count for statements."""
    counts = big.ask(there, role).statements, small.ask(here, role).statements
    best = big.ask(there, role), small.ask(here, role)
    for answer, first in zip(best, counts, strict=True):
        answer.statements = max(answer.statements, first)
    if best[0].status == 200 and rounds:
        _again(big, small, there, here, role, best, rounds)
        if best[0].cpu > DEARER * best[1].cpu:  # perhaps others had the machine meanwhile
            _again(big, small, there, here, role, best, 3 * rounds)
    return best


def _again(
    big: Place, small: Place, there: str, here: str, role: str, best: tuple[Answer, Answer], rounds: int
) -> None:
    for _round in range(rounds if best[0].cpu + best[0].sql < 500 else 1):
        for place, address, least in ((big, there, best[0]), (small, here, best[1])):
            again = place.ask(address, role)
            least.cpu, least.sql = min(least.cpu, again.cpu), min(least.sql, again.sql)


def _further(address: str, body: bytes) -> str | None:
    """Return the address of the next part of a list, where a page names one."""
    path = address.partition("?")[0]
    for link in re.findall(r'href="([^"]+)"', body.decode(errors="replace")):
        found = urlsplit(unescape(link))
        if (found.path or path) == path and re.search(r"(^|&)(after|before|cursor)=", found.query):
            return f"{path}?{found.query}"
    api = re.search(r'"next":\s*"([^"]+)"', body.decode(errors="replace")) if path.startswith("/api/") else None
    return f"{path}?cursor={api[1]}" if api else None


def walk(app: Flask, big: Place, small: Place, only: str, rounds: int = ROUNDS) -> list[Line]:
    """Ask for everything in every role."""
    served = not big.database.embedded
    lines = []
    for rule in addresses.rules(app):
        most = MORE.get(rule.rule, MOST)
        for pattern in addresses.of_rule(rule):
            for role in addresses.ROLES:
                try:
                    there, here = pattern.format(**big.made[role]), pattern.format(**small.made[role])
                except KeyError:
                    continue  # nothing of that kind is theirs
                if only and not re.search(only, there):
                    continue
                line = Line(pattern, role, *_both(big, small, there, here, role, rounds), served, most)
                lines.append(line)
                further = _further(there, line.big.body) if line.big.status == 200 else None
                if further:  # a later part of a long list costs what its first one does
                    further_here = _further(here, line.small.body) or here
                    both = _both(big, small, further, further_here, role, rounds)
                    lines.append(Line(f"{pattern} (next)", role, *both, served, most))
    for line in lines:
        line.judge()
        line.big.body = line.small.body = b""
    return sorted(lines, key=lambda one: (bool(one.wrong), one.cost(one.big)), reverse=True)


COLUMNS = ("page", "role", "status", "statements", "SQL, ms", "CPU, ms", "bytes", "ratio", "")
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"


def table(lines: list[Line]) -> str:
    """Write lines as a table, the worst first."""
    return HEAD + "".join(
        f"| {one.address.replace('<', '{').replace('>', '}')} | {one.role} | {one.big.status} | {one.big.statements} "
        f"| {one.big.sql:.1f} | {one.big.cpu:.1f} | {one.big.size:,} | {one.ratio:.2f} | {', '.join(one.wrong)} |\n"
        for one in lines
    )


def main() -> None:
    """Walk and print; with `--write` keep the worst in docs/speed.md. Says no when something is wrong."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.walk")
    options.add_argument("database", help="DATABASE_URL of what `academy seed` has filled")
    options.add_argument("--small", help="DATABASE_URL of a small one to compare with; made where both are SQLite")
    options.add_argument("--only", default="", help="only addresses in which this regular expression is found")
    options.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured; 0 for a quick look")
    options.add_argument("--all", action="store_true", help="print every line, not the worst alone")
    options.add_argument("--write", action="store_true", help="keep the worst in docs/speed.md")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="academy-walk-") as folder:
        small = given.small or f"sqlite:///{folder}/small.db"
        if not given.small:
            if not given.database.startswith("sqlite"):
                options.error("name a small database with --small")
            migrate.alembic(small, "upgrade", "head")
        app = app_at(small, Path(folder))
        if not given.small:
            fill(app, Size(people=300, cohorts=10, posts=6000))
        places = Place(app, given.database), Place(app, small)
        settle()
        lines = walk(app, *places, given.only, given.rounds)
    wrong = [line for line in lines if line.wrong]
    print(table(lines if given.all else lines[: max(WORST, len(wrong))]))
    print(f"{len(lines)} pages asked, {len(wrong)} of them not as they should be")
    if given.write:
        name = "sqlite" if places[0].database.embedded else "postgresql"
        begin, end = f"<!-- walk {name} -->\n", f"<!-- end {name} -->\n"
        text = PAGE.read_text("utf-8")
        before, _, rest = text.partition(begin)
        PAGE.write_text(before + begin + table(lines[:WORST]) + rest[rest.index(end) :], "utf-8")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    main()
