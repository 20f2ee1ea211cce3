"""Load data is what a lived academy would hold: every number adds up, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from academy.kernel import log
from academy.kernel.access import Conflict, Invalid
from academy.kernel.app import Kernel
from academy.kernel.db import Table
from academy.kernel.events import Event
from academy.kernel.ledger import Entry, Subject, subjects_of
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice
from academy.people.models import Membership, Person
from academy.people.queries import roles_of
from cohorts.load import actions
from cohorts.load.engine.population import Size, populate
from cohorts.load.engine.rows import Ground, settling
from cohorts.load.engine.talk import talking
from cohorts.roster.models import Cohort
from forums.boards import queries as boards
from forums.posts.engine import compose
from forums.posts.models import Mention, Post
from forums.spaces.models import Follow, Space
from forums.spaces.policy import visible_spaces
from forums.spaces.queries import rooms as spaces
from mentoring.pairs.models import Pair
from tests.factories import people

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIZE = Size(people=60, cohorts=3, posts=900, seed=7)
PASSWORD = "correct horse battery staple"

both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def load(kernel: Kernel, size: Size = SIZE, *, into_existing: bool = False) -> None:
    kernel.commit(
        lambda session: actions.load(
            session,
            size=size,
            now=NOW,
            passwords={f"learner@load-{size.seed}.invalid": "a hash"},
            into_existing=into_existing,
            said=lambda _: None,
        )
    )


def count(kernel: Kernel, statement: str) -> int:
    with kernel.reading() as session:
        return session.execute(text(statement)).scalar_one()


@both
def test_there_is_as_much_as_was_asked_for_and_every_number_adds_up(kernel: Kernel) -> None:
    load(kernel)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 60
        assert session.scalar(select(func.count()).select_from(Cohort)) == 3
        assert session.scalar(select(func.count()).select_from(Post)) == 900
        assert (session.scalar(select(func.count()).select_from(Pair)) or 0) > 10
    # no gaps: as many events as the head says, from 1 on; as many posts as a space says
    assert count(kernel, GAPS_IN_LOGS) == 0
    assert count(kernel, GAPS_IN_SPACES) == 0
    assert count(kernel, WRONG_SEATS) == 0
    assert count(kernel, READ_BEYOND) == 0
    assert count(kernel, NOTICES_WITHOUT_EVENTS) == 0
    # two below another group are cohorts, their boards, the board of the academy, and pairs
    assert count(kernel, "SELECT count(*) FROM group_ancestors WHERE depth = 2") == 3 + 3 + 1 + count(
        kernel, "SELECT count(*) FROM pairs"
    )


GAPS_IN_LOGS = """
SELECT count(*) FROM logs l WHERE l.head_seq <>
  (SELECT count(*) FROM log_events e WHERE e.log_id = l.id AND e.seq BETWEEN 1 AND l.head_seq)
"""
GAPS_IN_SPACES = """
SELECT count(*) FROM spaces s WHERE s.head_no <>
  (SELECT count(*) FROM posts p WHERE p.space_id = s.id AND p.no BETWEEN 1 AND s.head_no)
"""
WRONG_SEATS = """
SELECT count(*) FROM workshops w WHERE w.going <>
  (SELECT count(*) FROM rsvps r WHERE r.workshop_id = w.id AND r.state = 'going')
"""
READ_BEYOND = (
    "SELECT count(*) FROM follows f JOIN spaces s ON s.id = f.space_id WHERE f.read_no NOT BETWEEN 0 AND s.head_no"
)
NOTICES_WITHOUT_EVENTS = """
SELECT count(*) FROM notices n WHERE NOT EXISTS
  (SELECT 1 FROM log_events e WHERE e.log_id = n.person_id AND e.ref = n.id AND e.kind = 'notice')
