"""Boards and their threads: who may, what is counted, who follows and who hears of what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ledger import Entry
from academy.kernel.log import LogEvent
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from forums.boards import actions, engine, queries
from forums.boards.engine import Place
from forums.spaces.models import Follow, Space
from forums.spaces.queries import views as spaces
from tests.factories import forums, people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


class School:
    """An academy with a lead, two cohorts with a learner each, a member without a cohort, and a board of its own."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
        self.academy = people.group(kernel, GroupKind.ACADEMY, "North", self.top)
        self.south = people.group(kernel, GroupKind.ACADEMY, "South", self.top)
        self.kestrel = people.group(kernel, GroupKind.COHORT, "Kestrel", self.academy)
        self.heron = people.group(kernel, GroupKind.COHORT, "Heron", self.academy)
        self.lead = people.member(kernel, self.academy, people.person(kernel, "Ling"), Role.LEAD)
        self.ana = people.member(kernel, self.kestrel, people.person(kernel, "Ana Sousa"))
        self.ben = people.member(kernel, self.heron, people.person(kernel, "Ben"))
        self.host = people.member(kernel, self.kestrel, people.person(kernel, "Ingrid"), Role.FACILITATOR)
        self.member = people.member(kernel, self.academy, people.person(kernel, "Mia"), Role.MEMBER)
        self.stranger = people.member(kernel, self.south, people.person(kernel, "Sol"), Role.LEARNER)
        self.admin = people.member(kernel, self.top, people.person(kernel, "Dana"), Role.ADMIN)
        self.board = forums.board(kernel, self.lead, self.academy)

    def do(self, person: UUID, act: Any, **more: Any) -> Any:
        viewer = people.viewer(self.kernel, person)
        return self.kernel.commit(lambda s: act(s, viewer=viewer, **more))

    def listed(self, person: UUID, board: UUID | None = None, **more: Any) -> list[queries.ThreadLine]:
        viewer = people.viewer(self.kernel, person)
        with self.kernel.reading() as session:
            found = queries.board_for(session, viewer, board or self.board)
            return queries.threads_in(session, viewer, found.id, **more)[0]

    def boards(self, person: UUID) -> list[UUID]:
        with self.kernel.reading() as session:
            return [line.id for line in queries.boards_for(session, people.viewer(self.kernel, person))]

    def space(self, space_id: UUID) -> Space:
        with self.kernel.reading() as session:
            found = session.get_one(Space, space_id)
            session.expunge(found)
            return found

    def notices(self, person: UUID) -> list[str]:
        with self.kernel.reading() as session:
            return list(session.scalars(select(Notice.kind).where(Notice.person_id == person).order_by(Notice.id)))

    def unread(self, person: UUID) -> int:
        viewer = people.viewer(self.kernel, person)
        with self.kernel.reading() as session:
            return session.scalar(select(spaces.unread_in_threads(viewer))) or 0


@pytest.fixture
def school(kernel: Kernel) -> School:
    return School(kernel)


# who may


@BOTH
def test_an_academys_board_is_for_all_below_it_and_nobody_beside_it(school: School) -> None:
    for reader in (school.lead, school.ana, school.ben, school.host, school.member):
        assert school.boards(reader) == [school.board]
    for other in (school.stranger, school.admin):
        assert school.boards(other) == []
        with pytest.raises(Missing):
            school.listed(other)


@BOTH
def test_a_cohorts_board_is_the_cohorts_alone(school: School) -> None:
    own = forums.board(school.kernel, school.host, school.kestrel, "What we try")
    assert set(school.boards(school.ana)) == {own, school.board}
    assert set(school.boards(school.lead)) == {own, school.board}
    for other in (school.ben, school.member):
        assert school.boards(other) == [school.board]
        with pytest.raises(Missing):
            forums.thread(school.kernel, other, own)


def test_boards_are_opened_renamed_and_closed_by_who_moderates_there(school: School) -> None:
    with pytest.raises(Refused):
        forums.board(school.kernel, school.ana, school.kestrel)
    with pytest.raises(Missing):
        forums.board(school.kernel, school.host, school.academy)
    with pytest.raises(Refused):
        school.do(school.ana, actions.change_board, board_id=school.board, name="Mine", about="")
    with pytest.raises(Refused):
        school.do(school.host, actions.set_closed, board_id=school.board, closed=True)
    school.do(school.lead, actions.change_board, board_id=school.board, name="  Ask   here ", about="Anything.")
    with school.kernel.reading() as session:
        renamed = session.scalars(select(Entry.actor_id).where(Entry.kind == "GroupRenamed")).all()
    assert renamed == [school.lead]
    with school.kernel.reading() as session:
        board = queries.board_for(session, people.viewer(school.kernel, school.ana), school.board)
    assert (board.name, board.about, board.keeper) == ("Ask here", "Anything.", "North")


