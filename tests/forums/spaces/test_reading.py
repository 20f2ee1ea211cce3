"""What counts as new, and for whom, on both databases."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.paging import Span
from academy.people.actions import leave as end
from academy.people.models import Role
from forums.posts import actions as posts
from forums.spaces import actions as spaces
from forums.spaces.queries import rooms, views
from tests.factories import forums, people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def total(kernel: Kernel, person_id: UUID) -> int:
    """Return what the badge in the navigation shows."""
    viewer = people.viewer(kernel, person_id)
    with kernel.reading() as session:
        return session.scalar(select(views.unread_total(viewer))) or 0


def test_what_others_post_is_new_and_what_one_posts_oneself_is_not(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for person in (ana, ben, ben, ana):
        forums.say(kernel, person, space)
    assert [forums.unread(kernel, person, space) for person in (ana, ben)] == [2, 2]


def test_a_removed_post_is_not_new(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    first = forums.say(kernel, ben, space)
    forums.say(kernel, ben, space)
    forums.remove(kernel, ben, first.id)
    assert forums.unread(kernel, ana, space) == 1


def test_the_badge_adds_up_all_rooms_of_the_viewer(kernel: Kernel) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    other = forums.space(kernel, group, "Another")
    _, foreign, (cyd,) = forums.room(kernel, "Cyd")
    for where, times in ((space, 2), (other, 3)):
        for _ in range(times):
            forums.say(kernel, ben, where)
    forums.say(kernel, cyd, foreign)
    assert total(kernel, ana) == 5
    assert total(kernel, cyd) == 0


def test_a_position_only_moves_forward_until_it_is_marked_as_unread(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for _ in range(6):
        forums.say(kernel, ben, space)
    assert forums.read(kernel, ana, space, 4) == (4, 0)
    assert forums.read(kernel, ana, space, 2) == (4, 0)
    assert forums.read(kernel, ana, space, 2, rev=1) == (2, 1)
    assert forums.unread(kernel, ana, space) == 4
    assert forums.read(kernel, ana, space, 6, rev=0) == (2, 1), "what an older revision says is stale"
    assert forums.read(kernel, ana, space, 5, rev=1) == (5, 1)
    assert forums.read(kernel, ana, space, 99) == (6, 1), "nobody has read what is not there"


def test_two_tabs_agree_whatever_the_order_in_which_they_are_heard(kernel: Kernel) -> None:
    group, space, (ben,) = forums.room(kernel, "Ben")
    learners = [people.member(kernel, group, people.person(kernel)) for _ in range(24)]
    for _ in range(9):
        forums.say(kernel, ben, space)
    orders = permutations([(9, 0), (3, 1), (5, 1), (7, 0)])
    ends = {
        [forums.read(kernel, person, space, no, rev) for no, rev in order][-1]
        for person, order in zip(learners, orders, strict=True)
    }
    assert ends == {(5, 1)}


def test_unread_equals_a_recount_after_many_random_operations(kernel: Kernel) -> None:
    operations = 10_000 if kernel.database.embedded else 1_500
    group, space, everybody = forums.room(kernel, "Ana", "Ben", "Cyd", "Dov")
    facilitator = people.member(kernel, group, people.person(kernel), Role.FACILITATOR)
    everybody.append(facilitator)
    viewers = [people.viewer(kernel, person) for person in everybody]
    chance = random.Random(60)
    authors: dict[int, UUID] = {}
    ids: dict[int, UUID] = {}
    removed: set[int] = set()
    place = dict.fromkeys(everybody, 0)
    revision = dict.fromkeys(everybody, 0)

    def recount(person: UUID) -> int:
        return sum(no > place[person] and who != person and no not in removed for no, who in authors.items())

    def one(session: Any) -> None:
        viewer = chance.choice(viewers)
        person, head = viewer.person_id, len(authors)
        what = chance.random()
        if what < 0.55 or not authors:
            made = posts.post(session, viewer=viewer, space_id=space, body_md="x", body_html="<p>x</p>")
            authors[made.no], ids[made.no] = person, made.id
        elif what < 0.65:
            no = chance.randint(1, head)
            by = viewer if authors[no] == person else viewers[-1]
            posts.remove(session, viewer=by, post_id=ids[no])
            removed.add(no)
        elif what < 0.72:
            no = chance.randint(1, head)
            if no not in removed:
                posts.react(session, viewer=viewer, post_id=ids[no], emoji="✨")
        elif what < 0.92:
            no = chance.randint(0, head + 3)
            spaces.set_read(session, viewer=viewer, space_id=space, no=no)
            place[person] = max(place[person], min(no, head))
        else:
            no, rev = chance.randint(0, head), revision[person] + chance.choice((-1, 0, 1))
            spaces.set_read(session, viewer=viewer, space_id=space, no=no, rev=max(0, rev))
            if (max(0, rev), no) > (revision[person], place[person]):
                revision[person], place[person] = max(0, rev), no

    for _ in range(operations // 500):

        def some(session: Any) -> None:
            for _ in range(500):
                one(session)

        kernel.database.unit_of_work(some)
        for person in everybody:
            assert forums.unread(kernel, person, space) == recount(person)
            assert total(kernel, person) == recount(person)


def test_everybody_already_in_the_group_follows_a_new_room_from_its_first_word(kernel: Kernel) -> None:
    group = people.group(kernel)
    ana = people.member(kernel, group, people.person(kernel))
    admin = people.member(kernel, group, people.person(kernel), Role.ADMIN)
    space = forums.space(kernel, group)
    ben = people.member(kernel, group, people.person(kernel))
    forums.say(kernel, ben, space)
    assert forums.unread(kernel, ana, space) == 1
    viewer = people.viewer(kernel, admin)
    with kernel.reading() as session:
        assert rooms.rooms_for(session, viewer) == []


def test_who_joins_later_may_read_all_and_has_nothing_to_catch_up_on(kernel: Kernel) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    forums.say(kernel, ana, space, "Before")
    ben = people.member(kernel, group, people.person(kernel))
    forums.say(kernel, ana, space, "After")
    events = forums.catch_up(kernel, ben, space)["events"]
    assert [e["kind"] for e in events] == ["post", "member", "post"]
    assert events[1]["payload"]["person"]["id"] == encode(ben)
    assert events[1]["payload"]["member"] is True
    assert forums.unread(kernel, ben, space) == 1


def test_who_leaves_reads_nothing_and_what_was_missed_meanwhile_is_open_on_return(kernel: Kernel) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ana, space, "Together")
    leave(kernel, group, ben)
    forums.say(kernel, ana, space, "Alone")
    viewer = people.viewer(kernel, ben)
    with kernel.reading() as session:
        assert rooms.rooms_for(session, viewer) == []
        with pytest.raises(Missing):
            views.space_for(session, viewer, space)
    assert total(kernel, ben) == 0
    people.member(kernel, group, ben)
    events = forums.catch_up(kernel, ben, space)["events"]
    assert [e["seq"] for e in events] == [1, 2, 3, 4]
    assert [e["kind"] for e in events] == ["post", "member", "post", "member"]


def test_losing_one_of_two_roles_closes_no_room(kernel: Kernel) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    people.member(kernel, group, ana, Role.MENTOR)
    leave(kernel, group, ana)
    assert forums.say(kernel, ana, space, "Still here").no == 1


def test_a_role_that_reads_nothing_does_not_keep_a_room_open(kernel: Kernel) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    people.member(kernel, group, ana, Role.ANALYST)
    leave(kernel, group, ana)
    forums.say(kernel, ben, space)
    assert total(kernel, ana) == 0
    with kernel.reading() as session:
        assert views.following(session, space, [ana, ben]) == {ben}


def test_a_lead_above_who_leaves_keeps_the_cohort_that_they_learn_in(kernel: Kernel) -> None:
    academy = people.group(kernel, "academy")
    learning, leading = (people.group(kernel, "cohort", parent=academy) for _ in range(2))
    ana = people.member(kernel, academy, people.person(kernel), Role.LEAD)
    people.member(kernel, learning, ana)
    mine, other = forums.space(kernel, learning), forums.space(kernel, leading)
    forums.say(kernel, ana, other, "Hello from above")
    leave(kernel, academy, ana, Role.LEAD)
    with kernel.reading() as session:
        assert views.following(session, mine, [ana]) == {ana}
        assert views.following(session, other, [ana]) == set()


def leave(kernel: Kernel, group_id: UUID, person_id: UUID, role: str = Role.LEARNER) -> None:
    """End a role."""
    kernel.commit(lambda session: end(session, group_id=group_id, person_id=person_id, role=role, actor_id=None))


def test_the_weightiest_role_nearest_to_the_room_stands_beside_a_name(kernel: Kernel) -> None:
    academy = people.group(kernel, "academy")
    cohort = people.group(kernel, "cohort", parent=academy)
    space = forums.space(kernel, cohort)
    ana = people.member(kernel, academy, people.person(kernel, "Ana"), Role.LEAD)
    ben = people.member(kernel, cohort, people.person(kernel, "Ben"), Role.MENTOR)
    people.member(kernel, cohort, ben)
    people.member(kernel, cohort, people.person(kernel, "Cyd"))
    people.member(kernel, cohort, people.person(kernel, "Dov"), Role.ADMIN)
    with kernel.reading() as session:
        shown = [(reader.face.name, reader.role) for reader in views.people_in(session, space)]
    assert shown == [("Ana", "lead"), ("Ben", "mentor"), ("Cyd", "learner")]
    for person in (ana, ben):
        forums.say(kernel, person, space)
    roles = [
        e["payload"]["author"]["role"] for e in forums.catch_up(kernel, ana, space)["events"] if e["kind"] == "post"
    ]
    assert roles == ["lead", "mentor"]


def test_another_history_and_a_number_from_the_future_are_told_apart(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    forums.say(kernel, ana, space)
    known = forums.catch_up(kernel, ana, space)
    assert forums.catch_up(kernel, ana, space, since=1, epoch=known["epoch"])["events"] == []
    assert forums.catch_up(kernel, ana, space, since=2, epoch=known["epoch"])["reset"] == "ahead"
    assert forums.catch_up(kernel, ana, space, since=0, epoch="elsewhere")["reset"] == "epoch"


def test_a_long_log_comes_in_pages_of_two_hundred(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    viewer = people.viewer(kernel, ana)

    def many(session: Any) -> None:
        for _ in range(450):
            posts.post(session, viewer=viewer, space_id=space, body_md="x", body_html="<p>x</p>")

    kernel.commit(many)
    seqs: list[int] = []
    sizes = []
    while True:
        page = forums.catch_up(kernel, ana, space, since=len(seqs))
        seqs += [event["seq"] for event in page["events"]]
        sizes.append(len(page["events"]))
        if not page["more"]:
            break
    assert sizes == [200, 200, 50]
    assert seqs == list(range(1, 451))


def test_many_rooms_come_in_parts_the_liveliest_first_each_once(kernel: Kernel) -> None:
    ana, ben = people.person(kernel, "Ana"), people.person(kernel, "Ben")
    group = people.group(kernel)
    for who in (ana, ben):
        people.member(kernel, group, who)
    made = [forums.space(kernel, group, f"Room {number // 2}") for number in range(9)]  # two of each name
    for number in (3, 1, 6):
        forums.say(kernel, ben, made[number])
    foreign, _, _ = forums.room(kernel, "Cyd")
    viewer = people.viewer(kernel, ana)
    with kernel.reading() as session:
        whole = rooms.rooms_for(session, viewer)
        assert [line.id for line in whole[:3]] == [made[6], made[1], made[3]]
        assert [line.title for line in whole[3:]] == sorted(f"Room {n // 2}" for n in range(9) if n not in (1, 3, 6))
        for size in (1, 2, 4, 8, 9, 10):
            found, after = [], None
            while True:
                part = rooms.rooms_page(session, viewer, size, after)
                assert len(part.items) <= size
                found += part.items
                after = part.next
                if after is None:
                    break
            assert found == whole
        for gone in (foreign, people.group(kernel)):
            assert rooms.rooms_page(session, viewer, 4, gone).items == whole[:4]
        listed = rooms.rooms_part(session, viewer, Span(limit=4))
        rest = rooms.rooms_part(session, viewer, Span(limit=50, after=listed.next))
        assert sorted([*listed.items, *rest.items], key=lambda line: str(line.id)) == sorted(
            whole, key=lambda line: str(line.id)
        )