"""


def test_everybody_follows_the_rooms_of_their_groups_and_no_others(kernel: Kernel) -> None:
    load(kernel)
    with kernel.reading() as session:
        follows = {tuple(row) for row in session.execute(select(Follow.person_id, Follow.space_id))}
        talking = ("learner", "mentor", "facilitator")
        wanted = {
            tuple(row)
            for row in session.execute(
                select(Membership.person_id, Space.id)
                .join(Space, Space.group_id == Membership.group_id)
                .where(Membership.role.in_(talking))
            )
        }
        threads = set(session.scalars(select(Space.id).where(Space.kind == "thread")))
        assert {both for both in follows if both[1] not in threads} == wanted
        for (person_id,) in session.execute(select(Person.id).limit(12)):
            viewer = Viewer(person_id=person_id, sign_in_id=person_id, name="", roles=roles_of(session, person_id))
            own = {space for person, space in follows if person == person_id}
            assert own <= set(session.scalars(select(Space.id).where(visible_spaces(viewer))))


@both
def test_boards_have_threads_that_add_up_and_that_their_readers_can_walk_through(kernel: Kernel) -> None:
    load(kernel, replace(SIZE, posts=6000))
    assert count(kernel, THREADS_WITHOUT_THEIR_AUTHOR) == 0
    assert count(kernel, "SELECT count(*) FROM spaces WHERE kind = 'thread' AND (last_at IS NULL OR head_no < 1)") == 0
    assert count(kernel, WRONG_REPLIES) == 0
    assert count(kernel, WRONG_SOLUTIONS) == 0
    assert count(kernel, "SELECT count(*) FROM spaces WHERE solved_no IS NOT NULL") > 5
    assert count(kernel, THREADS_UNTOLD) == 0
    viewer = people.viewer(kernel, somebody(kernel, "learner"))
    with kernel.reading() as session:
        lines = boards.boards_for(session, viewer)
        assert len(lines) == 2  # the cohort's and the academy's
        sizes = {}
        for line in lines:
            seen, after, more = [], None, True
            while more:
                page, after = boards.threads_in(session, viewer, line.id, after=after)
                seen += [thread.id for thread in page]
                more = after is not None
            assert len(seen) == len(set(seen))
            sizes[line.name] = len(seen)
        assert sizes["Questions of Cohort 1"] == 100
        assert sizes["Open board 1"] > 20
        longest = session.scalar(select(func.max(Space.head_no)).where(Space.kind == "thread"))
        assert longest is not None
        assert longest >= 100


THREADS_WITHOUT_THEIR_AUTHOR = """
SELECT count(*) FROM spaces s JOIN posts p ON p.space_id = s.id AND p.no = 1 WHERE s.kind = 'thread' AND
  (s.author_id IS NULL OR s.author_id <> p.author_id
   OR NOT EXISTS (SELECT 1 FROM follows f WHERE f.space_id = s.id AND f.person_id = s.author_id))
"""
WRONG_REPLIES = """
SELECT count(*) FROM spaces s WHERE s.replies <>
  (SELECT count(*) FROM posts p WHERE p.space_id = s.id AND p.no > 1 AND p.removed_at IS NULL)
"""
WRONG_SOLUTIONS = """
SELECT count(*) FROM spaces s WHERE s.solved_no IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM posts p WHERE p.space_id = s.id AND p.no = s.solved_no AND p.no > 1 AND p.removed_at IS NULL)
"""
THREADS_UNTOLD = """
SELECT count(*) FROM spaces s WHERE s.kind = 'thread' AND NOT EXISTS
  (SELECT 1 FROM log_events e WHERE e.log_id = s.group_id AND e.ref = s.id AND e.kind = 'thread')
