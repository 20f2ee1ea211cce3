"""`make bench`: what a request costs the server's processor, and how that compares with a bare page of the same rows.

Measured in one process: the whole WSGI application as it serves (routing, sign-in by its cookie, permissions, SQL,
templates, headers, log line), called with a ready environment; parsing HTTP and writing to the socket are left out,
for ours and for bare alike. A request's cost is `time.process_time` around the call and the reading of its body. Ours
and bare take turns, in three runs of which the one with the least median counts. Before, each page is asked a few
times, and the collector is settled as the server does it; it stays on meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import EnvironBuilder

from academy.kernel import migrate
from academy.kernel.ids import encode
from academy.kernel.server import settle
from academy.people import actions as people
from academy.people.engine import new_token, token_hash
from academy.people.models import Membership, Person
from benchmarks import bare
from benchmarks.board import open_board
from benchmarks.measured import CSRF, SECRET, app_at, fill
from cohorts.load.engine.population import Size
from cohorts.roster.models import Cohort
from forums.posts.queries import posts

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "speed.md"
BEGIN, END = "<!-- make bench -->\n", "<!-- end -->\n"
ROUNDS = 60
RUNS = 3
Call = Callable[[], tuple[str, int]]


@dataclass(frozen=True)
class Case:
    """One kind of request: ours, its bare counterpart, and the bar in milliseconds."""

    name: str
    ours: Call
    bare: Call
    bar: float


def main() -> None:
    """Measure and print; with `--write` keep the result beside this file and in docs/speed.md."""
    options = argparse.ArgumentParser(prog="make bench")
    options.add_argument("--people", type=int, default=300)
    options.add_argument("--cohorts", type=int, default=10)
    options.add_argument("--posts", type=int, default=6000)
    options.add_argument("--database", help="an SQLite file that `academy seed` has filled, instead of a new one")
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="academy-bench-") as folder:
        file = Path(folder) / "academy.db"
        if given.database:
            shutil.copyfile(given.database, file)
        else:
            migrate.alembic(f"sqlite:///{file}", "upgrade", "head")
        app = app_at(f"sqlite:///{file}", Path(folder))
        if not given.database:
            size = Size(people=given.people, cohorts=given.cohorts, posts=given.posts)
            fill(app, size)
        found = [_measure(case) for case in _cases(app, str(file))]
    table = _table(found)
    print(table)
    if given.write:
        kept = {
            "machine": platform.processor() or platform.machine(),
            "python": platform.python_version(),
            "rows": found,
        }
        (HERE / "baseline.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        text = PAGE.read_text("utf-8")
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text(before + BEGIN + table + rest[rest.index(END) :], "utf-8")


def _cases(app: Flask, file: str) -> list[Case]:
    kernel = app.extensions["kernel"]
    with kernel.reading() as session:
        learner = session.scalars(select(Person.id).where(Person.email_key == "learner@load-1.invalid")).one()
        cohort = session.execute(
            select(Cohort.id, Cohort.space_id, Cohort.delivery_id)
            .join(Membership, Membership.group_id == Cohort.id)
            .where(Membership.person_id == learner)
        ).first()
    assert cohort is not None
    room, delivery = cohort.space_id, cohort.delivery_id
    board = kernel.commit(lambda session: open_board(session, cohort.id))
    token = new_token()
    kernel.commit(lambda s: people.sign_in(s, person_id=learner, token_hash=token_hash(token), agent="bench"))
    cookie = app.session_interface.get_signing_serializer(app).dumps({"_user_id": token, "csrf_token": CSRF})
    headers = {"Cookie": f"academy={cookie}", "Accept-Encoding": "br, gzip", "Accept-Language": "en"}
    plain = bare.create_app(file, learner.hex)
    numbers = count()
    csrf = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(CSRF)

    def get(to: Flask, path: str, sent: dict[str, str], limit: int = posts.PAGE) -> Call:
        environment = EnvironBuilder(path=path.partition("?")[0], query_string=path.partition("?")[2], headers=sent)
        made = environment.get_environ()

        def call() -> tuple[str, int]:
            posts.posts_in.__kwdefaults__["limit"] = limit
            return _call(to, made)

        return call

    def send(to: Flask, path: str, sent: dict[str, str]) -> Call:
        def call() -> tuple[str, int]:
            kernel.limits.clear()
            form = {"body": "A thought, and *some* words with it.", "nonce": f"nonce-{next(numbers):08}", "seen": "0"}
            made = EnvironBuilder(path=path, method="POST", headers=sent, data={**form, "csrf_token": csrf})
            return _call(to, made.get_environ())

        return call

    thread, whole = f"/spaces/{encode(room)}", f"/spaces/{room.hex}"
    return [
        Case("room, 100 messages", get(app, thread, headers, 100), get(plain, f"{whole}?most=100", {}), 8),
        Case("room, 50 messages (as it is shown)", get(app, thread, headers), get(plain, f"{whole}?most=50", {}), 8),
        Case(
            "board, 100 threads",
            get(app, f"/boards/{encode(board)}?per=100", headers),
            get(plain, f"/boards/{board.hex}", {}),
            8,
        ),
        Case("home", get(app, "/", headers), get(plain, f"/home/{delivery.hex}", {}), 6),
        Case(
            "track",
            get(app, f"/deliveries/{encode(delivery)}", headers),
            get(plain, f"/deliveries/{delivery.hex}", {}),
            6,
        ),
        Case("sign-in page", get(app, "/sign-in", {"Accept-Language": "en"}), get(plain, "/sign-in", {}), 1.6),
        Case("posting", send(app, f"{thread}/posts", headers), send(plain, f"{whole}/posts", {}), 3),
    ]


def _call(app: Flask, environment: dict[str, Any]) -> tuple[str, int]:
    answered: list[str] = []

    def start(status: str, _headers: object, _error: object = None) -> Any:
        answered.append(status)
        return None

    body = app(dict(environment), start)
    size = sum(len(part) for part in body)
    if hasattr(body, "close"):
        body.close()
    return answered[0], size


def _measure(case: Case) -> dict[str, Any]:
    """Measure a case in some runs and keep the one with the least median: what others do at the time only adds."""
    size = 0
    for call in (case.ours, case.bare):
        for _round in range(5):
            status, made = call()
            assert status[0] in "23", (case.name, status)
            size = made if call is case.ours else size
    settle()
    ours, bare = min((_run(case) for _ in range(RUNS)), key=lambda run: statistics.median(run[0]))
    median, bare_median = statistics.median(ours), statistics.median(bare)
    return {
        "name": case.name,
        "bar_ms": case.bar,
        "median_ms": round(median, 2),
        "least_ms": round(ours[0], 2),
        "middle_half_ms": [round(ours[ROUNDS // 4], 2), round(ours[3 * ROUNDS // 4], 2)],
        "bytes": size,
        "bare_median_ms": round(bare_median, 2),
        "ratio": round(median / bare_median, 1),
    }


def _run(case: Case) -> tuple[list[float], list[float]]:
    """Let ours and bare take turns; return the milliseconds of each, the least first."""
    times: tuple[list[float], list[float]] = ([], [])
    for _round in range(ROUNDS):
        for taken, call in zip(times, (case.ours, case.bare), strict=True):
            started = time.process_time()
            call()
            taken.append((time.process_time() - started) * 1000)
    return sorted(times[0]), sorted(times[1])


def _table(found: list[dict[str, Any]]) -> str:
    lines = [
        "| request | median CPU, ms | least | middle half | bar | bare, ms | ratio | bytes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        low, high = row["middle_half_ms"]
        lines.append(
            f"| {row['name']} | {row['median_ms']} | {row['least_ms']} | {low}–{high} | {row['bar_ms']} "
            f"| {row['bare_median_ms']} | {row['ratio']} | {row['bytes']:,} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    os.environ.setdefault("TZ", "UTC")
    main()
