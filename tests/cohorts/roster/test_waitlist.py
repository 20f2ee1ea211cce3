"""Seats and the waitlist: given once, in order, in the transaction in which they come free."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from functools import partial
from types import SimpleNamespace
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import Role
from cohorts.roster import actions, queries
from cohorts.roster.actions import Placed
from cohorts.roster.models import CohortStep
from cohorts.roster.reactions import LETTER, SEAT, WAITLISTED
from tests.factories import cohorts, people
from tests.factories.cohorts import World

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def place(kernel: Kernel, made: World, *who: UUID, role: str = Role.LEARNER) -> Placed:
    lead = people.viewer(kernel, made.lead)
    return kernel.commit(lambda s: actions.place(s, viewer=lead, cohort_id=made.cohort, person_ids=who, role=role))


def remove(kernel: Kernel, made: World, who: UUID, role: str = Role.LEARNER) -> None:
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.remove(s, viewer=lead, cohort_id=made.cohort, person_id=who, role=role))


def edit(kernel: Kernel, made: World, **more: object) -> None:
    lead = people.viewer(kernel, made.lead)
    with kernel.reading() as session:
        now = queries.cohort_for(session, lead, made.cohort)
    values = {"name": now.name, "starts_on": now.starts_on, "zone": now.zone, "seats": now.seats}
    values |= {"agreements": now.agreements, "version": now.version} | more
    kernel.commit(lambda s: actions.edit_cohort(s, viewer=lead, cohort_id=made.cohort, **values))


def close(kernel: Kernel, made: World, version: int = 1) -> None:
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.close_cohort(s, viewer=lead, cohort_id=made.cohort, version=version))


def move_up(kernel: Kernel, made: World, who: UUID, to: int, reason: str = "need") -> None:
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.move_up(s, viewer=lead, cohort_id=made.cohort, person_id=who, to=to, reason=reason))


def learners(kernel: Kernel, made: World) -> set[UUID]:
    with kernel.reading() as session:
        return queries.learners_of(session, made.cohort)


def line(kernel: Kernel, made: World) -> list[UUID]:
    with kernel.reading() as session:
        return [entry.face.id for entry in queries.waitlist_of(session, made.cohort)]


def crowd(kernel: Kernel, number: int) -> list[UUID]:
    return [people.person(kernel) for _ in range(number)]


@BOTH
def test_learners_beyond_the_seats_wait_in_the_order_given(kernel: Kernel):
    made = cohorts.world(kernel, seats=2)
    five = crowd(kernel, 5)
    assert place(kernel, made, *five) == Placed(enrolled=2, waiting=3)
    assert learners(kernel, made) == set(five[:2])
    assert line(kernel, made) == five[2:]
    assert place(kernel, made, *five) == Placed()
    assert line(kernel, made) == five[2:]


def test_mentors_and_facilitators_need_no_seat(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben, cy = crowd(kernel, 3)
    place(kernel, made, ana)
    assert place(kernel, made, ben, role=Role.MENTOR) == Placed(enrolled=1)
    assert place(kernel, made, cy, role=Role.FACILITATOR) == Placed(enrolled=1)
    assert line(kernel, made) == []


@BOTH
def test_a_seat_that_comes_free_goes_to_the_first_who_is_told_here_and_by_mail(
    kernel: Kernel, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    made = cohorts.world(kernel, seats=1)
    ana, ben, cy = crowd(kernel, 3)
    place(kernel, made, ana, ben, cy)
    remove(kernel, made, ana)
    assert learners(kernel, made) == {ben}
    assert line(kernel, made) == [cy]
    with kernel.reading() as session:
        told = session.execute(select(Notice.person_id, Notice.kind).order_by(Notice.id)).all()
        letters = session.scalars(select(Job).where(Job.kind == LETTER)).all()
    assert [tuple(row) for row in told] == [(ben, WAITLISTED), (cy, WAITLISTED), (ben, SEAT)]
    assert [job.payload["person_id"] for job in letters] == [str(ben)]
    sent: list[EmailMessage] = []
    monkeypatch.setattr(kernel, "mail", SimpleNamespace(send=lambda message, _name: sent.append(message)))
    with app.app_context():
        kernel.runner.run_due()
    assert [message["Subject"] for message in sent] == ["You have a seat in Cohort Kestrel"]
    assert f"/cohorts/{encode(made.cohort)}" in sent[0].get_content()


def test_who_leaves_the_cohort_by_any_way_frees_their_seat(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben = crowd(kernel, 2)
    place(kernel, made, ana, ben)
    kernel.commit(
        lambda s: people_actions.leave(s, group_id=made.cohort, person_id=ana, role=Role.LEARNER, actor_id=ana)
    )
    assert learners(kernel, made) == {ben}


def test_a_closed_account_or_somebody_already_inside_does_not_hold_up_the_line(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, gone, ben = crowd(kernel, 3)
    place(kernel, made, ana, gone, ben)
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=gone, at=clock.now(), actor_id=None))
    remove(kernel, made, ana)
    assert learners(kernel, made) == {ben}
    assert line(kernel, made) == []


@BOTH
def test_more_seats_are_given_at_once_and_fewer_take_nobodys(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    four = crowd(kernel, 4)
    place(kernel, made, *four)
    edit(kernel, made, seats=3)
    assert learners(kernel, made) == set(four[:3])
    edit(kernel, made, seats=1)
    assert learners(kernel, made) == set(four[:3])
    remove(kernel, made, four[0])
    assert learners(kernel, made) == set(four[1:3])
    edit(kernel, made, seats=None)
    assert line(kernel, made) == []


def test_a_lead_moves_somebody_up_and_the_ledger_says_why(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben, cy, di = crowd(kernel, 4)
    place(kernel, made, ana, ben, cy, di)
    move_up(kernel, made, di, 1)
    assert line(kernel, made) == [di, ben, cy]
    with kernel.reading() as session:
        [entry] = session.scalars(select(Entry).where(Entry.kind == "WaitlistMoved")).all()
    assert entry.actor_id == made.lead
    assert {k: entry.facts[k] for k in ("before", "after", "reason")} == {"before": 3, "after": 1, "reason": "need"}
    with pytest.raises(Invalid):
        move_up(kernel, made, cy, 1, reason="")
    with pytest.raises(Conflict):
        move_up(kernel, made, di, 2)
    with pytest.raises(Missing):
        move_up(kernel, made, ana, 1)


def test_a_facilitator_enrolls_and_moves_nobody_up(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    fay, (ana, ben, cy) = cohorts.enrolled(kernel, made, role=Role.FACILITATOR), crowd(kernel, 3)
    place(kernel, made, ana, ben, cy)
    viewer = people.viewer(kernel, fay)
    with pytest.raises(Refused):
        kernel.commit(
            lambda s: actions.move_up(s, viewer=viewer, cohort_id=made.cohort, person_id=cy, to=1, reason="need")
        )
    kernel.commit(lambda s: actions.leave_waitlist(s, viewer=viewer, cohort_id=made.cohort, person_id=ben))
    assert line(kernel, made) == [cy]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_fifty_who_ask_at_once_get_each_seat_once_and_the_rest_wait_in_one_line(kernel: Kernel):
    made = cohorts.world(kernel, seats=7)
    fifty = crowd(kernel, 50)
    with ThreadPoolExecutor(50) as pool:
        placed = list(pool.map(lambda person: place(kernel, made, person), fifty))
    assert sum(p.enrolled for p in placed) == 7
    assert sum(p.waiting for p in placed) == 43
    assert len(learners(kernel, made)) == 7
    assert len(set(line(kernel, made))) == 43


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_seats_that_come_free_at_the_same_time_are_each_given_once_while_others_ask(kernel: Kernel):
    made = cohorts.world(kernel, seats=10)
    sixty = crowd(kernel, 60)
    place(kernel, made, *sixty[:40])
    works = [partial(remove, kernel, made, person) for person in sixty[:10]]
    works += [partial(place, kernel, made, person) for person in sixty[40:]]
    works += [partial(edit_seats, kernel, made) for _ in range(20)]
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda work: work(), works))
    assert learners(kernel, made) == set(sixty[10:20])
    waiting = line(kernel, made)
    assert waiting[:20] == sixty[20:40]
    assert set(waiting[20:]) == set(sixty[40:])
    with kernel.reading() as session:
        seats = session.scalars(select(Notice.person_id).where(Notice.kind == SEAT)).all()
    assert sorted(seats) == sorted(sixty[10:20])


def edit_seats(kernel: Kernel, made: World) -> None:
    """Let the lead save the form once more; whoever is slower is told so."""
    try:
        edit(kernel, made, seats=10)
    except Conflict:
        return


operations = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 7)),
    st.tuples(st.just("leave"), st.integers(0, 7)),
    st.tuples(st.just("drop"), st.integers(0, 7)),
    st.tuples(st.just("seats"), st.integers(1, 5)),
    st.tuples(st.just("up"), st.integers(0, 7)),
    st.tuples(st.just("close"), st.just(0)),
    st.tuples(st.just("open"), st.just(0)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(operations, max_size=25), st.integers(1, 3))
def test_whatever_happens_seats_are_kept_and_nobody_overtakes_save_by_the_leads_own_move(
    kernel: Kernel, done: list[tuple[str, int]], seats: int
):
    """Compared, after each operation, with lists kept by hand."""
    made = cohorts.world(kernel, seats=seats)
    eight = crowd(kernel, 8)
    inside: set[UUID] = set()
    waiting: list[UUID] = []
    state, version = "open", 1
    lead = people.viewer(kernel, made.lead)

    def fill() -> None:
        while state == "open" and waiting and len(inside) < seats:
            inside.add(waiting.pop(0))

    for what, number in done:
        who = eight[number]
        try:
            if what == "ask":
                place(kernel, made, who)
                if who not in inside and who not in waiting:
                    waiting.append(who)
            elif what == "leave":
                remove(kernel, made, who)
                inside.remove(who)
            elif what == "drop":
                kernel.commit(
                    lambda s, who=who: actions.leave_waitlist(s, viewer=lead, cohort_id=made.cohort, person_id=who)
                )
                waiting.remove(who)
            elif what == "seats":
                edit(kernel, made, seats=number)
                seats, version = number, version + 1
            elif what == "up":
                move_up(kernel, made, who, 1)
                waiting.remove(who)
                waiting.insert(0, who)
            elif what == "close":
                close(kernel, made, version)
                state, version = "closed", version + 1
            else:
                kernel.commit(
                    lambda s, v=version: actions.open_cohort(s, viewer=lead, cohort_id=made.cohort, version=v)
                )
                state, version = "open", version + 1
        except Closed:
            assert state == "closed"
        except Missing:
            assert who not in inside or what != "leave"
        except Conflict:
            assert what in {"up", "close", "open"}
        fill()
        assert learners(kernel, made) == inside
        assert line(kernel, made) == waiting


@BOTH
def test_a_closed_cohort_enrolls_nobody_keeps_its_history_and_opens_again(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben, cy = crowd(kernel, 3)
    place(kernel, made, ana, ben)
    close(kernel, made)
    with pytest.raises(Closed):
        place(kernel, made, cy)
    remove(kernel, made, ana)
    assert learners(kernel, made) == set()
    with pytest.raises(Conflict):
        close(kernel, made, version=2)
    lead = people.viewer(kernel, made.lead)
    kernel.commit(lambda s: actions.open_cohort(s, viewer=lead, cohort_id=made.cohort, version=2))
    assert learners(kernel, made) == {ben}
    with kernel.reading() as session:
        steps = session.execute(select(CohortStep.before, CohortStep.after).order_by(CohortStep.id)).all()
    assert [tuple(step) for step in steps] == [("open", "closed"), ("closed", "open")]


def test_somebody_changes_their_role_and_a_learners_seat_goes_on(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben = crowd(kernel, 2)
    place(kernel, made, ana, ben)
    lead = people.viewer(kernel, made.lead)

    def change(who: UUID, role: str, to: str) -> None:
        kernel.commit(
            lambda s: actions.change_role(s, viewer=lead, cohort_id=made.cohort, person_id=who, role=role, to=to)
        )

    change(ana, Role.LEARNER, Role.MENTOR)
    assert learners(kernel, made) == {ben}
    with pytest.raises(Conflict):
        change(ana, Role.MENTOR, Role.LEARNER)
    assert line(kernel, made) == []
    assert people.viewer(kernel, ana).roles[made.cohort] == {Role.MENTOR}


def test_a_joiner_by_link_gets_a_seat_or_a_place_in_line(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    ana, ben = crowd(kernel, 2)
    lead = people.viewer(kernel, made.lead)

    def admit(who: UUID) -> bool:
        return kernel.commit(
            lambda s: actions.admit(s, by=lead, group_id=made.cohort, person_id=who, role=Role.LEARNER)
        )

    assert [admit(who) for who in (ana, ben, ben)] == [True, True, False]
    assert (learners(kernel, made), line(kernel, made)) == ({ana}, [ben])


def test_who_waits_for_a_seat_does_not_lose_a_role_for_none(kernel: Kernel):
    made = cohorts.world(kernel, seats=1)
    first, mentor = crowd(kernel, 2)
    place(kernel, made, first, mentor)
    place(kernel, made, mentor, role=Role.MENTOR)
    lead = people.viewer(kernel, made.lead)
    turn = {"viewer": lead, "cohort_id": made.cohort, "person_id": mentor, "role": Role.MENTOR, "to": Role.LEARNER}
    with pytest.raises(Conflict, match="No seat is free"):
        kernel.commit(lambda s: actions.change_role(s, **turn))
    assert people.viewer(kernel, mentor).roles[made.cohort] == {Role.MENTOR}
    assert line(kernel, made) == [mentor]
