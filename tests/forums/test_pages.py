"""Rooms by links and forms alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from academy.kernel import clock
from academy.kernel.access import Busy
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import Role
from academy.people.policy import RIGHTS, Right
from forums.posts import actions
from forums.posts.models import Post, PostReaction
from forums.posts.pages.room import SIDE
from forums.spaces.models import Follow
from tests.factories import forums, people

Client = Callable[[UUID], FlaskClient]


def room_url(space: UUID) -> str:
    return f"/spaces/{encode(space)}"


def stored(kernel: Kernel) -> list[str]:
    with kernel.reading() as session:
        return list(session.scalars(select(Post.body_md).order_by(Post.no)))


def test_a_room_shows_its_newest_messages_and_leads_to_the_older_ones(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    for number in range(1, 61):
        forums.say(kernel, ana, space, f"Message number {number}.")
    page = client_of(ana).get(room_url(space)).text
    assert [int(n) for n in re.findall(r"Message number (\d+)\.", page)] == list(range(11, 61))
    older = re.search(r'href="(/spaces/\w+\?before=\d+)"', page)
    assert older
    page = client_of(ana).get(older[1]).text
    assert [int(n) for n in re.findall(r"Message number (\d+)\.", page)] == list(range(1, 11))
    assert "?before=" not in page


def test_beside_a_large_room_stand_those_whom_its_lists_of_who_is_here_name(
    kernel: Kernel, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    others = [people.member(kernel, group, people.person(kernel, f"Z {99 - number}")) for number in range(SIDE + 20)]
    monkeypatch.setattr(kernel.realtime, "present", lambda _space: {ana, *others[5:]})
    page = client_of(ana).get(room_url(space)).text
    beside = re.findall(r'data-person="(\w+)"', page)
    assert set(beside) == {encode(person) for person in [ana, *others[5 : SIDE + 4]]}
    assert f"{SIDE + 16} here now" in page


def test_the_new_ones_begin_at_a_heading_and_days_have_theirs(kernel: Kernel, client_of: Client) -> None:
    with clock.travel(datetime(2026, 11, 23, 22, 30, tzinfo=UTC)):
        _, space, (ben,) = forums.room(kernel, "Ben")
        with kernel.reading() as session:
            group = forums.group_of(session, space)
        ana = people.member(kernel, group, people.person(kernel, "Ana", zone="Asia/Kolkata"))
        forums.say(kernel, ben, space, "On Tuesday in Kolkata")
    with clock.travel(datetime(2026, 11, 25, 9, 5, tzinfo=UTC)):
        forums.read(kernel, ana, space, 1)
        forums.say(kernel, ben, space, "Since then")
        page = client_of(ana).get(room_url(space)).text
    headings = re.findall(r"<h2>([^<]+)</h2>", page)
    assert headings[:3] == ["Yesterday, Tuesday 24 November", "Today, Wednesday 25 November", "New since 14:35"]
    assert page.index("On Tuesday") < page.index("<h2>New since") < page.index("Since then")


def test_what_people_call_themselves_and_a_room_is_only_text(kernel: Kernel, client_of: Client) -> None:
    name = "100% %(id)s <f-words> <b>"
    _, space, (ana, odd) = forums.room(kernel, "Ana", name)
    forums.say(kernel, odd, space, "50% of %(no)s <f-id>")
    page = client_of(ana).get(room_url(space)).text
    assert page.count("<h3>100% %(id)s &lt;f-words&gt; &lt;b&gt;</h3>") == 1
    assert "<p>50% of %(no)s &lt;f-id&gt;</p>" in page
    assert 'aria-label="Actions for the message from 100% %(id)s &lt;f-words&gt; &lt;b&gt;"' in page
    assert "<b>100% %(id)s &lt;f-words&gt; &lt;b&gt;</b></span></li>" in page  # beside the room
    assert "<f-" not in page


def test_looking_at_a_room_writes_nothing(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ben, space)
    client_of(ana).get(room_url(space))
    assert forums.unread(kernel, ana, space) == 1


def test_marking_as_read_and_as_unread_are_buttons(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    for _ in range(3):
        forums.say(kernel, ben, space)
    client = client_of(ana)
    assert client.post(room_url(space) + "/read", data={"no": "3"}).status_code == 303
    assert forums.unread(kernel, ana, space) == 0
    assert client.post(room_url(space) + "/unread", data={"no": "2"}).status_code == 303
    assert forums.unread(kernel, ana, space) == 2
    assert client.post(room_url(space) + "/read", data={"no": "-1"}).status_code == 422


def test_a_form_sent_twice_is_one_message_and_what_was_shown_counts_as_read(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ben, space, "Hello")
    client = client_of(ana)
    nonce = re.search(r'name="nonce" value="(\w+)"', client.get(room_url(space)).text)
    assert nonce
    sent = {"body": "Good morning\r\nall", "nonce": nonce[1], "seen": "1", "reply_to": ""}
    answers = [client.post(room_url(space) + "/posts", data={k: v for k, v in sent.items() if v}) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert stored(kernel) == ["Hello", "Good morning\nall"]
    assert forums.unread(kernel, ana, space) == 0


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [("x" * 4001, 413, "This has 4001 characters"), ("   ", 422, "nothing in this message"), ("[" * 900, 413, "kept")],
)
def test_what_is_refused_is_kept_and_explained(
    kernel: Kernel, client_of: Client, body: str, status: int, says: str
) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    answer = client_of(ana).post(room_url(space) + "/posts", data={"body": body, "nonce": "nonce-one"})
    assert answer.status_code == status
    assert says in answer.text
    assert f"\n{body}</textarea>" in answer.text
    assert "<title>Error:" in answer.text
    assert stored(kernel) == []


def test_going_back_and_writing_something_else_asks_for_one_more_press(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    client = client_of(ana)
    client.post(room_url(space) + "/posts", data={"body": "First", "nonce": "nonce-one"})
    answer = client.post(room_url(space) + "/posts", data={"body": "Second", "nonce": "nonce-one"})
    assert answer.status_code == 409
    assert "\nSecond</textarea>" in answer.text
    nonce = re.search(r'name="nonce" value="(\w+)"', answer.text)
    assert nonce
    client.post(room_url(space) + "/posts", data={"body": "Second", "nonce": nonce[1]})
    assert stored(kernel) == ["First", "Second"]


def test_words_are_shown_to_be_copied_where_nothing_can_be_written_any_more(kernel: Kernel, client_of: Client) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    watching = people.member(kernel, group, people.person(kernel, "Wim"), Role.FACILITATOR)
    board = forums.board(kernel, watching, group)
    thread = forums.thread(kernel, ana, board, "How?")
    client = client_of(ana)
    sent = {"body": "An answer of <an hour>", "nonce": "nonce-one"}
    assert "readonly" not in client.get(room_url(thread)).text
    client_of(watching).post(f"/threads/{encode(thread)}/lock", data={"on": "1"})
    answer = client.post(room_url(thread) + "/posts", data=sent)
    assert answer.status_code == 409
    assert "This thread is locked: it can be read, and nothing is added. What you wrote is kept" in answer.text
    assert re.search(r'<textarea [^>]*readonly=""[^>]*>\nAn answer of &lt;an hour&gt;</textarea>', answer.text)
    assert answer.text.count('id="f-body"') == 1
    assert stored(kernel) == ["How?"]


def test_who_may_not_post_any_more_keeps_what_they_wrote(
    kernel: Kernel, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    client = client_of(ana)
    monkeypatch.setitem(RIGHTS, Role.LEARNER, RIGHTS[Role.LEARNER] - {Right.POST})
    answer = client.post(room_url(space) + "/posts", data={"body": "Words of an hour", "nonce": "nonce-one"})
    assert answer.status_code == 403
    assert "You can read here but not post. What you wrote is kept" in answer.text
    assert re.search(r'<textarea [^>]*readonly=""[^>]*>\nWords of an hour</textarea>', answer.text)


def test_a_busy_academy_keeps_what_was_written(
    kernel: Kernel, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")

    def busy(*_given: object, **_named: object) -> None:
        raise Busy(retry_after=1.5)

    monkeypatch.setattr(actions, "post", busy)
    answer = client_of(ana).post(room_url(space) + "/posts", data={"body": "Words of an hour", "nonce": "nonce-one"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "\nWords of an hour</textarea>" in answer.text
    assert "Please try again shortly." in answer.text


def test_a_reply_stands_under_what_it_answers(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    question = forums.say(kernel, ben, space, "What **surprised** you?")
    client = client_of(ana)
    form = client.get(f"/posts/{encode(question.id)}/reply", follow_redirects=True).text
    assert re.search(rf'name="reply_to" value="{encode(question.id)}"', form)
    assert "Replying to" in form
    data = {"body": "The silence", "nonce": "nonce-one", "reply_to": encode(question.id)}
    page = client.post(room_url(space) + "/posts", data=data, follow_redirects=True).text
    assert re.search(r"<b>Ben</b> What surprised you\?</a></blockquote>", page)


def test_reactions_are_pressed_and_taken_back(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space)
    client = client_of(ana)
    url = f"/posts/{encode(post.id)}/react"
    for _ in range(2):  # pressing twice is pressing once
        page = client.post(url, data={"on": "💛"}, follow_redirects=True).text
    assert 'aria-pressed="true" aria-label="heart, 1 person, including you"' in page
    client.post(url, data={"off": "💛"})
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(PostReaction)) == 0
    assert client.post(url, data={"on": "🔫"}).status_code == 422
    assert client.post(url, data={}).status_code == 422


def test_a_message_is_changed_and_removed_by_forms(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ana, space, "First words")
    client, url = client_of(ana), f"/posts/{encode(post.id)}"
    assert "\nFirst words</textarea>" in client.get(url + "/edit").text
    page = client.post(url + "/edit", data={"body": "Second words"}, follow_redirects=True).text
    assert "<p>Second words</p>" in page
    assert '<span class="edited">edited</span>' in page
    refused = client.post(url + "/edit", data={"body": " "})
    assert refused.status_code == 422
    other = client_of(ben)
    assert [other.get(url + what).status_code for what in ("/edit", "/remove")] == [404, 404]
    assert [
        other.post(url + "/edit", data={"body": "Mine now"}).status_code,
        other.post(url + "/remove").status_code,
    ] == [403, 403]
    assert "Second words" in client.get(url + "/remove").text
    page = client.post(url + "/remove", follow_redirects=True).text
    assert "Ana removed this message." in page
    assert "Second words" not in page
    assert client.get(url + "/edit").status_code == 404


@pytest.mark.parametrize(
    ("meanwhile", "status", "says"),
    [
        ("removed", 409, "This message was removed, so it can&#39;t be changed. What you wrote is kept here: copy it."),
        ("locked", 409, "This thread is locked: it can be read, and nothing is added. What you wrote is kept"),
        ("refused", 403, "You can read here but not post. What you wrote is kept"),
    ],
)
def test_words_for_a_message_that_can_not_be_changed_any_more_are_shown_to_be_copied(
    kernel: Kernel, client_of: Client, monkeypatch: pytest.MonkeyPatch, meanwhile: str, status: int, says: str
) -> None:
    group, room, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    host = people.member(kernel, group, people.person(kernel, "Ingrid"), Role.FACILITATOR)
    thread = forums.thread(kernel, ben, forums.board(kernel, host, group), "How?")
    place = room if meanwhile == "refused" else thread
    url = f"/posts/{encode(forums.say(kernel, ana, place, 'First words').id)}"
    if meanwhile == "removed":
        client_of(host).post(f"{url}/remove")
    elif meanwhile == "locked":
        client_of(host).post(f"/threads/{encode(thread)}/lock", data={"on": "1"})
    else:
        monkeypatch.setitem(RIGHTS, Role.LEARNER, RIGHTS[Role.LEARNER] - {Right.POST})
    answer = client_of(ana).post(f"{url}/edit", data={"body": "Words of <an hour>"})
    assert answer.status_code == status
    assert says in answer.text
    assert re.search(r'<textarea [^>]*readonly=""[^>]*>\nWords of &lt;an hour&gt;</textarea>', answer.text)
    assert "Save changes" not in answer.text
    assert client_of(ana).get(f"{url}/edit").status_code == (404 if meanwhile == "removed" else status)
    assert client_of(ben).post(f"{url}/edit", data={"body": "Mine"}).status_code == 403


def test_an_outsider_finds_nothing_here(kernel: Kernel, client_of: Client, client: FlaskClient) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    post = forums.say(kernel, ana, space)
    stranger = client_of(people.person(kernel))
    urls = [room_url(space), *(f"/posts/{encode(post.id)}{what}" for what in ("", "/edit", "/remove", "/reply"))]
    assert [stranger.get(url).status_code for url in urls] == [404] * 5
    posts = [room_url(space) + "/posts", room_url(space) + "/read", room_url(space) + "/unread"]
    posts += [f"/posts/{encode(post.id)}/{what}" for what in ("edit", "remove", "react")]
    data = {"body": "x", "nonce": "nonce-one", "no": "1", "on": "💛"}
    assert [stranger.post(url, data=data).status_code for url in posts] == [404] * 6
    assert client.get(room_url(space)).status_code == 303
    assert [client.post(url, data=data).status_code for url in posts] == [401] * 6


def test_thirty_messages_in_a_moment_are_taken_and_a_flood_is_slowed_down(kernel: Kernel, client_of: Client) -> None:
    group, space, (ana,) = forums.room(kernel, "Ana")
    other = forums.space(kernel, group, "Another")
    client = client_of(ana)

    def send(number: int, where: UUID = space) -> int:
        return client.post(
            room_url(where) + "/posts", data={"body": f"{number}", "nonce": f"nonce-{number:03}"}
        ).status_code

    answers = [send(number) for number in range(45)]
    assert answers[:30] == [303] * 30
    assert answers[40:] == [429] * 5
    slowed = client.post(room_url(space) + "/posts", data={"body": "Words I want back", "nonce": "nonce-slowed"})
    assert "Words I want back</textarea>" in slowed.text
    assert int(slowed.headers["Retry-After"]) >= 1
    assert len(stored(kernel)) == 40
    assert send(99, other) == 303, "another room has a measure of its own"


HOSTILE_NAME = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


def test_hostile_names_titles_and_words_stay_text(kernel: Kernel, client_of: Client) -> None:
    group = people.group(kernel, name=HOSTILE_NAME)
    ana = people.member(kernel, group, people.person(kernel, HOSTILE_NAME))
    space = forums.space(kernel, group, HOSTILE_NAME)
    post = forums.say(kernel, ana, space, f"Hello @{HOSTILE_NAME} </template><script>alert(1)</script>")
    forums.say(kernel, ana, space, "Answer", reply_to=post.id)
    client = client_of(ana)
    for url in (room_url(space), "/spaces", f"/posts/{encode(post.id)}/edit", f"/posts/{encode(post.id)}/remove"):
        page = client.get(url).text
        assert "<img" not in page
        assert "<script>" not in page
        said = re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", page)  # a token may have any letters and digits
        assert "49" not in re.sub(r"[0-9a-f]{10,}|\d{4,}|:\d\d", "", said).replace("#49", "")


def test_a_big_room_costs_no_more_statements_than_a_small_one(
    kernel: Kernel, client_of: Client, count_statements: Callable[[Callable[[], Any]], int]
) -> None:
    counts = []
    for messages in (2, 60):
        _, space, members = forums.room(kernel, *(f"Person {n}" for n in range(messages // 2)))
        for number in range(messages):
            post = forums.say(kernel, members[number % len(members)], space, "Hello @Person 0", reply_to=None)
            forums.react(kernel, members[0], post.id)
        client = client_of(members[0])
        client.get(room_url(space))
        counts.append([count_statements(lambda url=url: client.get(url)) for url in (room_url(space), "/spaces")])
    assert counts[0] == counts[1]
    assert counts[1][0] <= 8
    assert counts[1][1] <= 8


@pytest.fixture
def count_statements(kernel: Kernel) -> Callable[[Callable[[], Any]], int]:
    """Count the questions that something asks the database."""

    def count(do: Callable[[], Any]) -> int:
        asked: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        event.listen(kernel.database.engine, "before_cursor_execute", note)
        try:
            assert do().status_code == 200
        finally:
            event.remove(kernel.database.engine, "before_cursor_execute", note)
        return len(asked)

    return count


def test_a_lead_who_only_looked_in_follows_once_they_write(kernel: Kernel, client_of: Client) -> None:
    academy = people.group(kernel, "academy")
    cohort = people.group(kernel, "cohort", parent=academy)
    space = forums.space(kernel, cohort)
    lead = people.member(kernel, academy, people.person(kernel), Role.LEAD)
    client = client_of(lead)
    assert client.get(room_url(space)).status_code == 200
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Follow)) == 0
    client.post(room_url(space) + "/posts", data={"body": "Hello", "nonce": "nonce-one"})
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Follow)) == 1


def test_a_mention_in_the_inbox_leads_to_the_message(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    post = forums.say(kernel, ben, space, "Look, @Ana")
    inbox = client_of(ana).get("/notices").text
    assert "Ben mentioned you in A room" in inbox
    assert "Look, @Ana" in inbox
    forums.remove(kernel, ben, post.id)
    assert "Ben mentioned you" not in client_of(ana).get("/notices").text
