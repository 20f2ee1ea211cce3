"""What the academy stands on goes away for a while: nothing is lost, people are told, and it goes on by itself."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from socketio.exceptions import ConnectionError as Unwelcome
from sqlalchemy import func, select

from academy.kernel import mail, migrate
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.kernel.mail import Letter
from forums.posts.models import Post
from tests import throwaway
from tests.browsing import forms_of
from tests.databases import skip_or_fail
from tests.faults.rooms import room_on
from tests.faults.servers import HURRIED
from tests.faults.wire import Follower, Wire
from tests.live import kernel_on, signed_in
from tests.serving import ROOT, SECRET, start_server
from tests.sink import Sink

pytestmark = pytest.mark.xdist_group("faults")

SECONDS = 60


@pytest.fixture
def postgresql() -> Iterator[throwaway.ThrowawayServer]:
    """A database server of this test's own, migrated."""
    server = throwaway.start()
    if server is None:
        skip_or_fail("no PostgreSQL binaries; install them (apt-get install postgresql)")
    migrate.alembic(server.url, "upgrade", "head")
    yield server
    server.stop()


def _until(found: Any, what: str) -> None:
    until = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def test_a_database_that_goes_away_and_comes_back_costs_no_message_and_is_said_kindly(
    postgresql: throwaway.ThrowawayServer, tmp_path: Path
) -> None:
    kernel = kernel_on(postgresql.url, tmp_path)
    room = room_on(kernel, "Ana", "Ben")
    cookies = [signed_in(kernel, person) for person in room.learners]
    server = start_server(postgresql.url, tmp_path, app=HURRIED)
    followers = [
        Follower(server.url, cookie, room.space, random.Random(number)) for number, cookie in enumerate(cookies)
    ]
    page = {"url": f"{server.url}/spaces/{room.space}", "cookies": {"academy": cookies[0]}, "timeout": 30}
    try:
        for follower in followers:
            follower.start()
        followers[0].say("before")
        _until(lambda: all(len(f.order) == 1 for f in followers), "the first message did not arrive")

        opened = requests.get(**page)
        (typing,) = [f for f in forms_of(opened.text, server.url) if f.action.endswith("/posts")]

        postgresql.down()
        followers[0].say("while it was away, from Ana")
        followers[1].say("while it was away, from Ben")
        away = requests.get(**page)
        assert away.status_code == 503
        assert "try again shortly" in away.text
        assert "psycopg" not in away.text
        api = requests.get(f"{server.url}/api/v1/me", cookies=page["cookies"], timeout=30)
        assert (api.status_code, api.headers["Content-Type"]) == (503, "application/problem+json")
        with pytest.raises(Unwelcome, match="failed to connect"):  # an answer, or nobody would try again
            Wire(server.url, cookies[0])
        written = {**typing.values(), "body": "typed without scripts"}
        kept = requests.post(typing.action, written, cookies=opened.cookies, timeout=30)
        assert (kept.status_code, "What you wrote is kept in this page." in kept.text) == (503, True)
        for other in ("/nothing/here", "/api/v1/nothing"):  # whose page it would be can't be asked either
            assert requests.get(server.url + other, cookies=page["cookies"], timeout=30).status_code == 503
        assert requests.get(f"{server.url}/readyz", timeout=30).status_code == 503
        assert requests.get(f"{server.url}/healthz", timeout=30).status_code == 200
        time.sleep(2)  # long enough for the beacon, the runner and both outboxes to meet nothing

        postgresql.up()
        followers[1].say("after")
        _until(lambda: all(len(f.order) == 4 and not f.outbox for f in followers), "not everything arrived")
        (again,) = [f for f in forms_of(kept.text, server.url) if f.action == typing.action]
        sent = requests.post(again.action, again.values(), cookies=opened.cookies, timeout=30)
        assert (sent.status_code, "typed without scripts" in sent.text) == (200, True)
        _until(lambda: all(len(f.order) == 5 for f in followers), "what was sent again did not arrive")
        assert requests.get(**page).status_code == 200
        assert requests.get(f"{server.url}/readyz", timeout=30).status_code == 200
    finally:
        for follower in followers:
            follower.stop()
        server.stop()
    assert [f.refused for f in followers] == [[], []]
    assert [f.order for f in followers] == [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]
    assert [len(f.screen) for f in followers] == [5, 5]
    kernel.database.engine.dispose()
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Post)) == 5
    kernel.database.engine.dispose()


