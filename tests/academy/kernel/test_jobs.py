"""Jobs: promised with their transaction, done once in effect, whatever dies meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, jobs
from academy.kernel.app import Kernel
from academy.kernel.db import Database
from academy.kernel.jobs import Job, JobKind, Runner
from academy.people.models import Person
from tests.factories import people

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def promise(kernel: Kernel, kind: str = "write", payload: dict[str, Any] | None = None, **more: Any) -> None:
    kernel.commit(lambda s: jobs.enqueue(s, kind, payload or {}, **more))


def the_job(kernel: Kernel) -> Job:
    with kernel.reading() as session:
        job = session.scalars(select(Job)).one()
        session.expunge(job)
        return job


def one_more(session: Session, payload: dict[str, Any], _value: Any) -> None:
    """An effect that shows when it happened twice."""
    session.execute(update(Person).where(Person.id == UUID(payload["person"])).values(about=Person.about + "x"))


def effects(kernel: Kernel, person: UUID) -> str:
    with kernel.reading() as session:
        return session.scalars(select(Person.about).where(Person.id == person)).one()


def test_a_job_exists_exactly_if_its_transaction_was_kept(kernel: Kernel) -> None:
    def undone(session: Session) -> None:
        jobs.enqueue(session, "write", {})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kernel.commit(undone)
    promise(kernel)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_a_second_promise_under_the_same_key_is_the_first(kernel: Kernel) -> None:
    promise(kernel, payload={"n": 1}, unique_key="reminder-1")
    promise(kernel, payload={"n": 2}, unique_key="reminder-1")
    promise(kernel, payload={"n": 3}, unique_key="reminder-2")
    with kernel.reading() as session:
        assert [j.payload["n"] for j in session.scalars(select(Job).order_by(Job.unique_key))] == [1, 3]


def test_the_three_steps_hand_on_what_they_found(kernel: Kernel) -> None:
    steps: list[Any] = []
    ids: list[UUID] = []

    def outside(_kernel: Kernel, job_id: UUID, value: Any) -> Any:
        ids.append(job_id)
        steps.append(("outside", value))
        return value + 1

    kind = JobKind(
        "write",
        read=lambda s, payload: payload["n"] * 10,
        outside=outside,
        apply=lambda s, payload, value: steps.append(("apply", payload["n"], value)),
    )
    promise(kernel, payload={"n": 4})
    assert Runner(kernel, [kind]).run_due() == 1
    assert steps == [("outside", 40), ("apply", 4, 41)]
    assert ids == [the_job(kernel).id]
    assert the_job(kernel).done_at is not None


def test_nothing_left_to_do_is_done_without_doing_anything(kernel: Kernel) -> None:
    done: list[str] = []
    kind = JobKind(
        "write",
        read=lambda s, p: None,
        outside=lambda k, i, v: done.append("outside"),
        apply=lambda s, p, v: done.append("apply"),
    )
    promise(kernel)
    Runner(kernel, [kind]).run_due()
    assert done == []
    assert the_job(kernel).done_at is not None


def test_a_job_waits_for_its_hour(kernel: Kernel) -> None:
    ana = people.person(kernel)
    promise(kernel, payload={"person": str(ana)}, run_at=clock.now() + timedelta(hours=1))
    runner = Runner(kernel, [JobKind("write", apply=one_more)])
    assert runner.run_due() == 0
    with clock.travel(clock.now() + timedelta(minutes=61)):
        assert runner.run_due() == 1
    assert effects(kernel, ana) == "x"


def test_a_done_job_is_not_done_again(kernel: Kernel) -> None:
    ana = people.person(kernel)
    promise(kernel, payload={"person": str(ana)})
    runner = Runner(kernel, [JobKind("write", apply=one_more)])
    assert [runner.run_due(), runner.run_due()] == [1, 0]
    with clock.travel(clock.now() + timedelta(days=30)):
        assert runner.run_due() == 0
    assert effects(kernel, ana) == "x"


def test_a_failing_job_is_tried_again_later_and_later(kernel: Kernel) -> None:
    tries: list[int] = []

    def fail(*_: Any) -> None:
        tries.append(1)
        raise RuntimeError("the world is away")

    promise(kernel)
    runner = Runner(kernel, [JobKind("write", outside=fail)])
    waits = []
    at = clock.now()
    for _ in range(8):
        with clock.travel(at):
            assert runner.run_due() == 1
            waits.append((the_job(kernel).run_at - at).total_seconds())
            at = the_job(kernel).run_at + timedelta(seconds=1)
    for wait, seconds in zip(waits, (5, 30, 120, 600, 3600, 14400, 43200), strict=False):
        assert seconds <= wait < seconds + 20  # on a busy machine the try itself takes a while
    job = the_job(kernel)
    assert len(tries) == 8
    assert job.failed_at is not None
    assert job.done_at is None
    assert job.error == "RuntimeError: the world is away"
    with clock.travel(clock.now() + timedelta(days=30)):
        assert runner.run_due() == 0


def test_a_job_that_recovers_keeps_no_error(kernel: Kernel) -> None:
    answers = iter([RuntimeError("away"), None])

    def sometimes(*_: Any) -> None:
        answer = next(answers)
        if answer:
            raise answer

    promise(kernel)
    runner = Runner(kernel, [JobKind("write", outside=sometimes)])
    runner.run_due()
    assert the_job(kernel).error == "RuntimeError: away"
    with clock.travel(clock.now() + timedelta(seconds=6)):
        runner.run_due()
    assert (the_job(kernel).error, the_job(kernel).attempts) == (None, 2)
    assert the_job(kernel).done_at is not None


def test_what_apply_wrote_before_it_failed_is_undone(kernel: Kernel) -> None:
    ana = people.person(kernel)

    def half(session: Session, payload: dict[str, Any], value: Any) -> None:
        one_more(session, payload, value)
        raise RuntimeError("half-way")

    promise(kernel, payload={"person": str(ana)})
    Runner(kernel, [JobKind("write", apply=half)]).run_due()
    assert effects(kernel, ana) == ""
    assert the_job(kernel).done_at is None


def test_a_job_of_an_unknown_kind_is_kept_with_its_error(kernel: Kernel) -> None:
    promise(kernel, "of a newer version")
    Runner(kernel, []).run_due()
    assert the_job(kernel).done_at is None
    assert "of a newer version" in (the_job(kernel).error or "")


def test_a_job_that_a_reaction_promises_is_done_in_the_same_run(kernel: Kernel) -> None:
    ana = people.person(kernel)

    def promise_another(session: Session, payload: dict[str, Any], _value: Any) -> None:
        jobs.enqueue(session, "write", payload)

    promise(kernel, "first", {"person": str(ana)})
    runner = Runner(kernel, [JobKind("first", apply=promise_another), JobKind("write", apply=one_more)])
    assert runner.run_due() == 2
    assert effects(kernel, ana) == "x"


def test_two_runners_do_each_job_once(kernel: Kernel, database_url: str) -> None:
    ana = people.person(kernel)
    for _ in range(60):
        promise(kernel, payload={"person": str(ana)})
    outside: list[UUID] = []
    kind = JobKind("write", outside=lambda k, i, v: outside.append(i), apply=one_more)
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def run() -> None:
        try:
            start.wait(10)
            Runner(kernel, [kind]).run_due()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
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


def test_a_muted_kind_is_not_promised(kernel: Kernel) -> None:
    with kernel.quiet("mail.send"):
        promise(kernel, "mail.send")
        promise(kernel, "write")
    promise(kernel, "mail.send")
    with kernel.reading() as session:
        assert sorted(session.scalars(select(Job.kind))) == ["mail.send", "write"]


KILLED = """
import os, signal, sys
from pathlib import Path
import wsgi
from academy.kernel.config import Settings
from academy.kernel.jobs import JobKind, Runner
from tests.academy.kernel.test_jobs import one_more

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
