"""The reminder: once, at the right instant, on both databases and across changes of the clocks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.kernel import clock, mail
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job, Runner
from academy.notices.models import Notice
from academy.people.models import Person
from cohorts.workshops import actions
from cohorts.workshops.jobs import mailing
from tests.factories import people as make
from tests.factories import workshops as factory

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

SECOND = timedelta(seconds=1)


class Sent:
    """Counts mails by address and subject's first word."""

    def __init__(self) -> None:
        self.reminders: list[str] = []

    def send(self, message: Any, name: str) -> None:
        del name
        if message["Subject"].startswith("Soon: "):
            self.reminders.append(message["To"].addresses[0].addr_spec)


@pytest.fixture
def sent(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> Sent:
    kept = Sent()
    monkeypatch.setattr(kernel, "mail", kept)
    return kept


def reminded(kernel: Kernel) -> set[UUID]:
    with kernel.reading() as session:
        found = list(session.scalars(select(Notice.person_id).where(Notice.kind == "workshop-reminder")))
    assert len(found) == len(set(found))
    return set(found)


def addresses(kernel: Kernel, *person_ids: UUID) -> list[str]:
    with kernel.reading() as session:
        return sorted(session.scalars(select(Person.email).where(Person.id.in_(person_ids))))


@pytest.mark.parametrize(
    ("planned", "wall", "zone", "due"),
    [
        # Clocks go back on 25 October at 03:00: 10:00 is an hour later in UTC than the day before.
        (datetime(2026, 10, 24, 9, tzinfo=UTC), "2026-10-25T10:00", "Europe/Berlin", datetime(2026, 10, 25, 8, tzinfo=UTC)),
        # 02:30 comes twice that night; the first one is meant, at 00:30 UTC.
        (datetime(2026, 10, 24, 9, tzinfo=UTC), "2026-10-25T02:30", "Europe/Berlin", datetime(2026, 10, 24, 23, 30, tzinfo=UTC)),
        # 03:10 is ten minutes after the change: an hour of real time before was 02:10, the second one.
        (datetime(2026, 10, 24, 9, tzinfo=UTC), "2026-10-25T03:10", "Europe/Berlin", datetime(2026, 10, 25, 1, 10, tzinfo=UTC)),
        (datetime(2026, 10, 31, 9, tzinfo=UTC), "2026-11-01T09:00", "America/New_York", datetime(2026, 11, 1, 13, tzinfo=UTC)),
        (datetime(2027, 3, 27, 9, tzinfo=UTC), "2027-03-28T10:00", "Europe/Berlin", datetime(2027, 3, 28, 7, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_it_comes_an_hour_before_across_a_change_of_the_clocks(
    kernel: Kernel, sent: Sent, planned: datetime, wall: str, zone: str, due: datetime
) -> None:
    with clock.travel(planned):
        cohort = factory.cohort(kernel)
        workshop_id = factory.workshop(kernel, cohort, wall_start=wall, zone=zone)
        for person_id, state in zip(cohort.learners, ("going", "maybe", "declined"), strict=True):
            factory.answer(kernel, workshop_id, person_id, state)
    with clock.travel(due - 20 * SECOND):
        kernel.runner.run_due()
        assert reminded(kernel) == set()
    with clock.travel(due):
        kernel.runner.run_due()
        kernel.runner.run_due()
    told = {*cohort.learners[:2], cohort.facilitator}
    assert reminded(kernel) == told
    assert sorted(sent.reminders) == addresses(kernel, *told)


def test_two_runners_remind_once(kernel: Kernel, sent: Sent) -> None:
    with clock.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        cohort = factory.cohort(kernel)
        workshop_id = factory.workshop(kernel, cohort)
        factory.answer(kernel, workshop_id, cohort.learners[0])
        kernel.runner.run_due()
    runners = [Runner(kernel, [mail.JOB, *mailing.JOBS]) for _ in range(4)]
    with clock.travel(datetime(2027, 1, 14, 14, 0, 5, tzinfo=UTC)), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda runner: runner.run_due(), runners))
        list(pool.map(lambda runner: runner.run_due(), runners))
    told = {cohort.learners[0], cohort.facilitator}
    assert reminded(kernel) == told
    assert sorted(sent.reminders) == addresses(kernel, *told)


def test_a_job_done_a_second_time_finds_nothing_to_do(kernel: Kernel, sent: Sent) -> None:
    with clock.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        cohort = factory.cohort(kernel, learners=1)
        factory.workshop(kernel, cohort)
    with clock.travel(datetime(2027, 1, 14, 14, 0, 5, tzinfo=UTC)):
        assert kernel.runner.run_due() > 0
        with kernel.reading() as session:
            assert session.scalars(select(Job.done_at).where(Job.kind == "workshops.remind")).one() is not None
        assert kernel.runner.run_due() == 0
    assert reminded(kernel) == {cohort.facilitator}


def change(kernel: Kernel, cohort: factory.Cohort, workshop_id: UUID, **other: Any) -> None:
    viewer = make.viewer(kernel, cohort.lead)
    kernel.commit(
        lambda s: actions.move(s, viewer=viewer, workshop_id=workshop_id, version=1, **factory.written(cohort, **other))
    )


def test_a_moved_workshop_reminds_at_its_new_time_only(kernel: Kernel, sent: Sent) -> None:
    with clock.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        cohort = factory.cohort(kernel, learners=1)
        workshop_id = factory.workshop(kernel, cohort)
        change(kernel, cohort, workshop_id, wall_start="2027-01-15T16:00")
    with clock.travel(datetime(2027, 1, 14, 14, 0, 5, tzinfo=UTC)):
        kernel.runner.run_due()
    assert reminded(kernel) == set()
    with clock.travel(datetime(2027, 1, 15, 14, 0, 5, tzinfo=UTC)):
        kernel.runner.run_due()
    assert reminded(kernel) == {cohort.facilitator}
    assert sent.reminders == addresses(kernel, cohort.facilitator)


def test_another_place_after_the_reminder_does_not_remind_again(kernel: Kernel, sent: Sent) -> None:
    with clock.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        cohort = factory.cohort(kernel, learners=1)
        workshop_id = factory.workshop(kernel, cohort)
    with clock.travel(datetime(2027, 1, 14, 14, 0, 5, tzinfo=UTC)):
        kernel.runner.run_due()
        change(kernel, cohort, workshop_id, venue_url="https://meet.example/late")
        kernel.runner.run_due()
    assert sent.reminders == addresses(kernel, cohort.facilitator)


def test_cancelled_or_long_past_workshops_do_not_remind(kernel: Kernel, sent: Sent) -> None:
    with clock.travel(datetime(2027, 1, 5, 12, tzinfo=UTC)):
        cohort = factory.cohort(kernel, learners=1)
        off = factory.workshop(kernel, cohort)
        factory.workshop(kernel, cohort, wall_start="2027-01-14T13:00")
        viewer = make.viewer(kernel, cohort.lead)
        kernel.commit(lambda s: actions.cancel(s, viewer=viewer, workshop_id=off, version=1))
    with clock.travel(datetime(2027, 1, 14, 14, 30, tzinfo=UTC)):  # the server was down when the second one began
        kernel.runner.run_due()
    assert reminded(kernel) == set()
    assert sent.reminders == []
