"""What happens to messages, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select

from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.log import LogEvent
from academy.notices.models import Notice
from academy.people.models import Role
from forums.posts.models import Mention, Post, PostEdit, PostReaction
from tests.factories import forums, people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def stored(kernel: Kernel, space_id: UUID) -> list[Post]:
    with kernel.reading() as session:
        return list(session.scalars(select(Post).where(Post.space_id == space_id).order_by(Post.no)))


def count(kernel: Kernel, table: type) -> int:
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def waiting(kernel: Kernel, person_id: UUID) -> list[tuple[str, UUID]]:
    with kernel.reading() as session:
        rows = session.execute(
            select(Notice.kind, Notice.ref).where(Notice.person_id == person_id, Notice.read_at.is_(None))
        )
        return [(row.kind, row.ref) for row in rows]


def test_the_same_send_twice_is_one_message(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    first = forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    again = forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    assert (first.duplicate, again.duplicate) == (False, True)
    assert (again.id, again.seq, again.no) == (first.id, first.seq, first.no)
    assert [p.body_md for p in stored(kernel, space)] == ["Hello"]


def test_the_same_send_from_several_tabs_at_once_is_one_message(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    with ThreadPoolExecutor(6) as pool:
        for n in range(10):
            sent = list(
                pool.map(lambda _, n=n: forums.say(kernel, ana, space, "Hello", nonce=f"nonce-{n:04}"), range(6))
            )
            assert len({p.id for p in sent}) == 1
            assert sorted(p.duplicate for p in sent) == [False] + [True] * 5
    assert [p.no for p in stored(kernel, space)] == list(range(1, 11))


def test_the_same_nonce_with_other_words_is_a_conflict_and_stores_nothing(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    with pytest.raises(Conflict):
        forums.say(kernel, ana, space, "Good bye", nonce="nonce-one")
    assert [p.body_md for p in stored(kernel, space)] == ["Hello"]


def test_the_same_nonce_in_another_room_is_a_conflict(kernel: Kernel) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    other = forums.space(kernel, group, "Another room")
    forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    with pytest.raises(Conflict):
        forums.say(kernel, ana, other, "Hello", nonce="nonce-one")
    assert stored(kernel, other) == []


def test_another_person_with_my_nonce_sends_their_own_message(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    mine = forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    theirs = forums.say(kernel, ben, space, "Hello", nonce="nonce-one")
    assert not theirs.duplicate
    assert theirs.id != mine.id
    assert [p.author_id for p in stored(kernel, space)] == [ana, ben]


def test_eight_writers_at_once_leave_no_gap_in_either_number(kernel: Kernel) -> None:
    _, space, everybody = forums.room(kernel, *(f"Person {n}" for n in range(8)))

    def write(person_id: UUID) -> None:
        for n in range(12):
            forums.say(kernel, person_id, space, f"Message {n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, everybody))
    posts = stored(kernel, space)
    assert [p.no for p in posts] == list(range(1, 97))
    with kernel.reading() as session:
        seqs = session.scalars(select(LogEvent.seq).where(LogEvent.log_id == space).order_by(LogEvent.seq))
        assert list(seqs) == list(range(1, 97))
    events = forums.catch_up(kernel, everybody[0], space)["events"]
    assert [e["payload"]["no"] for e in events] == list(range(1, 97))
    assert {p.author_id: [q.body_md for q in posts if q.author_id == p.author_id] for p in posts} == {
        person: [f"Message {n}" for n in range(12)] for person in everybody
    }


def test_an_outsider_finds_no_room_to_post_to(kernel: Kernel) -> None:
    _, space, _ = forums.room(kernel, "Ana")
    with pytest.raises(Missing):
        forums.say(kernel, people.person(kernel), space, "Hello")
    assert stored(kernel, space) == []


def test_an_admin_manages_the_cohort_and_reads_no_room(kernel: Kernel) -> None:
    group, space, _ = forums.room(kernel, "Ana")
    admin = people.member(kernel, group, people.person(kernel), Role.ADMIN)
    with pytest.raises(Missing):
        forums.say(kernel, admin, space, "Hello")


def test_a_lead_of_the_academy_reads_its_cohorts_and_never_its_pairs(kernel: Kernel) -> None:
    academy = people.group(kernel, "academy")
    cohort, pair = people.group(kernel, "cohort", parent=academy), people.group(kernel, "pair", parent=academy)
    room, private = forums.space(kernel, cohort), forums.space(kernel, pair, kind="pair")
    lead = people.member(kernel, academy, people.person(kernel), Role.LEAD)
    assert forums.say(kernel, lead, room, "Welcome").no == 1
    with pytest.raises(Missing):
        forums.say(kernel, lead, private, "Hello?")
    with pytest.raises(Missing):
        forums.catch_up(kernel, lead, private)


@pytest.mark.parametrize("body", ["", "   \n\t ", "\u200b\u200b", "[a]: /nowhere"])
def test_an_empty_message_is_refused(kernel: Kernel, body: str) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    with pytest.raises(Invalid):
        forums.say(kernel, ana, space, body)
    assert stored(kernel, space) == []


def test_the_author_edits_and_what_it_said_before_is_kept(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ana, space, "First words")
    forums.change(kernel, ana, space, post.id, "Second words")
    forums.change(kernel, ana, space, post.id, "Third words")
    with kernel.reading() as session:
        earlier = session.scalars(select(PostEdit.body_md).where(PostEdit.post_id == post.id).order_by(PostEdit.id))
        assert list(earlier) == ["First words", "Second words"]
    last = forums.catch_up(kernel, ben, space)["events"][-1]
    assert (last["kind"], last["payload"]["html"], last["payload"]["edited"]) == ("edit", "<p>Third words</p>", True)


def test_an_edit_that_changes_nothing_leaves_no_trace(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space, "Words")
    assert forums.change(kernel, ana, space, post.id, "Words").seq == post.seq
    assert count(kernel, PostEdit) == 0
    assert stored(kernel, space)[0].edited_at is None


def test_nobody_edits_what_another_wrote(kernel: Kernel) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    lead = people.member(kernel, group, people.person(kernel), Role.LEAD)
    post = forums.say(kernel, ana, space, "Mine")
    for other in (ben, lead):
        with pytest.raises(Refused):
            forums.change(kernel, other, space, post.id, "Yours")
    assert stored(kernel, space)[0].body_md == "Mine"


def test_removing_erases_words_versions_names_and_reactions_and_keeps_the_place(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben Okri")
    post = forums.say(kernel, ana, space, "A secret for @Ben Okri")
    forums.change(kernel, ana, space, post.id, "Another secret for @Ben Okri")
    forums.react(kernel, ben, post.id)
    forums.say(kernel, ben, space, "What?", reply_to=post.id)
    forums.remove(kernel, ana, post.id)
    with kernel.reading() as session:
        row = session.get_one(Post, post.id)
        assert (row.body_md, row.body_html, row.no, row.removed_by) == ("", "", 1, ana)
    assert [count(kernel, table) for table in (PostEdit, PostReaction, Mention)] == [0, 0, 0]
    answer = forums.catch_up(kernel, ben, space)
    assert [e["seq"] for e in answer["events"]] == list(range(1, answer["head"] + 1))
    assert "secret" not in str(answer)
    assert [e["payload"]["removed"] for e in answer["events"] if e["kind"] == "post"] == [True, False]
    assert answer["events"][3]["payload"]["reply_to"]["excerpt"] == ""


def test_a_moderator_removes_and_another_learner_does_not(kernel: Kernel) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    facilitator = people.member(kernel, group, people.person(kernel), Role.FACILITATOR)
    post = forums.say(kernel, ana, space, "Unkind words")
    with pytest.raises(Refused):
        forums.remove(kernel, ben, post.id)
    forums.remove(kernel, facilitator, post.id)
    payload = forums.catch_up(kernel, ben, space)["events"][-1]["payload"]
    assert (payload["removed"], payload["by_author"], payload["html"]) == (True, False, "")


def test_removing_twice_is_removing_once(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space, "Words")
    first = forums.remove(kernel, ana, post.id)
    assert forums.remove(kernel, ana, post.id).seq == first.seq


def test_what_is_removed_can_be_neither_edited_nor_reacted_to(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space, "Words")
    forums.remove(kernel, ana, post.id)
    with pytest.raises(Closed):
        forums.change(kernel, ana, space, post.id, "Words again")
    with pytest.raises(Closed):
        forums.react(kernel, ana, post.id)


def test_reactions_toggle_and_say_who(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ana, space)
    for person, emoji in ((ana, "💛"), (ben, "💛"), (ben, "🙏"), (ana, "💛")):
        forums.react(kernel, person, post.id, emoji)
    payload = forums.catch_up(kernel, ana, space)["events"][-1]["payload"]
    assert payload["reactions"] == [
        {"emoji": "💛", "count": 1, "who": [encode(ben)]},
        {"emoji": "🙏", "count": 1, "who": [encode(ben)]},
    ]
    forums.react(kernel, ben, post.id, "🙏", on=True)
    assert count(kernel, PostReaction) == 2
    with pytest.raises(Invalid):
        forums.react(kernel, ana, post.id, "🔫")


def test_a_mention_reaches_the_inbox_once_and_reading_the_room_settles_it(kernel: Kernel) -> None:
    _, space, (ana, ben, bea) = forums.room(kernel, "Ana", "Ben Okri", "Ben")
    post = forums.say(kernel, ana, space, "@Ben Okri and @Ben Okri, look; also `@Ben` in code, and @Benny")
    assert waiting(kernel, ben) == [("mention", post.id)]
    assert waiting(kernel, bea) == []
    forums.read(kernel, ben, space, post.no - 1)
    assert waiting(kernel, ben) == [("mention", post.id)]
    forums.read(kernel, ben, space, post.no)
    assert waiting(kernel, ben) == []


def test_an_edit_tells_only_whom_it_newly_names(kernel: Kernel) -> None:
    _, space, (ana, ben, cyd) = forums.room(kernel, "Ana", "Ben", "Cyd")
    post = forums.say(kernel, ana, space, "@Ben look")
    forums.change(kernel, ana, space, post.id, "@Ben and @Cyd look")
    assert waiting(kernel, ben) == [("mention", post.id)]
    assert waiting(kernel, cyd) == [("mention", post.id)]


def test_nobody_is_told_of_their_own_mention_or_reply(kernel: Kernel) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space, "I, @Ana")
    forums.say(kernel, ana, space, "And again", reply_to=post.id)
    assert waiting(kernel, ana) == []


def test_a_reply_tells_whom_it_answers_once(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ana, space, "A question")
    reply = forums.say(kernel, ben, space, "An answer", reply_to=post.id)
    named = forums.say(kernel, ben, space, "And @Ana, this", reply_to=post.id)
    assert waiting(kernel, ana) == [("reply", reply.id), ("mention", named.id)]


def test_a_message_that_is_gone_waits_in_no_inbox(kernel: Kernel) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ana, space, "@Ben look")
    reply = forums.say(kernel, ben, space, "Yes?", reply_to=post.id)
    forums.remove(kernel, ana, post.id)
    forums.remove(kernel, ben, reply.id)
    assert (waiting(kernel, ana), waiting(kernel, ben)) == ([], [])


def test_a_reply_to_a_message_of_another_room_is_refused(kernel: Kernel) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    elsewhere = forums.say(kernel, ana, forums.space(kernel, group, "Another"), "Elsewhere")
    with pytest.raises(Invalid):
        forums.say(kernel, ana, space, "Here", reply_to=elsewhere.id)
    assert stored(kernel, space) == []
