"""People brought together: their group, their room, and who sees it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from academy.kernel.access import Invalid, Missing
from academy.kernel.paging import Span
from academy.people import actions as people_actions
from academy.people.models import Role
from academy.people.queries import members_for
from forums.spaces.queries.views import space_for
from mentoring.pairs.actions import open_pair, title_of
from mentoring.pairs.models import Pair
from mentoring.pairs.queries import pairs_of, together
from tests.factories import mentoring as make
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def _pair(world, people_in, kind="buddy"):
    return world.kernel.commit(
        lambda s: open_pair(
            s, kind=kind, people=people_in, academy_group_id=world.academy, cohort_group_id=world.cohort
        )
    )


def test_a_pair_is_its_peoples_own_and_no_right_flows_into_it(kernel):
    world = make.world(kernel)
    ana, ben, other = (make.learner(world, name) for name in ("Ana", "Ben", "Chidi"))
    above = people.member(kernel, world.academy, people.person(kernel), Role.LEAD)
    pair = _pair(world, {ana: Role.LEARNER, ben: Role.LEARNER})
    with kernel.reading() as session:
        for person in (ana, ben):
            assert space_for(session, world.viewer(person), pair.space_id).title == "Ana and Ben"
        for person in (other, world.lead, world.admin, above):
            with pytest.raises(Missing):
                space_for(session, world.viewer(person), pair.space_id)
            with pytest.raises(Missing):
                members_for(session, world.viewer(person), pair.group_id, Span())


def test_each_sees_the_others_in_their_pairs(kernel):
    world = make.world(kernel)
    ana, ben, chidi = (make.learner(world, name) for name in ("Ana", "Ben", "Chidi"))
    mentor = make.mentor(world, "Dora")
    trio = _pair(world, {ana: Role.LEARNER, ben: Role.LEARNER, chidi: Role.LEARNER})
    ship = _pair(world, {mentor: Role.MENTOR, ana: Role.LEARNER}, "mentorship")
    with kernel.reading() as session:
        lines = pairs_of(session, world.viewer(ana))
        assert [(line.pair_id, line.kind, [face.name for face in line.others], line.role) for line in lines] == [
            (trio.id, "buddy", ["Ben", "Chidi"], "learner"),
            (ship.id, "mentorship", ["Dora"], "learner"),
        ]
        (line,) = pairs_of(session, world.viewer(mentor))
        assert (line.role, line.space_id, line.cohort_group_id) == ("mentor", ship.space_id, world.cohort)
        assert pairs_of(session, world.viewer(world.lead)) == []


def test_whoever_left_a_pair_was_with_the_others_before(kernel):
    world = make.world(kernel)
    ana, ben, chidi = (make.learner(world, name) for name in ("Ana", "Ben", "Chidi"))
    trio = _pair(world, {ana: Role.LEARNER, ben: Role.LEARNER, chidi: Role.LEARNER})
    kernel.commit(
        lambda s: people_actions.leave(s, group_id=trio.group_id, person_id=chidi, role=Role.LEARNER, actor_id=None)
    )
    with kernel.reading() as session:
        found = together(session, "buddy", [ana])
        assert found.now == {frozenset((ana, ben))}
        assert found.before == {frozenset((ana, chidi)), frozenset((ben, chidi))}
        assert together(session, "mentorship", [ana]).now == frozenset()
        assert pairs_of(session, world.viewer(chidi)) == []


def test_nobody_is_a_pair_alone(kernel):
    world = make.world(kernel)
    ana = make.learner(world)
    with pytest.raises(Invalid):
        _pair(world, {ana: Role.LEARNER})
    with kernel.reading() as session:
        assert session.scalars(select(Pair)).all() == []


def test_long_names_still_make_a_title(database_url):
    assert title_of(["Ana Maria Silva", "ben"]) == "Ana and ben"
    assert len(title_of(["x" * 120, "y" * 120, "z" * 120])) <= 120
