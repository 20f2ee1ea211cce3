"""Who gives and ends which role: appointing without holding, never oneself, never without an admin."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.administration import actions
from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing, Refusal, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people import queries
from academy.people.models import GroupKind, Person, Role
from academy.people.policy import RIGHTS, Right
from tests.conftest import proved
from tests.factories import people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


class House:
    """An organization with one academy and two admins."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
        self.academy = people.group(kernel, GroupKind.ACADEMY, "North", self.top)
        self.ann = people.member(kernel, self.top, people.person(kernel, "Ann"), Role.ADMIN)
        self.bob = people.member(kernel, self.top, people.person(kernel, "Bob"), Role.ADMIN)
        self.priya = people.person(kernel, "Priya")

    def give(self, who: UUID, person: UUID, role: str, group: UUID | None = None) -> bool:
        me = people.viewer(self.kernel, who)
        return self.kernel.commit(
            lambda s: actions.give_role(s, viewer=me, group_id=group or self.academy, person_id=person, role=role)
        )

    def end(self, who: UUID, person: UUID, role: str, group: UUID | None = None) -> None:
        me = people.viewer(self.kernel, who)
        self.kernel.commit(
            lambda s: actions.end_role(s, viewer=me, group_id=group or self.academy, person_id=person, role=role)
        )

    def roles(self, person: UUID) -> dict[UUID, frozenset[str]]:
        with self.kernel.reading() as session:
            return queries.roles_of(session, person)

    def told(self, person: UUID) -> list[str]:
        with self.kernel.reading() as session:
            return list(session.scalars(select(Notice.kind).where(Notice.person_id == person)))


@pytest.fixture
def house(kernel: Kernel) -> House:
    return House(kernel)


def test_an_admin_appoints_a_lead_though_an_admin_reads_no_room(house: House) -> None:
    assert Right.READ not in RIGHTS[Role.ADMIN]
    assert house.give(house.ann, house.priya, Role.LEAD) is True
    assert house.roles(house.priya) == {house.academy: frozenset({Role.LEAD})}
    assert house.give(house.ann, house.priya, Role.LEAD) is False


def test_an_admin_never_appoints_themselves(house: House) -> None:
    with pytest.raises(Refused):
        house.give(house.ann, house.ann, Role.LEAD)
    assert house.give(house.bob, house.ann, Role.LEAD) is True


def test_who_is_appointed_and_every_other_admin_is_told(house: House) -> None:
    house.give(house.ann, house.priya, Role.LEAD)
    assert house.told(house.priya) == ["administration.given"]
    assert house.told(house.bob) == ["administration.others"]
    assert house.told(house.ann) == []
    house.end(house.bob, house.priya, Role.LEAD)
    assert house.told(house.priya) == ["administration.given", "administration.ended"]
    assert house.told(house.ann) == ["administration.others"]


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.LEARNER, Role.MENTOR, "owner"])
def test_only_some_roles_are_given_in_an_academy(house: House, role: str) -> None:
    with pytest.raises(Invalid):
        house.give(house.ann, house.priya, role)


def test_nothing_is_given_in_a_cohort_or_a_pair(house: House, kernel: Kernel) -> None:
    for kind in (GroupKind.COHORT, GroupKind.PAIR):
        group = people.group(kernel, kind, "Below", house.academy)
        with pytest.raises((Invalid, Missing)):
            house.give(house.ann, house.priya, Role.LEAD, group)
        people.member(kernel, group, house.priya, Role.LEARNER)
        with pytest.raises(Missing):
            house.end(house.ann, house.priya, Role.LEARNER, group)


def test_a_lead_administers_nothing(house: House) -> None:
    house.give(house.ann, house.priya, Role.LEAD)
    for person in (house.priya, people.person(house.kernel, "Cleo")):
        with pytest.raises(Missing):
            house.give(person, house.bob, Role.LEAD)


def test_an_admin_who_was_just_dismissed_appoints_nobody(house: House) -> None:
    stale = people.viewer(house.kernel, house.bob)
    house.end(house.ann, house.bob, Role.ADMIN, house.top)
    with pytest.raises(Missing):
        house.kernel.commit(
            lambda s: actions.give_role(s, viewer=stale, group_id=house.academy, person_id=house.priya, role=Role.LEAD)
        )


def test_nobody_whose_account_is_closed_is_appointed(house: House) -> None:
    me = people.viewer(house.kernel, house.ann)
    house.kernel.commit(lambda s: actions.close_account(s, viewer=me, person_id=house.priya))
    with pytest.raises(Missing):
        house.give(house.ann, house.priya, Role.LEAD)