def test_nobody_keeps_a_board_in_a_pair_or_on_a_board(school: School) -> None:
    for kind in (GroupKind.PAIR, GroupKind.BOARD):
        group = people.group(school.kernel, kind, "Two", school.academy)
        people.member(school.kernel, group, school.host, Role.FACILITATOR)
        with pytest.raises(Missing):
            forums.board(school.kernel, school.host, group)


@pytest.mark.parametrize(
    ("name", "about", "field"), [("", "", "name"), (" ", "", "name"), ("x" * 81, "", "name"), ("x", "y" * 301, "about")]
)
def test_a_boards_words_have_their_length(school: School, name: str, about: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        school.do(school.lead, actions.open_board, group_id=school.academy, name=name, about=about)
    assert field in refusal.value.errors


# threads


@BOTH
def test_the_list_counts_replies_and_knows_the_last_post_without_looking_at_posts(school: School) -> None:
    with clock.travel(START):
        thread = forums.thread(school.kernel, school.ana, school.board, "How?")
    with clock.travel(START + timedelta(hours=1)):
        first = forums.say(school.kernel, school.ben, thread)
    with clock.travel(START + timedelta(hours=2)):
        forums.say(school.kernel, school.member, thread)
    [line] = school.listed(school.lead)
    assert (line.title, line.author.name if line.author else "", line.replies, line.last_by) == (
        "How?",
        "Ana Sousa",
        2,
        "Mia",
    )
    assert abs(line.last_at - START - timedelta(hours=2)) < timedelta(minutes=1)
    forums.remove(school.kernel, school.ben, first.id)
    [line] = school.listed(school.lead)
    assert line.replies == 1


@BOTH
def test_pinned_ones_come_first_then_the_liveliest_and_pages_leave_nothing_out(school: School) -> None:
    made = []
    for n in range(7):
        with clock.travel(START + timedelta(minutes=n)):
            made.append(forums.thread(school.kernel, school.ana, school.board, f"Question {n}"))
    with clock.travel(START + timedelta(hours=1)):
        forums.say(school.kernel, school.ben, made[2])
    school.do(school.lead, actions.set_pinned, space_id=made[0], on=True)
    wanted = [made[0], made[2], made[6], made[5], made[4], made[3], made[1]]
    assert [line.id for line in school.listed(school.ben)] == wanted
    viewer, after, seen = people.viewer(school.kernel, school.ben), None, []
    with school.kernel.reading() as session:
        for _page in range(5):
            lines, after = queries.threads_in(session, viewer, school.board, after=after, limit=3)
            seen += [line.id for line in lines]
            if after is None:
                break
            after = engine.place(str(after))
    assert seen == wanted


def test_the_list_is_narrowed_by_what_is_new_unanswered_mine_solved_and_by_words(school: School) -> None:
    one = forums.thread(school.kernel, school.ana, school.board, "How do you listen, 100% of the time?")
    two = forums.thread(school.kernel, school.ben, school.board, "How do you ask?")
    answer = forums.say(school.kernel, school.ben, one)
    school.do(school.ana, actions.set_solved, post_id=answer.id, on=True)

    def found(person: UUID, **more: Any) -> list[UUID]:
        return [line.id for line in school.listed(person, **more)]

    assert found(school.ana, show="unread") == [one]
    assert found(school.lead, show="unread") == [], "who follows nothing has nothing new"
    assert found(school.ana, show="unanswered") == [two]
    assert found(school.ben, show="mine") == [two]
    assert found(school.ben, show="solved") == [one]
    assert found(school.ben, words="DO listen") == [one]
    assert found(school.ben, words="100%") == [one]
    assert found(school.ben, words="_sk") == []


@BOTH
def test_the_same_form_sent_twice_begins_one_thread(school: School) -> None:
    def send(_number: int) -> UUID:
        return forums.thread(school.kernel, school.ana, school.board, "Once?", nonce="the-same-nonce")

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(send, range(8)))
    assert len(made) == 1
    assert [line.title for line in school.listed(school.ana)] == ["Once?"]
    with pytest.raises(Conflict):
        forums.thread(school.kernel, school.ana, school.board, "Twice?", nonce="the-same-nonce")


