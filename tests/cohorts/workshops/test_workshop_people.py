"""Who is asked to workshops as people come and go, and who sees which, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.people import actions as people
from academy.people.models import Role
from cohorts.workshops.models import Rsvp
from cohorts.workshops.queries import listing
from tests.cohorts.workshops.acting import NOW, cancel, notices
from tests.factories import people as make
from tests.factories import workshops as factory

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True),
    pytest.mark.usefixtures("january"),
]


def test_a_newcomer_is_asked_to_what_is_coming_and_to_nothing_else(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    coming = factory.workshop(kernel, cohort)
    past = factory.workshop(kernel, cohort, wall_start="2027-01-05T14:00")
    off = factory.workshop(kernel, cohort)
    cancel(kernel, cohort, off, 1)
    with clock.travel(NOW + timedelta(hours=3)):
        new = factory.learner(kernel, cohort)
        make.member(kernel, cohort.group_id, new, Role.MENTOR)
        analyst = make.member(kernel, cohort.group_id, make.person(kernel), Role.ANALYST)
    assert factory.answers(kernel, coming)[new] == "invited"
    assert notices(kernel, new) == ["workshop-scheduled"]
    assert analyst not in factory.answers(kernel, coming)
    assert new not in factory.answers(kernel, past)
    assert new not in factory.answers(kernel, off)


def leave(kernel: Kernel, group_id: UUID, person_id: UUID, role: str = Role.LEARNER) -> None:
    kernel.commit(lambda s: people.leave(s, group_id=group_id, person_id=person_id, role=role, actor_id=None))


def test_a_leaver_frees_their_seat_and_sees_nothing_more(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=2)
    workshop_id = factory.workshop(kernel, cohort, capacity=1)
    ana, ben = cohort.learners
    factory.answer(kernel, workshop_id, ana)
    leave(kernel, cohort.group_id, ana)
    assert factory.answers(kernel, workshop_id) == {ben: "invited"}
    factory.answer(kernel, workshop_id, ben)
    viewer = make.viewer(kernel, ana)
    with kernel.reading() as session:
        assert listing.workshops_for(session, viewer, clock.now()) == []
        with pytest.raises(Missing):
            listing.workshop_for(session, viewer, workshop_id)
        assert listing.told_of(session, viewer, [workshop_id]) == {}


def test_who_loses_one_of_two_roles_stays_asked(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    ana = cohort.learners[0]
    make.member(kernel, cohort.group_id, ana, Role.MENTOR)
    workshop_id = factory.workshop(kernel, cohort)
    leave(kernel, cohort.group_id, ana)
    assert factory.answers(kernel, workshop_id) == {ana: "invited"}
    leave(kernel, cohort.group_id, ana, Role.MENTOR)
    assert factory.answers(kernel, workshop_id) == {}


def test_a_lead_who_leaves_the_academy_is_off_its_cohorts_workshops(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort, capacity=1)
    factory.answer(kernel, workshop_id, cohort.lead)
    leave(kernel, cohort.academy_id, cohort.lead, Role.LEAD)
    assert factory.stored(kernel, workshop_id).going == 0
    assert factory.answers(kernel, workshop_id) == {cohort.learners[0]: "invited"}


def test_past_workshops_keep_who_came_when_somebody_leaves(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    workshop_id = factory.workshop(kernel, cohort)
    factory.answer(kernel, workshop_id, cohort.learners[0])
    with clock.travel(datetime(2027, 1, 20, tzinfo=UTC)):
        leave(kernel, cohort.group_id, cohort.learners[0])
    assert factory.answers(kernel, workshop_id) == {cohort.learners[0]: "going"}


def test_the_list_is_ones_own_groups_in_order_with_ones_own_answer(kernel: Kernel) -> None:
    cohort, other = factory.cohort(kernel, learners=1), factory.cohort(kernel, learners=1, name="Other")
    later = factory.workshop(kernel, cohort, wall_start="2027-02-01T10:00")
    first = factory.workshop(kernel, cohort, wall_start="2027-01-05T14:00", minutes=120)
    factory.workshop(kernel, other)
    ana = make.viewer(kernel, cohort.learners[0])
    factory.answer(kernel, first, ana.person_id, "maybe")
    with clock.travel(NOW + timedelta(hours=2)), kernel.reading() as session:  # in the middle of the first one
        coming = listing.workshops_for(session, ana, clock.now())
        assert [(w.id, w.answer, w.group_name) for w in coming] == [
            (first, "maybe", "Cohort Kestrel"),
            (later, "invited", "Cohort Kestrel"),
        ]
        assert listing.workshops_for(session, ana) == []
        assert [w.id for w in listing.workshops_for(session, ana, clock.now(), NOW + timedelta(days=7))] == [first]
    with clock.travel(NOW + timedelta(hours=4)), kernel.reading() as session:
        assert [w.id for w in listing.workshops_for(session, ana)] == [first]
        assert session.scalar(select(listing.unanswered(ana))) == 1


def test_a_long_list_comes_in_parts_each_workshop_once_and_in_order(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)
    running = factory.workshop(kernel, cohort, wall_start="2027-01-05T14:00", minutes=120)
    factory.workshop(kernel, cohort, wall_start="2027-01-05T14:00", minutes=10)  # over by then
    same = [factory.workshop(kernel, cohort, wall_start="2027-01-07T10:00") for _ in range(3)]
    last = factory.workshop(kernel, cohort, wall_start="2027-02-01T10:00")
    whole = [running, *sorted(same), last]
    lead, ana = (make.viewer(kernel, who) for who in (cohort.lead, cohort.learners[0]))
    with clock.travel(datetime(2027, 1, 5, 14, tzinfo=UTC)), kernel.reading() as session:
        for viewer in (lead, ana):
            listed, after = [], None
            while found := listing.workshops_for(session, viewer, clock.now(), limit=2, after=after):
                after = found[-1].id
                listed += [line.id for line in found]
            assert listed == whole
            assert [line.id for line in listing.workshops_for(session, viewer, clock.now(), limit=9)] == whole
        group_id = cohort.group_id
        assert [listing.waiting_for(session, who, group_id) for who in (lead, ana)] == [0, 5]
        assert listing.waiting_for(session, ana) == 5
        assert session.scalar(select(listing.unanswered(ana))) == 4, "what has begun is no longer counted beside it"


def test_five_hundred_people_are_asked_quickly(kernel: Kernel) -> None:
    cohort = factory.cohort(kernel, learners=1)

    def many(session: Any) -> None:
        for number in range(500):
            one = people.add_person(session, email=f"many{number}@example.org", name=f"Many {number}")
            people.join(session, group_id=cohort.group_id, person_id=one.id, role=Role.LEARNER, actor_id=None)

    kernel.commit(many)
    statements = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(kernel.database.engine, "before_cursor_execute", count)
    workshop_id = factory.workshop(kernel, cohort)
    event.remove(kernel.database.engine, "before_cursor_execute", count)
    assert len(factory.answers(kernel, workshop_id)) == 501
    assert len(statements) < 60
    with kernel.reading() as session:
        assert len(session.scalars(select(Job.kind).where(Job.kind == "workshops.invite")).all()) == 1
        assert session.scalar(select(Rsvp.asked_sequence).distinct()) == 0