def _letter(number: int) -> Letter:
    return Letter(to_name="Ana", to_address="ana@example.org", subject=f"Letter {number}", text="Hello.")


def _promise(kernel: Kernel, number: int) -> None:
    kernel.commit(lambda session: mail.post(session, _letter(number)))


def test_a_mail_server_that_is_away_gets_every_letter_once_it_is_back(tmp_path: Path, database_url: str) -> None:
    kernel = kernel_on(database_url, tmp_path)
    with Sink() as sink:
        address = sink.url
    for number in range(3):
        _promise(kernel, number)
    with _runner(database_url, tmp_path, address):
        _until(lambda: _tried(kernel) == 3, "the letters were not tried")
    with kernel.reading() as session:
        errors = session.scalars(select(Job.error).where(Job.kind == mail.KIND)).all()
    assert all("refused" in (error or "").casefold() for error in errors)
    with Sink() as sink, _runner(database_url, tmp_path, sink.url):
        sink.wait(lambda: len(sink.letters) == 3, SECONDS)
    assert Counter(str(letter["Subject"]) for letter in sink.letters) == {f"Letter {n}": 1 for n in range(3)}
    kernel.database.engine.dispose()


def _tried(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Job).where(Job.kind == mail.KIND, Job.error.is_not(None)))
            or 0
        )


HASTY = """
import sys
from datetime import timedelta
from academy.kernel import jobs
jobs.LEASE = timedelta(seconds=2)
jobs.BACKOFF = (1, 1, 1, 1, 1, 1, 1)
from academy.kernel.cli import main
sys.argv = ["academy", "jobs", "run"]
main()
"""


@contextmanager
def _runner(database_url: str, folder: Path, smtp: str) -> Iterator[subprocess.Popen[bytes]]:
    """A job runner in a process of its own, in a hurry: leases of two seconds, another try after one."""
    process = subprocess.Popen(
        [sys.executable, "-c", HASTY],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": database_url,
            "SECRET_KEY": SECRET,
            "ACADEMY_INSTANCE": str(folder),
            "ACADEMY_JOBS": "separate",
            "ACADEMY_MAIL": "smtp",
            "ACADEMY_SMTP_URL": smtp,
            "ACADEMY_LOG": "error",
        },
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_job_runner_killed_amid_letters_leaves_none_unsent_and_repeats_only_under_the_same_name(
    tmp_path: Path, database_url: str
) -> None:
    kernel = kernel_on(database_url, tmp_path)
    for number in range(40):
        _promise(kernel, number)
    with Sink() as sink:
        for enough in (8, 20):
            with _runner(database_url, tmp_path, sink.url) as runner:
                sink.wait(lambda enough=enough: len(sink.letters) >= enough, SECONDS)
                runner.send_signal(signal.SIGKILL)
                runner.wait()
        with _runner(database_url, tmp_path, sink.url):
            sink.wait(lambda: len({str(letter["Subject"]) for letter in sink.letters}) == 40, SECONDS)
            _until(lambda: _left(kernel) == 0, "jobs are left")
    named = {(str(letter["Subject"]), str(letter["Message-ID"])) for letter in sink.letters}
    assert len(named) == 40
    assert len(sink.letters) <= 42  # a kill may repeat the one letter that it met on its way
    kernel.database.engine.dispose()


def _left(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Job).where(Job.kind == mail.KIND, Job.done_at.is_(None)))
            or 0
        )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_runners_on_one_database_send_each_letter_once(tmp_path: Path, database_url: str) -> None:
    kernel = kernel_on(database_url, tmp_path)
    with Sink() as sink, _runner(database_url, tmp_path, sink.url), _runner(database_url, tmp_path, sink.url):
        for number in range(60):
            _promise(kernel, number)
        _until(lambda: _left(kernel) == 0, "jobs are left")
    assert Counter(str(letter["Subject"]) for letter in sink.letters) == {f"Letter {n}": 1 for n in range(60)}
    kernel.database.engine.dispose()
