"""Boards and their threads: who may what, lists, places."""

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
from academy.kernel.ledger import Entry
from academy.people.models import GroupKind, Role
from forums.boards import actions, engine, queries
from forums.boards.engine import Place
from forums.spaces.models import Space
from tests.factories import forums, people
from tests.forums.boards.school import School

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


START = datetime(2026, 11, 23, 9, tzinfo=UTC)


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
