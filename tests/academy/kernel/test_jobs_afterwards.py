"""What becomes of jobs: cleaned up, tried again, set aside, done again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import cli, clock, jobs
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.jobs import Job, JobKind, Runner

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def promise(kernel: Kernel, kind: str = "write", **more: Any) -> None:
    kernel.commit(lambda s: jobs.enqueue(s, kind, {"said": "words"}, **more))


def rows(kernel: Kernel) -> list[Job]:
    with kernel.reading() as session:
        found = list(session.scalars(select(Job).order_by(Job.id)))
        session.expunge_all()
        return found


def clean(kernel: Kernel) -> None:
    assert jobs.CLEAN.apply is not None
    kernel.commit(lambda s: jobs.CLEAN.apply(s, {}, None))


def breaking(_session: Session, _payload: dict[str, Any], _value: Any) -> None:
    raise ConnectionRefusedError("nobody listens")


def use_up(kernel: Kernel, kind: JobKind) -> None:
    """Fail a job until it is set aside."""
    runner = Runner(kernel, [kind])
    for hours in range(9):
        with clock.travel(clock.now() + timedelta(hours=13 * hours)):
            runner.run_due()


@BOTH
def test_what_was_done_is_cleaned_up_after_thirty_days(kernel: Kernel) -> None:
    promise(kernel)
    Runner(kernel, [JobKind("write")]).run_due()
    with clock.travel(clock.now() + timedelta(days=29)):
        clean(kernel)
        assert len(rows(kernel)) == 1
    with clock.travel(clock.now() + timedelta(days=31)):
        clean(kernel)
        assert rows(kernel) == []


@BOTH
def test_a_cleaned_up_promise_is_not_made_a_second_time(kernel: Kernel) -> None:
    done: list[str] = []
    runner = Runner(kernel, [JobKind("write", apply=lambda s, p, v: done.append(p["said"]))])
    promise(kernel, unique_key="letter-1")
    runner.run_due()
    with clock.travel(clock.now() + timedelta(days=400)):
        clean(kernel)
        promise(kernel, unique_key="letter-1")
        runner.run_due()
        [row] = rows(kernel)
    assert done == ["words"]
    assert row.payload == {}


@BOTH
def test_what_was_set_aside_is_kept_for_ninety_days(kernel: Kernel) -> None:
    promise(kernel)
    promise(kernel, unique_key="letter-1")
    use_up(kernel, JobKind("write", apply=breaking))
    begin = clock.now() + timedelta(days=5)
    with clock.travel(begin + timedelta(days=80)):
        clean(kernel)
        assert [row.payload for row in rows(kernel)] == [{"said": "words"}] * 2
    with clock.travel(begin + timedelta(days=91)):
        clean(kernel)
        [row] = rows(kernel)
        assert (row.unique_key, row.payload, row.done_at is None) == ("letter-1", {}, False)
        assert kernel.commit(lambda s: jobs.retry(s)) == []


@BOTH
def test_an_open_job_is_never_cleaned_up(kernel: Kernel) -> None:
    promise(kernel, run_at=clock.now() + timedelta(days=400))
    with clock.travel(clock.now() + timedelta(days=399)):
        clean(kernel)
    assert len(rows(kernel)) == 1


@BOTH
def test_a_job_that_was_set_aside_is_tried_again_with_all_its_attempts(kernel: Kernel) -> None:
    promise(kernel)
    use_up(kernel, JobKind("write", apply=breaking))
    [row] = rows(kernel)
    assert (row.failed_at is None, row.error) == (False, "ConnectionRefusedError: nobody listens")
    assert kernel.commit(lambda s: jobs.retry(s)) == [row.id]
    assert Runner(kernel, [JobKind("write")]).run_due() == 1
    [row] = rows(kernel)
    assert (row.done_at is None, row.error) == (False, None)


@BOTH
def test_a_job_that_went_wrong_is_tried_now_and_a_done_one_never(kernel: Kernel) -> None:
    promise(kernel)
    Runner(kernel, [JobKind("write", apply=breaking)]).run_due()
    [row] = rows(kernel)
    assert kernel.commit(lambda s: jobs.retry(s)) == []  # all that were set aside: none
    assert kernel.commit(lambda s: jobs.retry(s, row.id)) == [row.id]
    assert Runner(kernel, [JobKind("write")]).run_due() == 1
    assert kernel.commit(lambda s: jobs.retry(s, row.id)) == []


@BOTH
def test_what_waits_for_its_time_is_neither_done_early_nor_set_aside(kernel: Kernel) -> None:
    promise(kernel, run_at=clock.now() + timedelta(days=1))
    [row] = rows(kernel)
    assert kernel.commit(lambda s: jobs.retry(s, row.id)) == []
    assert kernel.commit(lambda s: jobs.set_aside(s, row.id)) is False
    assert Runner(kernel, [JobKind("write")]).run_due() == 0


@BOTH
def test_a_job_in_a_runners_hands_is_neither_tried_again_nor_set_aside(kernel: Kernel) -> None:
    promise(kernel)
    [leased] = kernel.commit(jobs.lease_due)
    assert kernel.commit(lambda s: jobs.retry(s, leased.id)) == []
    assert kernel.commit(lambda s: jobs.set_aside(s, leased.id)) is False


@BOTH
def test_a_job_that_was_set_aside_by_hand_is_left_alone(kernel: Kernel) -> None:
    promise(kernel)
    Runner(kernel, [JobKind("write", apply=breaking)]).run_due()
    [row] = rows(kernel)
    assert kernel.commit(lambda s: jobs.set_aside(s, row.id)) is True
    assert kernel.commit(lambda s: jobs.set_aside(s, row.id)) is False
    with clock.travel(clock.now() + timedelta(hours=1)):
        assert Runner(kernel, [JobKind("write")]).run_due() == 0


@BOTH
def test_what_is_done_again_and_again_is_one_row_that_waits_for_its_turn(kernel: Kernel) -> None:
    done: list[int] = []
    runner = Runner(kernel, [JobKind("tidy", apply=lambda s, p, v: done.append(1), every=timedelta(hours=1))])
    runner.promise()
    runner.promise()
    assert (runner.run_due(), runner.run_due()) == (1, 0)
    with clock.travel(clock.now() + timedelta(minutes=61)):
        assert runner.run_due() == 1
    [row] = rows(kernel)
    assert (len(done), row.done_at) == (2, None)
    assert kernel.commit(lambda s: jobs.set_aside(s, row.id)) is False


@BOTH
def test_what_is_done_again_and_again_is_never_given_up(kernel: Kernel) -> None:
    kind = JobKind("tidy", apply=breaking, every=timedelta(hours=1))
    Runner(kernel, [kind]).promise()
    use_up(kernel, kind)
    [row] = rows(kernel)
    assert (row.failed_at, row.error) == (None, "ConnectionRefusedError: nobody listens")


def test_the_command_lists_open_jobs_and_tries_them_again(
    kernel: Kernel, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    promise(kernel, kind="mail.forget")
    use_up(kernel, JobKind("mail.forget", apply=breaking))
    [row] = rows(kernel)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ACADEMY_INSTANCE", str(tmp_path))
    told = CliRunner().invoke(cli.academy, ["jobs", "list"])
    assert (told.exit_code, encode(row.id) in told.output, "nobody listens" in told.output) == (0, True, True)
    assert CliRunner().invoke(cli.academy, ["jobs", "retry", encode(row.id)]).output == "1 jobs are due now.\n"
    assert CliRunner().invoke(cli.academy, ["jobs", "retry"]).output == "0 jobs are due now.\n"
    unknown = CliRunner().invoke(cli.academy, ["jobs", "retry", "nothing"])
    assert (unknown.exit_code, "There is no open job nothing" in unknown.output) == (1, True)
    assert rows(kernel)[0].failed_at is None


def test_a_runner_promises_what_is_done_again_and_again(kernel: Kernel) -> None:
    kernel.runner.promise()
    assert {row.kind: row.unique_key for row in rows(kernel)}.items() >= {
        "jobs.clean": "every:jobs.clean",
        "mail.forget": "every:mail.forget",
    }.items()
