"""Groups: the tree, who is in them, and who may meet whom."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import new_id
from academy.kernel.ledger import Entry
from academy.kernel.paging import Span
from academy.people import actions, queries
from academy.people.models import GroupKind, Membership, Role
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def join(kernel: Kernel, group: UUID, person: UUID, role: str = Role.LEARNER) -> bool:
    return kernel.commit(lambda s: actions.join(s, group_id=group, person_id=person, role=role, actor_id=None))


def open_rows(kernel: Kernel, group: UUID, person: UUID) -> int:
    with kernel.reading() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Membership)
                .where(Membership.group_id == group, Membership.person_id == person, Membership.until_at.is_(None))
            )
            or 0
        )


def test_a_group_knows_all_that_is_above_it(kernel: Kernel) -> None:
    top = people.group(kernel, GroupKind.ORGANIZATION)
    middle = people.group(kernel, GroupKind.ACADEMY, parent=top)
    leaf = people.group(kernel, GroupKind.COHORT, parent=middle)
    with kernel.reading() as session:
        assert sorted(queries.path_of(session, leaf), key=lambda step: step[2]) == [
            (leaf, "cohort", 0),
            (middle, "cohort", 1),
            (top, "cohort", 2),
        ]
        assert queries.path_of(session, new_id()) == []


def test_joining_twice_is_joining_once(kernel: Kernel) -> None:
    group, ana = people.group(kernel), people.person(kernel)
    assert [join(kernel, group, ana), join(kernel, group, ana)] == [True, False]
    assert open_rows(kernel, group, ana) == 1


def test_joining_twice_at_once_is_joining_once(kernel: Kernel) -> None:
    group, ana = people.group(kernel), people.person(kernel)
    start = threading.Barrier(4)
    news: list[bool] = []

    def go() -> None:
        start.wait(10)
        news.append(join(kernel, group, ana))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(news) == [False, False, False, True]
    assert open_rows(kernel, group, ana) == 1


def test_who_left_may_join_again_and_the_past_is_kept(kernel: Kernel) -> None:
    group, ana = people.group(kernel), people.person(kernel)
    join(kernel, group, ana)
    kernel.commit(lambda s: actions.leave(s, group_id=group, person_id=ana, role=Role.LEARNER, actor_id=None))
    assert join(kernel, group, ana) is True
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 2
    assert open_rows(kernel, group, ana) == 1


def test_leaving_a_role_that_one_does_not_have_is_missing(kernel: Kernel) -> None:
    group, ana = people.group(kernel), people.person(kernel)
    join(kernel, group, ana)
    with pytest.raises(Missing):
        kernel.commit(lambda s: actions.leave(s, group_id=group, person_id=ana, role=Role.LEAD, actor_id=None))
    with pytest.raises(Missing):
        join(kernel, new_id(), ana)


def test_joining_and_leaving_stand_in_the_ledger(kernel: Kernel) -> None:
    group, ana, lead = people.group(kernel), people.person(kernel), people.person(kernel)
    kernel.commit(lambda s: actions.join(s, group_id=group, person_id=ana, role="learner", actor_id=lead))
    kernel.commit(lambda s: actions.leave(s, group_id=group, person_id=ana, role="learner", actor_id=lead))
    with kernel.reading() as session:
        rows = session.execute(select(Entry.kind, Entry.facts).where(Entry.actor_id == lead).order_by(Entry.id)).all()
    facts = {"group_id": str(group), "person_id": str(ana), "role": "learner"}
    assert sorted(tuple(row) for row in rows if row.kind == "MemberJoined") == [("MemberJoined", facts)]
    assert [row.facts for row in rows if row.kind == "MemberLeft"] == [facts]


def test_members_are_those_of_now_by_name(kernel: Kernel) -> None:
    group = people.group(kernel)
    zoe, ana, gone = (people.person(kernel, name) for name in ("Zoe", "Ana", "Gone"))
    for person in (zoe, ana, gone):
        join(kernel, group, person)
    join(kernel, group, ana, Role.FACILITATOR)
    kernel.commit(lambda s: actions.leave(s, group_id=group, person_id=gone, role="learner", actor_id=None))
    with kernel.reading() as session:
        found = queries.members_of(session, group)
    assert [m.face.name for m in found] == ["Ana", "Ana", "Zoe"]
    assert sorted(m.role for m in found[:2]) == ["facilitator", "learner"]


def test_people_meet_in_a_group_and_nobody_else_does(kernel: Kernel) -> None:
    kestrel, heron = people.group(kernel, name="Kestrel"), people.group(kernel, name="Heron")
    ana, ben, eve = (people.person(kernel, name) for name in ("Ana", "Ben", "Eve"))
    join(kernel, kestrel, ana)
    join(kernel, kestrel, ben)
    join(kernel, heron, eve)
    viewer = people.viewer(kernel, ana)
    with kernel.reading() as session:
        assert [f.name for f in queries.people_for(session, viewer, Span()).items] == ["Ben"]
        assert queries.face_for(session, viewer, ben).name == "Ben"
        assert queries.face_for(session, viewer, ana).name == "Ana"
        for unknown in (eve, new_id()):
            with pytest.raises(Missing):
                queries.face_for(session, viewer, unknown)


def test_a_closed_account_is_met_no_more_and_signs_in_no_more(kernel: Kernel) -> None:
    group = people.group(kernel)
    ana, ben = people.person(kernel, "Ana"), people.person(kernel, "Ben", email="ben@example.org")
    join(kernel, group, ana)
    join(kernel, group, ben)
    kernel.commit(lambda s: actions.deactivate(s, person_id=ben, at=clock.now(), actor_id=None))
    with kernel.reading() as session:
        assert queries.people_for(session, people.viewer(kernel, ana), Span()).items == []
        assert queries.account_of(session, "ben@example.org") is None
        assert queries.addresses_of(session, [ben]) == {}


def test_an_address_is_one_whatever_its_letters(kernel: Kernel) -> None:
    people.person(kernel, email="Straße@Example.org")
    with kernel.reading() as session:
        assert queries.account_of(session, " STRASSE@example.ORG ") is not None
    with pytest.raises(Conflict):
        people.person(kernel, email="strasse@example.org")


def test_nobody_is_their_own_manager(kernel: Kernel) -> None:
    ana, ben = people.person(kernel), people.person(kernel)
    with pytest.raises(Invalid):
        kernel.commit(lambda s: actions.set_manager(s, person_id=ana, manager_id=ana))
    kernel.commit(lambda s: actions.set_manager(s, person_id=ana, manager_id=ben))
    with kernel.reading() as session:
        assert queries.managers_of(session, [ana, ben]) == {ana: ben, ben: None}


def test_a_zone_that_there_is_not_is_refused(kernel: Kernel) -> None:
    with pytest.raises(Invalid):
        people.person(kernel, zone="Atlantis/Capital")


def test_blocks_count_among_the_people_asked_about(kernel: Kernel) -> None:
    ana, ben, eve = (people.person(kernel) for _ in range(3))
    for who, whom in ((ana, ben), (ben, eve)):
        kernel.commit(lambda s, a=who, b=whom: actions.block(s, person_id=a, blocked_id=b))
    kernel.commit(lambda s: actions.block(s, person_id=ana, blocked_id=ben))
    with kernel.reading() as session:
        assert queries.blocks_among(session, [ana, ben]) == {(ana, ben)}
        assert queries.blocks_among(session, [ana, eve]) == set()
    with pytest.raises(Invalid):
        kernel.commit(lambda s: actions.block(s, person_id=ana, blocked_id=ana))


def test_a_block_names_nobody_in_the_ledger(kernel: Kernel) -> None:
    ana, ben = people.person(kernel), people.person(kernel)
    kernel.commit(lambda s: actions.block(s, person_id=ana, blocked_id=ben))
    with kernel.reading() as session:
        assert session.scalars(select(Entry.facts).where(Entry.kind == "PersonBlocked")).all() == [{}]
