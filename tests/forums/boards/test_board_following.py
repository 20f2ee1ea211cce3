"""Who follows threads of a board, and who hears of what."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from academy.kernel.access import Closed, Missing, Refused
from academy.kernel.log import LogEvent
from academy.people import actions as people_actions
from academy.people.models import Role
from forums.boards import actions
from forums.spaces.models import Follow
from tests.factories import forums, people
from tests.forums.boards.school import School

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


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
    assert events[-1]["payload"] == {"pinned": True, "locked": True, "solved": 2, "slow": 0}
    with pytest.raises(Missing):
        forums.catch_up(school.kernel, school.stranger, school.board)
