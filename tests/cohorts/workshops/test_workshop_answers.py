"""Who comes to a workshop: answers and seats, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.kernel.access import Conflict, Invalid, Missing, Refusal
from academy.kernel.app import Kernel
from academy.notices.models import Notice
from cohorts.workshops import actions
from tests.cohorts.workshops.acting import move
from tests.factories import people as make
from tests.factories import workshops as factory

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("january"),
]


def test_answers_change_until_the_start_and_seats_follow(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel)
    workshop_id = factory.workshop(kernel, cohort, capacity=1)
    ana, ben, _ = cohort.learners
    factory.answer(kernel, workshop_id, ana)
    factory.answer(kernel, workshop_id, ana)  # twice is once
    assert factory.stored(kernel, workshop_id).going == 1
    with pytest.raises(Conflict) as full:
        factory.answer(kernel, workshop_id, ben)
    assert "seats are taken" in full.value.detail
    assert factory.answers(kernel, workshop_id)[ben] == "invited"
    factory.answer(kernel, workshop_id, ben, "maybe")
    factory.answer(kernel, workshop_id, ana, "declined")
    factory.answer(kernel, workshop_id, ben)
    assert factory.stored(kernel, workshop_id).going == 1
    assert factory.answers(kernel, workshop_id)[ana] == "declined"


def test_an_answer_reads_the_notice_that_asked(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    factory.answer(kernel, workshop_id, cohort.learners[0], "maybe")
    with kernel.reading() as session:
        (notice,) = session.scalars(select(Notice).where(Notice.person_id == cohort.learners[0]))
    assert notice.read_at is not None


def test_an_answer_to_the_old_time_is_asked_again(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    move(kernel, cohort, workshop_id, 1, wall_start="2027-01-15T16:00")
    with pytest.raises(Conflict):
        factory.answer(kernel, workshop_id, cohort.learners[0], asked=0)
    factory.answer(kernel, workshop_id, cohort.learners[0], asked=1)


def test_who_answers(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    with pytest.raises(Missing):
        factory.answer(kernel, workshop_id, make.person(kernel))
    with pytest.raises(Conflict):
        factory.answer(kernel, workshop_id, cohort.facilitator)
    with pytest.raises(Invalid):
        factory.answer(kernel, workshop_id, cohort.learners[0], "perhaps")
    factory.answer(kernel, workshop_id, cohort.lead)  # the lead of the academy may come, too
    assert factory.stored(kernel, workshop_id).going == 1


def test_the_last_seat_of_fifty_answers_at_once_is_given_once(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=50)
    workshop_id = factory.workshop(kernel, cohort, capacity=7)
    for person_id in cohort.learners[:6]:
        factory.answer(kernel, workshop_id, person_id)
    viewers = [make.viewer(kernel, person_id) for person_id in cohort.learners]

    def go(place: int) -> str:
        try:
            return kernel.commit(
                lambda s: actions.answer(s, viewer=viewers[place], workshop_id=workshop_id, state="going")
            )
        except Conflict:
            return "full"

    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(go, range(50)))
    assert results[:6] == ["going"] * 6  # who had a seat keeps it
    assert sorted(results[6:]) == ["full"] * 43 + ["going"]
    assert list(factory.answers(kernel, workshop_id).values()).count("going") == 7
    assert factory.stored(kernel, workshop_id).going == 7


def test_seats_are_counted_right_while_people_come_and_go(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=12)
    workshop_id = factory.workshop(kernel, cohort, capacity=5)

    def dither(person_id: UUID) -> None:
        for state in ("going", "declined", "going", "maybe", "going"):
            try:
                factory.answer(kernel, workshop_id, person_id, state)
            except Conflict:
                continue

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(dither, cohort.learners))
    going = list(factory.answers(kernel, workshop_id).values()).count("going")
    assert going == factory.stored(kernel, workshop_id).going <= 5


def test_moving_while_people_answer_never_leaves_a_wrong_count(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=10)
    workshop_id = factory.workshop(kernel, cohort, capacity=6)

    def act(place: int) -> None:
        try:
            if place == 5:
                move(kernel, cohort, workshop_id, 1, capacity=6, wall_start="2027-01-14T18:00")
            else:
                factory.answer(kernel, workshop_id, cohort.learners[place % 10])
        except Refusal:
            return

    with ThreadPoolExecutor(11) as pool:
        list(pool.map(act, range(11)))
    going = list(factory.answers(kernel, workshop_id).values()).count("going")
    assert going == factory.stored(kernel, workshop_id).going <= 6
