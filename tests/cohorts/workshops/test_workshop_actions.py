"""How workshops are scheduled, moved and cancelled, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.ledger import Entry
from academy.people.models import Role
from cohorts.workshops import actions
from tests.cohorts.workshops.acting import cancel, move, notices
from tests.factories import people as make
from tests.factories import workshops as factory

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("january"),
]


def test_everybody_in_the_cohort_is_asked_and_told_once_and_the_leader_needs_no_seat(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    mentor = make.member(kernel, cohort.group_id, make.person(kernel), Role.MENTOR)
    make.member(kernel, cohort.group_id, mentor, Role.LEARNER)  # two roles are one invitation
    outsider = make.person(kernel)
    workshop_id = factory.workshop(kernel, cohort, capacity=2)
    stored = factory.stored(kernel, workshop_id)
    assert stored.starts_at == datetime(2027, 1, 14, 15, tzinfo=UTC)
    assert (stored.sequence, stored.version, stored.going) == (0, 1, 0)
    assert factory.answers(kernel, workshop_id) == dict.fromkeys([*cohort.learners, mentor], "invited")
    for person_id in (*cohort.learners, mentor, cohort.facilitator):
        assert notices(kernel, person_id) == ["workshop-scheduled"]
    assert notices(kernel, cohort.lead) == []  # nobody is told of what they did themselves
    assert notices(kernel, outsider) == []


def test_the_ledger_keeps_ids_and_times_and_no_words(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort, title="A very private title")
    with kernel.reading() as session:
        (entry,) = session.scalars(select(Entry).where(Entry.kind == "WorkshopScheduled"))
    assert entry.facts == {
        "workshop_id": str(workshop_id),
        "group_id": str(cohort.group_id),
        "starts_at": "2027-01-14T15:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"title": " \n "}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 601}, "minutes"),
        ({"capacity": 0}, "capacity"),
        ({"venue_url": "javascript:alert(1)"}, "venue_url"),
        ({"venue_url": "https://"}, "venue_url"),
        ({"venue_url": "https://meet.example/\r\nATTENDEE:x"}, "venue_url"),
        ({"venue_url": "https://bank.example@evil.example/"}, "venue_url"),
        ({"venue_url": "https://meet.example/" + "x" * 500}, "venue_url"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"wall_start": "2027-01-05T12:59"}, "date"),
        ({"wall_start": "soon"}, "date"),
        ({"wall_start": "2027-03-28T02:30"}, "time"),
    ],
)
def test_what_can_not_be_used_is_said_beside_its_field(kernel: Kernel, other: dict[str, Any], field: str) -> None:
    cohort = factory.cohort(kernel, learners=1)
    with pytest.raises(Invalid) as refused:
        factory.workshop(kernel, cohort, **other)
    assert list(refused.value.errors) == [field]
    assert notices(kernel, cohort.learners[0]) == []


def test_a_skipped_time_names_the_next_one_and_all_errors_come_at_once(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=0)
    with pytest.raises(Invalid) as refused:
        factory.workshop(kernel, cohort, wall_start="2027-03-28T02:30", title="", minutes=1)
    assert set(refused.value.errors) == {"time", "title", "minutes"}
    assert "03:00" in refused.value.errors["time"][0]


def test_only_who_belongs_leads_a_workshop(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    other = factory.cohort(kernel, learners=1, name="Another")
    for stranger in (make.person(kernel), other.facilitator, new_id()):
        with pytest.raises(Invalid) as refused:
            factory.workshop(kernel, cohort, facilitator_id=stranger)
        assert "facilitator" in refused.value.errors
    factory.workshop(kernel, cohort, facilitator_id=cohort.lead)
    factory.workshop(kernel, cohort, facilitator_id=cohort.learners[0])


def test_who_may_schedule(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    factory.workshop(kernel, cohort, by=cohort.facilitator)
    with pytest.raises(Refused):
        factory.workshop(kernel, cohort, by=cohort.learners[0])
    with pytest.raises(Missing):
        factory.workshop(kernel, cohort, by=make.person(kernel))
    other = factory.cohort(kernel, learners=0, name="Another")
    for stranger in (other.lead, other.facilitator):
        with pytest.raises(Missing):
            factory.workshop(kernel, cohort, by=stranger)


def test_a_form_that_is_sent_twice_schedules_once(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    viewer, chosen = make.viewer(kernel, cohort.lead), new_id()

    def send(_n: int) -> UUID:
        return kernel.commit(
            lambda session: actions.schedule(
                session, viewer=viewer, group_id=cohort.group_id, workshop_id=chosen, **factory.written(cohort)
            )
        ).id

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(4))) == {chosen}
    assert notices(kernel, cohort.learners[0]) == ["workshop-scheduled"]


def test_another_time_asks_everybody_again_and_frees_all_seats(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort, capacity=2)
    for person_id, state in zip(cohort.learners, ("going", "maybe", "declined"), strict=True):
        factory.answer(kernel, workshop_id, person_id, state)
    move(kernel, cohort, workshop_id, 1, capacity=2, wall_start="2027-01-14T17:00")
    stored = factory.stored(kernel, workshop_id)
    assert (stored.sequence, stored.version, stored.going) == (1, 2, 0)
    assert stored.uid == str(workshop_id)
    assert set(factory.answers(kernel, workshop_id).values()) == {"invited"}
    assert notices(kernel, cohort.learners[0]) == ["workshop-scheduled", "workshop-moved"]


def test_the_same_moment_on_another_clock_is_no_other_time(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    factory.answer(kernel, workshop_id, cohort.learners[0])
    move(kernel, cohort, workshop_id, 1, wall_start="2027-01-14T15:00", zone="Europe/Lisbon")
    stored = factory.stored(kernel, workshop_id)
    assert (stored.sequence, stored.going) == (1, 1)
    assert factory.answers(kernel, workshop_id)[cohort.learners[0]] == "going"


@pytest.mark.parametrize(
    ("other", "sequence", "told"),
    [
        ({"venue_url": "https://meet.example/other"}, 1, ["workshop-scheduled", "workshop-moved"]),
        ({"title": "Another title"}, 0, ["workshop-scheduled"]),
        ({"agenda_md": "2. b"}, 0, ["workshop-scheduled"]),
        ({"capacity": 5}, 0, ["workshop-scheduled"]),
        ({}, 0, ["workshop-scheduled"]),
    ],
)
def test_place_raises_the_sequence_and_words_do_not_and_answers_stay(
    kernel: Kernel, other: dict[str, Any], sequence: int, told: list[str]
) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    learner = cohort.learners[1]
    move(kernel, cohort, workshop_id, 1, **other)
    assert factory.stored(kernel, workshop_id).sequence == sequence
    assert factory.stored(kernel, workshop_id).version == (2 if other else 1)
    assert notices(kernel, learner) == told
    factory.answer(kernel, workshop_id, learner)
    move(kernel, cohort, workshop_id, 2 if other else 1, **{**other, "agenda_md": "3. c"})
    assert factory.answers(kernel, workshop_id)[learner] == "going"


def test_fewer_seats_than_people_who_come_are_refused(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort)
    for person_id in cohort.learners[:2]:
        factory.answer(kernel, workshop_id, person_id)
    with pytest.raises(Invalid) as refused:
        move(kernel, cohort, workshop_id, 1, capacity=1)
    assert list(refused.value.errors) == ["capacity"]
    move(kernel, cohort, workshop_id, 1, capacity=2)
    assert factory.stored(kernel, workshop_id).going == 2


def test_who_takes_over_leading_frees_a_seat_and_who_led_is_asked(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort, capacity=1)
    new = cohort.learners[0]
    factory.answer(kernel, workshop_id, new)
    move(kernel, cohort, workshop_id, 1, capacity=1, facilitator_id=new)
    assert factory.stored(kernel, workshop_id).going == 0
    assert factory.answers(kernel, workshop_id) == dict.fromkeys([*cohort.learners[1:], cohort.facilitator], "invited")


def test_a_stale_version_changes_nothing_and_two_at_once_are_one(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)

    def try_move(hour: int) -> str:
        try:
            move(kernel, cohort, workshop_id, 1, wall_start=f"2027-01-14T{hour}:00")
        except Conflict:
            return "conflict"
        return "moved"

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(try_move, range(10, 16)))
    assert sorted(results) == ["conflict"] * 5 + ["moved"]
    assert factory.stored(kernel, workshop_id).version == 2
    assert notices(kernel, cohort.learners[0]) == ["workshop-scheduled", "workshop-moved"]
    with pytest.raises(Conflict):
        cancel(kernel, cohort, workshop_id, 1)


def test_what_is_cancelled_or_begun_is_closed(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    cancelled, begun = factory.workshop(kernel, cohort), factory.workshop(kernel, cohort)
    cancel(kernel, cohort, cancelled, 1)
    assert factory.stored(kernel, cancelled).sequence == 1
    assert notices(kernel, cohort.learners[0])[-1] == "workshop-cancelled"
    with clock.travel(datetime(2027, 1, 14, 15, 0, 1, tzinfo=UTC)):
        for workshop_id, version in ((cancelled, 2), (begun, 1)):
            with pytest.raises(Closed):
                factory.answer(kernel, workshop_id, cohort.learners[0])
            with pytest.raises(Closed):
                cancel(kernel, cohort, workshop_id, version)
            with pytest.raises(Closed):
                move(kernel, cohort, workshop_id, version, title="Later")


def test_only_who_schedules_moves_and_cancels(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    for person_id, refusal in ((cohort.learners[0], Refused), (make.person(kernel), Missing)):
        viewer = make.viewer(kernel, person_id)
        with pytest.raises(refusal):
            kernel.commit(partial(actions.cancel, viewer=viewer, workshop_id=workshop_id, version=1))
        with pytest.raises(refusal):
            kernel.commit(
                partial(actions.move, viewer=viewer, workshop_id=workshop_id, version=1, **factory.written(cohort))
            )