@pytest.mark.parametrize("title", ["", "   ", "x" * 161])
def test_a_title_has_its_length_and_nothing_is_left_behind(school: School, title: str) -> None:
    with pytest.raises(Invalid):
        forums.thread(school.kernel, school.ana, school.board, title)
    with school.kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Space).where(Space.kind == "thread")) == 0


def test_a_closed_board_and_a_locked_thread_are_read_and_nothing_is_added(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    answer = forums.say(school.kernel, school.ben, thread)
    with pytest.raises(Refused):
        school.do(school.ana, actions.set_locked, space_id=thread, on=True)
    school.do(school.lead, actions.set_locked, space_id=thread, on=True)
    for who in (school.ana, school.lead):
        with pytest.raises(Closed):
            forums.say(school.kernel, who, thread)
        with pytest.raises(Closed):
            forums.react(school.kernel, who, answer.id)
    with pytest.raises(Closed, match="This thread is locked"):
        forums.change(school.kernel, school.ben, thread, answer.id, "Other words")
    with pytest.raises(Refused, match="Only who wrote a message"):
        forums.change(school.kernel, school.lead, thread, answer.id, "Other words")
    school.do(school.lead, actions.set_locked, space_id=thread, on=False)
    forums.say(school.kernel, school.ana, thread)
    school.do(school.lead, actions.set_closed, board_id=school.board, closed=True)
    with pytest.raises(Closed):
        forums.say(school.kernel, school.ana, thread)
    with pytest.raises(Closed):
        forums.thread(school.kernel, school.ana, school.board)
    with pytest.raises(Closed, match="This board is closed"):
        forums.change(school.kernel, school.ben, thread, answer.id, "Other words")
    assert len(school.listed(school.ana)) == 1
    school.do(school.lead, actions.set_closed, board_id=school.board, closed=False)
    forums.say(school.kernel, school.ana, thread)


# following


@BOTH
def test_authors_and_repliers_follow_and_readers_do_not(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    forums.say(school.kernel, school.ben, thread)
    assert forums.read(school.kernel, school.member, thread, 2) == (2, 0)
    with school.kernel.reading() as session:
        assert set(session.scalars(select(Follow.person_id).where(Follow.space_id == thread))) == {
            school.ana,
            school.ben,
        }
    assert (school.unread(school.ana), school.unread(school.ben), school.unread(school.member)) == (1, 0, 0)


def test_a_board_of_many_threads_makes_no_rows_for_its_members(school: School) -> None:
    for n in range(20):
        forums.thread(school.kernel, school.ana, school.board, f"Question {n}")
    people.member(school.kernel, school.heron, people.person(school.kernel, "Late"))
    with school.kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Follow)) == 20


