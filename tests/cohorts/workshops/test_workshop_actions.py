"""What people do with workshops, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refusal, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people
from academy.people.models import Role
from cohorts.workshops import actions, queries
from cohorts.workshops.models import Rsvp, Workshop
from tests.factories import people as make
from tests.factories import workshops as factory

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _january() -> Any:
    with clock.travel(NOW):
        yield


def move(kernel: Kernel, of: factory.Cohort, workshop_id: UUID, version: int, **other: Any) -> Workshop:
    viewer = make.viewer(kernel, of.lead)
    return kernel.commit(
        lambda session: actions.move(
            session, viewer=viewer, workshop_id=workshop_id, version=version, **factory.written(of, **other)
        )
    )


def cancel(kernel: Kernel, of: factory.Cohort, workshop_id: UUID, version: int) -> None:
    viewer = make.viewer(kernel, of.lead)
    kernel.commit(lambda s: actions.cancel(s, viewer=viewer, workshop_id=workshop_id, version=version))


def notices(kernel: Kernel, person_id: UUID) -> list[str]:
    with kernel.reading() as session:
        return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)))


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
        assert queries.workshops_for(session, viewer, clock.now()) == []
        with pytest.raises(Missing):
            queries.workshop_for(session, viewer, workshop_id)
        assert queries.told_of(session, viewer, [workshop_id]) == {}


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
        coming = queries.workshops_for(session, ana, clock.now())
        assert [(w.id, w.answer, w.group_name) for w in coming] == [
            (first, "maybe", "Cohort Kestrel"),
            (later, "invited", "Cohort Kestrel"),
        ]
        assert queries.workshops_for(session, ana) == []
        assert [w.id for w in queries.workshops_for(session, ana, clock.now(), NOW + timedelta(days=7))] == [first]
    with clock.travel(NOW + timedelta(hours=4)), kernel.reading() as session:
        assert [w.id for w in queries.workshops_for(session, ana)] == [first]
        assert session.scalar(select(queries.unanswered(ana))) == 1


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
