"""Statements that are built once: the same answers for everybody, at any time, and nothing of one viewer in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, literal, select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.db import ask, keep
from academy.kernel.ids import new_id
from academy.kernel.prepared import Prepared, now
from academy.people.models import Group, GroupKind, Membership, Person, Role
from academy.people.policy import Right, groups_with, own_groups
from tests.factories import people

READABLE = Prepared(lambda viewer: select(Group.name).where(Group.id.in_(groups_with(viewer, Right.READ))))


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_one_statement_answers_each_viewer_by_their_own_rights(kernel: Kernel) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Top")
    first = people.group(kernel, GroupKind.COHORT, "First", top)
    second = people.group(kernel, GroupKind.COHORT, "Second", top)
    ana, ben, cyd = (people.person(kernel, name) for name in ("Ana", "Ben", "Cyd"))
    people.member(kernel, first, ana, Role.LEARNER)
    people.member(kernel, second, ben, Role.MENTOR)
    found = []
    with kernel.reading() as session:
        for person in (ana, ben, cyd, ana):
            viewer = people.viewer(kernel, person)
            found.append(session.scalars(*READABLE(viewer)).all())
    assert found == [["First"], ["Second"], [], ["First"]]


def test_the_time_is_that_of_asking_and_not_of_building(kernel: Kernel) -> None:
    group = people.group(kernel, GroupKind.COHORT, "Cohort")
    ana = people.person(kernel, "Ana")
    viewer = people.viewer(kernel, ana)
    joined = Prepared(lambda _viewer: select(Membership.id).where(Membership.from_at <= now()))
    with clock.travel(datetime.now(UTC) + timedelta(days=2)):
        people.member(kernel, group, ana, Role.LEARNER)
    with kernel.reading() as session:
        assert session.scalars(*joined(viewer)).all() == []
        with clock.travel(datetime.now(UTC) + timedelta(days=3)):
            assert len(session.scalars(*joined(viewer)).all()) == 1


def test_parameters_of_the_statement_itself_are_given_by_name(kernel: Kernel) -> None:
    ana, ben = (people.person(kernel, name) for name in ("Ana", "Ben"))
    others = Prepared(
        lambda viewer: select(Person.name).where(Person.id != viewer.person_id, Person.name == bindparam("name"))
    )
    with kernel.reading() as session:
        assert session.scalars(*others(people.viewer(kernel, ana), name="Ben")).all() == ["Ben"]
        assert session.scalars(*others(people.viewer(kernel, ben), name="Ben")).all() == []


@pytest.mark.parametrize(
    "build",
    [
        lambda _viewer: select(Person.id).where(Person.created_at < clock.now()),
        lambda _viewer: select(Person.id).where(Person.id == new_id()),
        lambda _viewer: select(Person.id).where(Person.id.in_([new_id(), new_id()])),
        lambda _viewer: select(literal(datetime(2026, 1, 1, tzinfo=UTC).date())),
    ],
)
def test_an_instant_or_an_id_that_would_stay_for_ever_is_refused(kernel: Kernel, build: object) -> None:
    viewer = people.viewer(kernel, people.person(kernel, "Ana"))
    with pytest.raises(ValueError, match="make it a parameter"):
        Prepared(build)(viewer)


def test_a_viewers_own_groups_are_a_parameter_too(kernel: Kernel) -> None:
    group = people.group(kernel, GroupKind.COHORT, "Cohort")
    ana, ben = (people.person(kernel, name) for name in ("Ana", "Ben"))
    people.member(kernel, group, ana, Role.MEMBER)
    own = Prepared(lambda viewer: select(Group.name).where(Group.id.in_(own_groups(viewer))))
    with kernel.reading() as session:
        assert session.scalars(*own(people.viewer(kernel, ana))).all() == ["Cohort"]
        assert session.scalars(*own(people.viewer(kernel, ben))).all() == []


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_kept_statement_answers_by_what_it_is_asked_with(kernel: Kernel) -> None:
    ana, ben = (people.person(kernel, name) for name in ("Ana", "Ben"))
    named = keep(select(Person.name).where(Person.id.in_(bindparam("ids", expanding=True))).order_by(Person.name))
    with kernel.reading() as session:
        for ids, names in (([ana], ["Ana"]), ([ana, ben], ["Ana", "Ben"]), ([], []), ([ben], ["Ben"])):
            assert ask(session, named, {"ids": ids}).scalars().all() == names
        assert session.scalars(named, {"ids": [ben]}).all() == ["Ben"]