"""


@both
def test_what_is_new_to_somebody_is_what_a_recount_finds(kernel: Kernel) -> None:
    load(kernel)
    new = 0
    for role in ("learner", "mentor", "facilitator"):
        person = somebody(kernel, role)
        with kernel.reading() as session:
            viewer = people.viewer(kernel, person)
            told = {room.id: room.unread for room in spaces.rooms_for(session, viewer)}
            on_boards = {board.id: board.unread for board in boards.boards_for(session, viewer)}
            recounted, recounted_on_boards = dict.fromkeys(told, 0), dict.fromkeys(on_boards, 0)
            for follow, space in session.execute(
                select(Follow, Space).join(Space, Space.id == Follow.space_id).where(Follow.person_id == person)
            ):
                count_of = session.scalar(
                    select(func.count())
                    .select_from(Post)
                    .where(
                        Post.space_id == follow.space_id,
                        Post.no > follow.read_no,
                        Post.author_id != person,
                        Post.removed_at.is_(None),
                    )
                )
                if space.kind == "thread":
                    recounted_on_boards[space.group_id] += count_of or 0
                else:
                    recounted[space.id] = count_of or 0
        assert (told, on_boards) == (recounted, recounted_on_boards)
        new += sum(told.values())
    assert new > 0


def test_a_notice_is_read_as_far_as_its_room_is(kernel: Kernel) -> None:
    load(kernel)
    with kernel.reading() as session:
        rows = session.execute(
            select(Notice.read_at, Post.no, Follow.read_no)
            .join(Post, Post.id == Notice.ref)
            .join(Follow, (Follow.space_id == Post.space_id) & (Follow.person_id == Notice.person_id))
        ).all()
    assert rows
    assert all((row.read_at is not None) == (row.read_no >= row.no) for row in rows)


def test_whoever_catches_up_from_the_beginning_gets_every_event_once_and_in_order(kernel: Kernel) -> None:
    load(kernel)
    learner = somebody(kernel, "learner")
    viewer = people.viewer(kernel, learner)
    with kernel.reading() as session:
        space_id = session.scalars(
            select(Cohort.space_id)
            .join(Membership, Membership.group_id == Cohort.id)
            .where(Membership.person_id == learner)
        ).first()
        heads = log.heads_of(session, [space_id, learner])
        for log_id in (space_id, learner):
            seen: list[int] = []
            more = True
            while more:
                page: Any = kernel.realtime.catch_up(session, viewer, log_id, since=seen[-1] if seen else 0, epoch=None)
                seen += [event["seq"] for event in page["events"]]
                more = page["more"]
            assert seen == list(range(1, heads[log_id] + 1))
            assert len(seen) > 0


def test_posts_are_stored_as_the_renderer_would_render_them(kernel: Kernel) -> None:
    load(kernel)
    with kernel.reading() as session:
        named = {
            row.post_id: [(row.id, row.name)]
            for row in session.execute(
                select(Mention.post_id, Person.id, Person.name).join(Person, Person.id == Mention.person_id)
            )
        }
        rows = session.execute(
            select(Post.id, Post.body_md, Post.body_html).where(Post.removed_at.is_(None)).limit(400)
        ).all()
    for row in rows:
        if "@" in row.body_md and row.id not in named:
            continue  # somebody who named themselves: nobody is told
        names = named.get(row.id, [])
        assert compose(row.body_md, names).body_html == row.body_html


def test_the_ledger_says_of_each_fact_what_that_fact_declares(kernel: Kernel) -> None:
    load(kernel)
    kinds = {kind.__name__: kind for kind in every(Event)}
    with kernel.reading() as session:
        for row in session.execute(text("SELECT DISTINCT kind FROM ledger")).all():
            facts = session.execute(
                select(Table.metadata.tables["ledger"].c.facts)
                .where(Table.metadata.tables["ledger"].c.kind == row.kind)
                .limit(1)
            ).scalar_one()
            assert set(facts) == set(kinds[row.kind].recorded or ()), row.kind
        found: dict[UUID, set[UUID]] = {}
        for row in session.execute(select(Subject.entry_id, Subject.subject_id)):
            found.setdefault(row.entry_id, set()).add(row.subject_id)
        entries = {row.id: set(subjects_of(row.facts)) for row in session.execute(select(Entry.id, Entry.facts))}
        assert found == {entry: about for entry, about in entries.items() if about}


def every(kind: type[Event]) -> list[type[Event]]:
    return [found for sub in kind.__subclasses__() for found in (sub, *every(sub))]


def rows(size: Size) -> list[Any]:
    made = populate(size, NOW, UUID(int=1), [UUID(int=2)])
    ground = Ground([UUID(int=9)], [UUID(int=3)], [[(UUID(int=4), "reading", 1)]], {})
    return [*settling(made, ground), *talking(made)]


def test_the_same_seed_makes_the_same_rows_and_another_seed_makes_others() -> None:
    assert rows(SIZE) == rows(SIZE)
    assert rows(SIZE) != rows(replace(SIZE, seed=8))


def test_load_data_is_refused_where_people_are_unless_they_are_to_have_it_beside_them(kernel: Kernel) -> None:
    people.person(kernel, "Ana")
    with pytest.raises(Conflict, match="There are people here"):
        load(kernel)
    load(kernel, into_existing=True)
    with pytest.raises(Conflict, match="another --seed"):
        load(kernel, into_existing=True)
    assert count(kernel, "SELECT count(*) FROM people") == 61


def test_a_size_that_makes_no_academy_is_refused(kernel: Kernel) -> None:
    with pytest.raises(Invalid, match="at least 24 people"):
        load(kernel, Size(people=20, cohorts=3, posts=0))
    assert count(kernel, "SELECT count(*) FROM people") == 0


def somebody(kernel: Kernel, role: str, seed: int = 7) -> UUID:
    with kernel.reading() as session:
        return session.scalars(select(Person.id).where(Person.email == f"{role}@load-{seed}.invalid")).one()