def test_whoever_marks_a_thread_as_unread_follows_it_and_may_stop(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    assert forums.read(school.kernel, school.ben, thread, 0, rev=1) == (0, 1)
    assert school.unread(school.ben) == 1
    school.do(school.ben, actions.set_following, space_id=thread, on=False)
    assert school.unread(school.ben) == 0
    school.do(school.ben, actions.set_following, space_id=thread, on=True)
    school.do(school.ben, actions.set_following, space_id=thread, on=True)
    assert school.unread(school.ben) == 0, "what was there counts as read"
    forums.say(school.kernel, school.ana, thread)
    assert school.unread(school.ben) == 1


def test_following_is_for_threads_only(school: School) -> None:
    room = forums.space(school.kernel, school.kestrel)
    for act in (actions.set_following, actions.set_pinned, actions.set_locked):
        with pytest.raises(Missing):
            school.do(school.host, act, space_id=room, on=True)


@BOTH
def test_who_leaves_reads_no_thread_any_more_and_follows_again_when_they_return(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    leave = {"group_id": school.kestrel, "person_id": school.ana, "role": Role.LEARNER, "actor_id": None}
    school.kernel.commit(lambda s: people_actions.leave(s, **leave))
    forums.say(school.kernel, school.ben, thread)
    assert (school.boards(school.ana), school.unread(school.ana)) == ([], 0)
    with pytest.raises(Missing):
        forums.catch_up(school.kernel, school.ana, thread)
    people.member(school.kernel, school.heron, school.ana)
    assert school.unread(school.ana) == 1


# notices


def test_whoever_began_a_thread_hears_of_answers_once_until_they_looked(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    forums.say(school.kernel, school.ben, thread)
    forums.say(school.kernel, school.member, thread)
    forums.say(school.kernel, school.ana, thread)
    assert school.notices(school.ana) == ["answer"]
    forums.read(school.kernel, school.ana, thread, 4)
    forums.say(school.kernel, school.ben, thread)
    assert school.notices(school.ana) == ["answer", "answer"]
    school.do(school.ana, actions.set_following, space_id=thread, on=False)
    forums.read(school.kernel, school.ana, thread, 5)
    forums.say(school.kernel, school.member, thread)
    assert school.notices(school.ana) == ["answer", "answer"]


def test_anybody_whom_a_board_is_for_can_be_mentioned_and_nobody_else(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    forums.say(school.kernel, school.ana, thread, "@Mia and @Sol and @Dana, and once more @Ben.")
    assert school.notices(school.member) == ["mention"]
    assert school.notices(school.ben) == ["mention"]
    assert school.notices(school.stranger) == school.notices(school.admin) == []
    forums.say(school.kernel, school.ben, thread, "@Ana Sousa, yes.")
    assert school.notices(school.ana) == ["mention"], "who is named hears of that, not of the answer too"


def test_an_answer_is_marked_by_who_asked_or_moderates_and_its_author_hears_of_it(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    one, two = (forums.say(school.kernel, who, thread) for who in (school.ben, school.member))
    with pytest.raises(Refused):
        school.do(school.ben, actions.set_solved, post_id=one.id, on=True)
    school.do(school.ana, actions.set_solved, post_id=one.id, on=True)
    school.do(school.ana, actions.set_solved, post_id=one.id, on=True)
    assert school.notices(school.ben) == ["solved"]
    school.do(school.lead, actions.set_solved, post_id=two.id, on=True)
    assert school.space(thread).solved_no == 3
    school.do(school.ana, actions.set_solved, post_id=one.id, on=False)
    assert school.space(thread).solved_no == 3, "taking back what is not the answer changes nothing"
    forums.remove(school.kernel, school.member, two.id)
    assert school.space(thread).solved_no is None
    with pytest.raises(Closed):
        school.do(school.ana, actions.set_solved, post_id=two.id, on=True)


def test_the_first_post_is_no_answer_and_a_room_has_none(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board)
    with school.kernel.reading() as session:
        first = session.scalars(select(LogEvent.ref).where(LogEvent.log_id == thread, LogEvent.kind == "post")).one()
    with pytest.raises(Closed):
        school.do(school.ana, actions.set_solved, post_id=first, on=True)
    said = forums.say(school.kernel, school.ana, forums.space(school.kernel, school.kestrel))
    with pytest.raises(Missing):
        school.do(school.host, actions.set_solved, post_id=said.id, on=True)


# the log


def test_readers_of_a_board_hear_of_new_threads_and_of_what_happens_to_one(school: School) -> None:
    thread = forums.thread(school.kernel, school.ana, school.board, "How?")
    told = forums.catch_up(school.kernel, school.ben, school.board)["events"]
    assert [(event["kind"], event["payload"]["title"]) for event in told] == [("thread", "How?")]
    school.do(school.lead, actions.set_pinned, space_id=thread, on=True)
    school.do(school.lead, actions.set_pinned, space_id=thread, on=True)
    answer = forums.say(school.kernel, school.ben, thread)
    school.do(school.ana, actions.set_solved, post_id=answer.id, on=True)
    school.do(school.lead, actions.set_locked, space_id=thread, on=True)
    events = forums.catch_up(school.kernel, school.ben, thread)["events"]
    assert [event["kind"] for event in events] == ["post", "pin", "post", "solve", "lock"]
    assert events[-1]["payload"] == {"pinned": True, "locked": True, "solved": 2}
    with pytest.raises(Missing):
        forums.catch_up(school.kernel, school.stranger, school.board)


# places


@given(
    st.booleans(), st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
)
def test_a_place_is_read_as_it_was_written(pinned: bool, at: datetime) -> None:
    place = Place(pinned, at, uuid4())
    assert engine.place(str(place)) == place


@pytest.mark.parametrize(
    "text", ["", "p", "x1-" + "a" * 26, "p" + "9" * 18 + "-" + "a" * 26, "p1-" + "A" * 26, "p1-aaa", "p-1-" + "a" * 26]
)
def test_what_is_no_place_is_missing(text: str) -> None:
    with pytest.raises(Missing):
        engine.place(text)