def test_the_last_admin_is_neither_dismissed_nor_closed_out(house: House) -> None:
    house.end(house.ann, house.bob, Role.ADMIN, house.top)
    with pytest.raises(Conflict, match="last admin"):
        house.end(house.ann, house.ann, Role.ADMIN, house.top)
    with pytest.raises(Conflict, match="last admin"):
        house.kernel.commit(lambda s: people_actions.deactivate(s, person_id=house.ann, at=clock.now(), actor_id=None))


def test_the_last_admin_reads_why_under_a_heading_that_blames_nobody(
    house: House, client_of: Callable[[UUID], FlaskClient]
) -> None:
    house.end(house.ann, house.bob, Role.ADMIN, house.top)
    held = {"group": encode(house.top), "person": encode(house.ann), "role": "admin"}
    answer = proved(client_of(house.ann)).post("/admin/roles/end", data=held)
    assert (answer.status_code, "This is the last admin." in answer.text) == (409, True)
    assert re.findall("<h1[^>]*>([^<]*)", answer.text) == ["That can&#39;t be done yet"]


def at_once(*deeds: Callable[[], object]) -> list[str]:
    """Do all at the same time; return what became of each."""
    start = threading.Barrier(len(deeds))
    found: list[str] = []

    def go(deed: Callable[[], object]) -> None:
        start.wait(10)
        try:
            deed()
        except Refusal as refusal:
            found.append(refusal.code)
        else:
            found.append("done")

    threads = [threading.Thread(target=go, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(found)


@BOTH
@pytest.mark.parametrize("how", ["dismiss", "close"])
def test_two_admins_who_remove_each_other_at_once_leave_one(house: House, how: str) -> None:
    ann, bob = (people.viewer(house.kernel, who) for who in (house.ann, house.bob))

    def remove(me, other):
        if how == "close":
            return lambda: house.kernel.commit(lambda s: actions.close_account(s, viewer=me, person_id=other))
        return lambda: house.kernel.commit(
            lambda s: actions.end_role(s, viewer=me, group_id=house.top, person_id=other, role=Role.ADMIN)
        )

    found = at_once(remove(ann, house.bob), remove(bob, house.ann))
    assert found.count("done") == 1, found
    with house.kernel.reading() as session:
        open_admins = session.scalars(
            select(Person.id).where(Person.id.in_([house.ann, house.bob]), Person.deactivated_at.is_(None))
        ).all()
    assert [who for who in open_admins if Role.ADMIN in house.roles(who).get(house.top, frozenset())]


@BOTH
def test_two_changes_of_managers_at_once_close_no_circle(house: House) -> None:
    me = people.viewer(house.kernel, house.ann)

    def set_manager(person: UUID, manager: UUID) -> Callable[[], object]:
        return lambda: house.kernel.commit(
            lambda s: actions.set_manager(s, viewer=me, person_id=person, manager_id=manager)
        )

    found = at_once(set_manager(house.bob, house.priya), set_manager(house.priya, house.bob))
    assert found == ["done", "invalid"]


def test_a_circle_of_managers_over_others_is_refused(house: House) -> None:
    me = people.viewer(house.kernel, house.ann)
    for person, manager in ((house.bob, house.priya), (house.ann, house.bob)):
        house.kernel.commit(lambda s, p=person, m=manager: actions.set_manager(s, viewer=me, person_id=p, manager_id=m))
    with pytest.raises(Invalid):
        house.kernel.commit(lambda s: actions.set_manager(s, viewer=me, person_id=house.priya, manager_id=house.ann))


def test_a_closed_account_can_be_opened_again_and_nobody_closes_their_own(house: House) -> None:
    me = people.viewer(house.kernel, house.ann)
    house.kernel.commit(lambda s: actions.close_account(s, viewer=me, person_id=house.priya))
    with house.kernel.reading() as session:
        assert session.get_one(Person, house.priya).deactivated_at is not None
    house.kernel.commit(lambda s: actions.reopen_account(s, viewer=me, person_id=house.priya))
    with house.kernel.reading() as session:
        assert session.get_one(Person, house.priya).deactivated_at is None
    with pytest.raises(Conflict):
        house.kernel.commit(lambda s: actions.close_account(s, viewer=me, person_id=house.ann))


def test_the_page_of_roles_says_what_the_code_does() -> None:
    page = (Path(__file__).parents[3] / "docs" / "roles.md").read_text("utf-8")
    columns = [Role.LEARNER, Role.MENTOR, Role.FACILITATOR, Role.LEAD, Role.ADMIN, Role.ANALYST]
    told = {
        match[1]: [cell.strip() == "yes" for cell in match[2].split("|")]
        for match in re.finditer(r"^\| `([a-z]+:[a-z]+)` \|(.+)\|$", page, re.MULTILINE)
    }
    assert told == {right.value: [right in RIGHTS[role] for role in columns] for right in Right}
