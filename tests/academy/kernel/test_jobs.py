"""Jobs: promised with their transaction, done once in effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from academy.kernel import clock, jobs
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job, JobKind, Runner
from tests.academy.kernel.promised import effects, one_more, promise, the_job
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


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


def test_a_muted_kind_is_not_promised(kernel: Kernel) -> None:
    with kernel.quiet("mail.send"):
        promise(kernel, "mail.send")
        promise(kernel, "write")
    promise(kernel, "mail.send")
    with kernel.reading() as session:
        assert sorted(session.scalars(select(Job.kind))) == ["mail.send", "write"]
