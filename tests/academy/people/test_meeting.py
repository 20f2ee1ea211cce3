"""Whom one may meet, however many: gathered from their groups or tried one by one, it is the same people."""

from __future__ import annotations

import random
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Conflict, Missing
from academy.kernel.app import Kernel
from academy.kernel.paging import Span
from academy.kernel.viewer import Viewer
from academy.people import actions, queries
from academy.people.models import Group, GroupKind, Person, Role
from academy.people.policy import Right, groups_of, groups_with, reaches
from cohorts.home import queries as home
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def everybody(kernel: Kernel) -> list[UUID]:
    """Make an organization in which everybody is something somewhere, or was, or has left, or is in no group."""
    chosen = random.Random(7)
    top = people.group(kernel, GroupKind.ORGANIZATION)
    academies = [people.group(kernel, GroupKind.ACADEMY, parent=top) for _ in range(2)]
    cohorts = [people.group(kernel, GroupKind.COHORT, parent=one) for one in [*academies, academies[0]]]
    pairs = [people.group(kernel, GroupKind.PAIR, parent=one) for one in cohorts]
    elsewhere = people.group(kernel, GroupKind.COHORT)
    found = [people.person(kernel, f"Person {number:02}") for number in range(24)]
    places = [top, *academies, *cohorts, *pairs, elsewhere]
    for who in found[:-1]:
        for where in chosen.sample(places, chosen.choice([1, 1, 2, 3])):
            role = chosen.choice(list(Role))
            people.member(kernel, where, who, role)
            if chosen.random() < 0.2:
                kernel.commit(lambda s, g=where, p=who, r=role: end(s, g, p, r))
    kernel.commit(lambda s: actions.deactivate(s, person_id=found[3], at=clock.now(), actor_id=None))
    return found


def end(session: Session, group_id: UUID, person_id: UUID, role: str) -> None:
    with suppress(Conflict):  # the last admin stays
        actions.leave(session, group_id=group_id, person_id=person_id, role=role, actor_id=None)


def names(session: Session, viewer: Viewer, found: list[UUID]) -> list[list[str]]:
    """Return the names that each way of asking finds."""
    neighbours, more = home.neighbours_for(session, viewer)
    assert more is None
    named, _ = home.neighbours_for(session, viewer, wanted="PERSON 1")
    listed = queries.people_for(session, viewer, Span(limit=50)).items
    searched = queries.people_for(session, viewer, Span(limit=50), words="1 person").items
    faces = []
    for person_id in found:
        try:
            faces.append(queries.face_for(session, viewer, person_id).name)
        except Missing:
            continue
    return [
        [one.face.name for one in neighbours],
        [one.face.name for one in named],
        sorted(one.name for one in listed),
        sorted(one.name for one in searched),
        faces,
    ]


def test_whom_one_meets_is_the_same_gathered_or_tried_one_by_one(
    kernel: Kernel, everybody: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for person_id in everybody:
        viewer = people.viewer(kernel, person_id)
        with kernel.reading() as session:
            gathered = names(session, viewer, everybody)
            with monkeypatch.context() as patched:
                patched.setattr(queries, "FEW", -1)
                assert not queries.meets_few(session, viewer)
                assert names(session, viewer, everybody) == gathered
        seen.add(len(gathered[0]))
    assert min(seen) == 0
    assert max(seen) > 10


def test_a_right_reaches_the_groups_that_are_selected_by_it(kernel: Kernel, everybody: list[UUID]) -> None:
    reached = 0
    for person_id in everybody:
        viewer = people.viewer(kernel, person_id)
        for right in (Right.MEET, Right.READ, Right.SETTLE, Right.MENTOR):
            with kernel.reading() as session:
                one_by_one = set(session.scalars(select(Group.id).where(reaches(viewer, right, Group.id))))
                assert one_by_one == set(session.scalars(groups_with(viewer, right)))
                for far in (True, False):
                    some = set(
                        session.scalars(groups_of(viewer, right, [GroupKind.ACADEMY, GroupKind.COHORT], far=far))
                    )
                    kinds = {row.id: row.kind for row in session.execute(select(Group.id, Group.kind))}
                    assert some == {one for one in one_by_one if kinds[one] in {"academy", "cohort"}}
            reached += len(one_by_one)
    assert reached > 50


def test_whom_somebody_meets_is_counted_until_it_is_many(
    kernel: Kernel, everybody: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    group, ana = people.group(kernel), people.person(kernel, "Ana")
    for who in (ana, everybody[0], everybody[1]):
        people.member(kernel, group, who)
    viewer = people.viewer(kernel, ana)
    with kernel.reading() as session:
        assert session.scalar(select(Person.id).where(Person.id == ana)) == ana
        for few, is_few in ((3, True), (2, False)):
            monkeypatch.setattr(queries, "FEW", few)
            assert queries.meets_few(session, viewer) is is_few
