"""Who may do what: the table, how rights flow down the tree of groups, and what nobody may do."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.access import Conflict, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.people import actions, policy, queries
from academy.people.models import GroupKind, Membership, Role
from academy.people.policy import Right
from tests.factories import people

# Written by hand from the table of who may do what; never computed from the policy.
#                        meet learn read post mod  att  sched create roster enroll prop mentor author keep settle gaps need offer
TABLE = {
    "learner": ("x   x    x    x    -    x    -    -     -      -     -     -    -      -    -      -    -    -"),
    "mentor": ("x   x    x    x    -    x    -    -     -      -     -     x    -      -    -      -    -    -"),
    "facilitator": ("x   x    x    x    x    x    x    -     x      x     x     -    -      -    -      x    -    -"),
    "lead": ("x   x    x    x    x    x    x    x     x      x     x     -    x      -    -      x    x    x"),
    "admin": ("x   -    -    -    -    -    -    x     x      x     -     -    x      x    x      -    x    -"),
    "analyst": ("x   -    -    -    -    -    -    -     -      -     -     -    -      -    -      -    -    -"),
    "member": ("-   -    -    -    -    -    -    -     -      -     -     -    -      -    -      -    -    -"),
}
COLUMNS = (
    "people:meet",
    "tracks:learn",
    "forums:read",
    "forums:post",
    "forums:moderate",
    "workshops:attend",
    "workshops:schedule",
    "cohorts:create",
    "cohorts:roster",
    "cohorts:enroll",
    "matches:propose",
    "matches:mentor",
    "tracks:author",
    "skills:keep",
    "people:settle",
    "careers:gaps",
    "careers:need",
    "careers:offer",
)


@dataclass
class Street:
    organization: UUID
    academy: UUID
    other_academy: UUID
    cohort: UUID
    pair: UUID


@pytest.fixture
def street(kernel: Kernel) -> Street:
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Northwind")
    academy = people.group(kernel, GroupKind.ACADEMY, "Leadership", organization)
    other = people.group(kernel, GroupKind.ACADEMY, "Data", organization)
    cohort = people.group(kernel, GroupKind.COHORT, "Kestrel", academy)
    pair = people.group(kernel, GroupKind.PAIR, "", academy)
    return Street(organization, academy, other, cohort, pair)


def rights(kernel: Kernel, person: UUID, group: UUID) -> set[str]:
    viewer = people.viewer(kernel, person)
    with kernel.reading() as session:
        path = queries.path_of(session, group)
        one_by_one = {str(r) for r in Right if policy.may(viewer, r, path)}
        as_sql = {str(r) for r in Right if group in session.scalars(policy.groups_with(viewer, r)).all()}
    assert one_by_one == as_sql  # the two ways of asking never differ
    return one_by_one


@pytest.mark.parametrize("role", TABLE)
def test_a_role_carries_the_rights_of_the_table_and_no_other(kernel: Kernel, street: Street, role: str) -> None:
    ana = people.member(kernel, street.cohort, people.person(kernel), role)
    marks = TABLE[role].split()
    assert len(marks) == len(COLUMNS) == len(Right)
    assert rights(kernel, ana, street.cohort) == {
        name for name, mark in zip(COLUMNS, marks, strict=True) if mark == "x"
    }


def test_every_role_stands_in_the_table() -> None:
    assert {str(role) for role in Role} == set(TABLE)
    assert {str(right) for right in Right} == set(COLUMNS)


def test_rights_flow_down_the_tree(kernel: Kernel, street: Street) -> None:
    lead = people.member(kernel, street.organization, people.person(kernel), Role.LEAD)
    assert "workshops:schedule" in rights(kernel, lead, street.academy)
    assert "workshops:schedule" in rights(kernel, lead, street.cohort)


def test_rights_do_not_flow_up_or_sideways(kernel: Kernel, street: Street) -> None:
    lead = people.member(kernel, street.academy, people.person(kernel), Role.LEAD)
    assert rights(kernel, lead, street.organization) == set()
    assert rights(kernel, lead, street.other_academy) == set()


@pytest.mark.parametrize("role", TABLE)
@pytest.mark.parametrize("where", ["organization", "academy"])
def test_no_right_flows_into_a_pair(kernel: Kernel, street: Street, role: str, where: str) -> None:
    ana = people.member(kernel, getattr(street, where), people.person(kernel), role)
    assert rights(kernel, ana, street.pair) == set()


def test_the_two_of_a_pair_have_their_own_rights_in_it(kernel: Kernel, street: Street) -> None:
    ana = people.member(kernel, street.pair, people.person(kernel), Role.LEARNER)
    assert {"forums:read", "forums:post", "people:meet"} <= rights(kernel, ana, street.pair)
    assert rights(kernel, ana, street.academy) == set()


def test_somebody_may_be_a_learner_here_and_a_facilitator_there(kernel: Kernel, street: Street) -> None:
    other = people.group(kernel, GroupKind.COHORT, "Heron", street.academy)
    ana = people.member(kernel, street.cohort, people.person(kernel), Role.LEARNER)
    people.member(kernel, other, ana, Role.FACILITATOR)
    assert "workshops:schedule" not in rights(kernel, ana, street.cohort)
    assert "workshops:schedule" in rights(kernel, ana, other)


def test_a_role_that_ended_carries_nothing(kernel: Kernel, street: Street) -> None:
    ana = people.member(kernel, street.cohort, people.person(kernel), Role.LEARNER)
    kernel.commit(lambda s: actions.leave(s, group_id=street.cohort, person_id=ana, role=Role.LEARNER, actor_id=None))
    assert rights(kernel, ana, street.cohort) == set()


def test_what_one_may_not_do_is_refused_and_what_one_may_not_know_of_is_missing(kernel: Kernel, street: Street) -> None:
    learner = people.viewer(kernel, people.member(kernel, street.cohort, people.person(kernel)))
    outsider = people.viewer(kernel, people.person(kernel))
    with kernel.reading() as session:
        with pytest.raises(Refused):
            queries.demand(session, learner, Right.ENROLL, street.cohort)
        with pytest.raises(Missing):
            queries.demand(session, outsider, Right.ENROLL, street.cohort)
        with pytest.raises(Missing):
            queries.demand(session, learner, Right.MEET, new_id())
        queries.demand(session, learner, Right.POST, street.cohort)


# Who may make whom what in their own cohort; by hand.
GRANTS = {
    "learner": set(),
    "mentor": set(),
    "facilitator": {"member", "learner", "mentor", "facilitator", "analyst"},
    "lead": {"member", "learner", "mentor", "facilitator", "lead", "analyst"},
    "admin": {"member", "learner", "mentor", "admin", "analyst"},
    "analyst": set(),
    "member": set(),
}


@pytest.mark.parametrize("role", GRANTS)
def test_nobody_grants_a_right_they_lack(kernel: Kernel, street: Street, role: str) -> None:
    viewer = people.viewer(kernel, people.member(kernel, street.cohort, people.person(kernel), role))
    with kernel.reading() as session:
        path = queries.path_of(session, street.cohort)
        above = queries.path_of(session, street.academy)
    assert {str(r) for r in Role if policy.grantable(viewer, r, path)} == GRANTS[role]
    assert not any(policy.grantable(viewer, r, above) for r in Role)
    assert not policy.grantable(viewer, "emperor", path)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
class TestTheLastAdmin:
    def admins(self, kernel: Kernel, group: UUID) -> int:
        with kernel.reading() as session:
            open_ones = select(Membership.id).where(
                Membership.group_id == group, Membership.role == "admin", Membership.until_at.is_(None)
            )
            return len(session.scalars(open_ones).all())

    def test_stays(self, kernel: Kernel, street: Street) -> None:
        ana = people.member(kernel, street.organization, people.person(kernel), Role.ADMIN)
        with pytest.raises(Conflict):
            kernel.commit(
                lambda s: actions.leave(s, group_id=street.organization, person_id=ana, role="admin", actor_id=ana)
            )
        assert self.admins(kernel, street.organization) == 1

    def test_may_go_once_there_is_another(self, kernel: Kernel, street: Street) -> None:
        ana = people.member(kernel, street.organization, people.person(kernel), Role.ADMIN)
        people.member(kernel, street.organization, people.person(kernel), Role.ADMIN)
        kernel.commit(
            lambda s: actions.leave(s, group_id=street.organization, person_id=ana, role="admin", actor_id=ana)
        )
        assert self.admins(kernel, street.organization) == 1

    def test_does_not_count_on_an_admin_whose_account_is_closed(self, kernel: Kernel, street: Street) -> None:
        ana = people.member(kernel, street.organization, people.person(kernel), Role.ADMIN)
        ben = people.member(kernel, street.organization, people.person(kernel), Role.ADMIN)
        kernel.commit(lambda s: actions.deactivate(s, person_id=ben, at=clock.now(), actor_id=None))
        with pytest.raises(Conflict):
            kernel.commit(
                lambda s: actions.leave(s, group_id=street.organization, person_id=ana, role="admin", actor_id=ana)
            )
        with pytest.raises(Conflict):
            kernel.commit(lambda s: actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))

    def test_is_left_when_two_go_at_once(self, kernel: Kernel, street: Street) -> None:
        two = [people.member(kernel, street.organization, people.person(kernel), Role.ADMIN) for _ in range(2)]
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def go(person: UUID) -> None:
            start.wait(10)
            try:
                kernel.commit(
                    lambda s: actions.leave(
                        s, group_id=street.organization, person_id=person, role="admin", actor_id=person
                    )
                )
                outcomes.append("gone")
            except Conflict:
                outcomes.append("stays")

        threads = [threading.Thread(target=go, args=(person,)) for person in two]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes) == ["gone", "stays"]
        assert self.admins(kernel, street.organization) == 1
