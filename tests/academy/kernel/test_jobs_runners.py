"""Runners of jobs: leases, several at once, one that stops, one that dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from academy.kernel import clock, jobs
from academy.kernel.app import Kernel
from academy.kernel.db import Database
from academy.kernel.jobs import Job, JobKind, Runner
from tests.academy.kernel.promised import effects, one_more, promise, the_job
from tests.factories import people

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def test_two_runners_do_each_job_once(kernel: Kernel, database_url: str) -> None:
    ana = people.person(kernel)
    for _ in range(60):
        promise(kernel, payload={"person": str(ana)})
    outside: list[UUID] = []
    kind = JobKind("write", outside=lambda k, i, v: outside.append(i), apply=one_more)
    start = threading.Barrier(2)

    def run() -> None:
        start.wait(10)
        Runner(kernel, [kind]).run_due()

    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(run) for _ in range(2)]:
            running.result(60)
    assert len(outside) == len(set(outside)) == 60
    assert effects(kernel, ana) == "x" * 60


def test_runners_skip_what_another_is_taking_just_now(kernel: Kernel, database_url: str) -> None:
    for _ in range(3):
        promise(kernel)
    if kernel.database.embedded:
        # One writer at a time: the second runner finds the first one's leases.
        first = kernel.commit(lambda s: jobs.lease_due(s, limit=2))
        second = kernel.commit(lambda s: jobs.lease_due(s, limit=2))
    else:
        other = Database(database_url)
        found: list[list[jobs.Leased]] = []

        def both(session: Session) -> list[jobs.Leased]:
            mine = jobs.lease_due(session, limit=2)
            session.flush()
            found.append(other.unit_of_work(lambda s: jobs.lease_due(s, limit=2)))  # while these rows are locked
            return mine

        first = kernel.commit(both)
        second = found[0]
        other.engine.dispose()
    assert (len(first), len(second)) == (2, 1)
    assert not {j.id for j in first} & {j.id for j in second}


def test_a_lease_that_ran_out_goes_to_another_and_the_first_writes_nothing(kernel: Kernel) -> None:
    ana = people.person(kernel)
    promise(kernel, payload={"person": str(ana)})
    late: list[Callable[[], None]] = []

    def too_long(_kernel: Kernel, _job: UUID, _value: Any) -> None:
        if late:
            return
        late.append(lambda: None)
        with clock.travel(clock.now() + timedelta(minutes=3)):  # meanwhile another runner finds it free
            assert Runner(kernel, [kind]).run_due() == 1

    kind = JobKind("write", outside=too_long, apply=one_more)
    Runner(kernel, [kind]).run_due()
    assert effects(kernel, ana) == "x"
    assert the_job(kernel).attempts == 2


def test_a_job_that_waited_long_in_a_batch_is_held_anew_before_it_goes_outside(kernel: Kernel) -> None:
    for n in range(2):
        promise(kernel, payload={"n": n}, run_at=clock.now() - timedelta(seconds=10 - n))
    started: list[int] = []
    seconds = {"later": 0}

    def slow(k: Kernel, _job: UUID, value: Any) -> None:
        started.append(value)
        if value == 0:
            seconds["later"] = 100  # of the 120 of a lease

    def read(_session: Session, payload: dict[str, Any]) -> Any:
        return payload["n"]

    runner = Runner(kernel, [JobKind("write", read=read, outside=slow)])
    taken = kernel.commit(jobs.lease_due)
    runner._do(taken[0])
    with clock.travel(clock.now() + timedelta(seconds=seconds["later"])):
        runner._do(taken[1])
        with kernel.reading() as session:
            assert session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None))) == 0
    assert started == [0, 1]


def test_a_job_whose_lease_another_has_taken_does_not_go_outside_again(kernel: Kernel) -> None:
    promise(kernel)
    started: list[UUID] = []
    runner = Runner(kernel, [JobKind("write", outside=lambda k, i, v: started.append(i))])
    mine = kernel.commit(jobs.lease_due)
    with clock.travel(clock.now() + timedelta(minutes=3)):
        theirs = kernel.commit(jobs.lease_due)
        runner._do(mine[0])
        assert started == []
        runner._do(theirs[0])
    assert started == [mine[0].id]


def test_a_job_that_is_taken_back_while_it_waits_in_a_batch_does_not_go_outside(kernel: Kernel) -> None:
    for n in ("first", "gone", "last"):
        promise(kernel, payload={"about": n})
    started: list[str] = []

    def outside(k: Kernel, _job: UUID, about: str) -> None:
        started.append(about)
        k.commit(lambda s: jobs.forget(s, ["write"], name="about", values=["gone"]))

    Runner(kernel, [JobKind("write", read=lambda s, payload: payload["about"], outside=outside)]).run_due()
    assert started == ["first", "last"]


def test_a_job_that_ends_its_runner_each_time_is_set_aside(kernel: Kernel) -> None:
    promise(kernel)
    at = clock.now()
    taken = 0
    for _ in range(12):
        with clock.travel(at):
            taken += len(kernel.commit(jobs.lease_due))  # and never a word again
        at += timedelta(minutes=3)
    assert taken == 8
    assert the_job(kernel).failed_at is not None


def test_stopping_ends_after_the_job_in_hand_and_gives_the_others_back(kernel: Kernel) -> None:
    for _ in range(3):
        promise(kernel)
    runner: Runner
    done: list[UUID] = []

    def stop_after_one(_kernel: Kernel, job_id: UUID, _value: Any) -> None:
        done.append(job_id)
        runner.stop()

    runner = Runner(kernel, [JobKind("write", outside=stop_after_one)])
    assert runner.run_due() == 1
    assert len(done) == 1
    with kernel.reading() as session:
        rest = session.execute(select(Job.lease, Job.attempts).where(Job.done_at.is_(None))).all()
    assert [tuple(r) for r in rest] == [(None, 0), (None, 0)]


def test_a_started_runner_does_what_is_promised_as_soon_as_it_is_woken(kernel: Kernel) -> None:
    ana = people.person(kernel)
    runner = Runner(kernel, [JobKind("write", apply=one_more)], look_every=60)
    before, kernel.runner = kernel.runner, runner
    try:
        runner.start()
        assert runner.running
        time.sleep(0.2)  # it has looked, found nothing, and sleeps for a minute
        promise(kernel, payload={"person": str(ana)})
        deadline = time.monotonic() + 10
        while effects(kernel, ana) == "" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert effects(kernel, ana) == "x"
    finally:
        runner.stop()
        kernel.runner = before
    assert not runner.running


KILLED = """
import os, signal, sys
from pathlib import Path
import wsgi
from academy.kernel.config import Settings
from academy.kernel.jobs import JobKind, Runner
from tests.academy.kernel.promised import one_more

def die(kernel, job_id, value):
    os.kill(os.getpid(), signal.SIGKILL)

app = wsgi.create_app(Settings(database_url=sys.argv[1], secret_key="a secret for tests", async_mode="threading", jobs="off"))
Runner(app.extensions["kernel"], [JobKind("write", outside=die, apply=one_more)]).run_due()
"""


def test_a_job_whose_runner_is_killed_is_done_by_the_next_one(kernel: Kernel, database_url: str) -> None:
    ana = people.person(kernel)
    promise(kernel, payload={"person": str(ana)})
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert the_job(kernel).attempts == 1
    assert the_job(kernel).done_at is None
    runner = Runner(kernel, [JobKind("write", apply=one_more)])
    assert runner.run_due() == 0  # still under the lease of the one that died
    with clock.travel(clock.now() + timedelta(seconds=121)):
        assert runner.run_due() == 1
    assert effects(kernel, ana) == "x"
