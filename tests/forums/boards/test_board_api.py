"""Boards and threads as programs meet them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people.models import GroupKind, Role
from tests.factories import forums, people

Client = Callable[[UUID], FlaskClient]
KEY = {"Idempotency-Key": "a-wish-of-mine"}


@dataclass
class Cohort:
    """A cohort with a board, its facilitator and two learners."""

    group: UUID
    board: UUID
    host: UUID
    ana: UUID
    ben: UUID

    def url(self, rest: str = "") -> str:
        return f"/api/v1/boards/{encode(self.board)}{rest}"


@pytest.fixture
def cohort(kernel: Kernel) -> Cohort:
    group = people.group(kernel, GroupKind.COHORT, "Kestrel", people.group(kernel, GroupKind.ACADEMY, "North"))
    host = people.member(kernel, group, people.person(kernel, "Ingrid"), Role.FACILITATOR)
    ana, ben = (people.member(kernel, group, people.person(kernel, name)) for name in ("Ana", "Ben"))
    return Cohort(group, forums.board(kernel, host, group, "Questions"), host, ana, ben)


def test_a_board_is_listed_with_its_keeper_and_what_is_new(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    other = forums.board(kernel, cohort.host, cohort.group, "What we try")
    thread = forums.thread(kernel, cohort.ana, cohort.board, "How?")
    forums.say(kernel, cohort.ben, thread)
    client = client_of(cohort.ana)
    found = client.get(f"/api/v1/boards?group={encode(cohort.group)}").json
    assert [(one["name"], one["group"], one["unread"], one["closed"]) for one in found["items"]] == [
        ("What we try", encode(cohort.group), 0, False),
        ("Questions", encode(cohort.group), 1, False),
    ]
    assert found["items"][0]["last_at"] is None
    assert client.get(f"/api/v1/boards?group={encode(other)}").json == {"items": [], "next": None}
    one = client.get(cohort.url())
    assert one.json == {
        "id": encode(cohort.board),
        "name": "Questions",
        "about": "",
        "group": encode(cohort.group),
        "closed": False,
        "may_post": True,
        "may_moderate": False,
    }
    assert client.get(cohort.url(), headers={"If-None-Match": one.headers["ETag"]}).status_code == 304


def test_a_walk_meets_every_thread_once_while_people_write(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    there = [forums.thread(kernel, cohort.ana, cohort.board, f"Question {n}") for n in range(5)]
    client, met, at = client_of(cohort.ben), [], cohort.url("/threads?limit=2")
    while at:
        part = client.get(at)
        met += [one["title"] for one in part.json["items"]]
        at = part.headers.get("Link", "").partition(">")[0].removeprefix("<")
        forums.say(kernel, cohort.ben, there[0])  # it is the liveliest now, and stays where it is in the walk
        forums.thread(kernel, cohort.ben, cohort.board, "Later")
    assert met == [f"Question {n}" for n in (4, 3, 2, 1, 0)]


def test_threads_are_narrowed_as_on_the_page(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    one = forums.thread(kernel, cohort.ana, cohort.board, "How do you listen?")
    forums.thread(kernel, cohort.ben, cohort.board, "How do you ask?")
    forums.say(kernel, cohort.ben, one)

    def found(query: str) -> list[str]:
        return [line["title"] for line in client_of(cohort.ana).get(cohort.url(f"/threads?{query}")).json["items"]]

    assert found("q=DO+listen") == ["How do you listen?"]
    assert found("show=unanswered") == ["How do you ask?"]
    assert found("show=unread&q=ask") == []
    assert client_of(cohort.ana).get(cohort.url("/threads?show=everything")).status_code == 422


def test_a_thread_is_begun_once_for_its_key_or_nonce(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    client, url = client_of(cohort.ana), cohort.url("/threads")
    wish = {"title": "How do you begin?", "body": "I **never** know, @Ben."}
    first, again = (client.post(url, json=wish, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code, first.json["id"]) == (201, 201, again.json["id"])
    assert first.headers["Location"] == f"/api/v1/threads/{first.json['id']}"
    assert client.get(first.headers["Location"]).headers["ETag"] == first.headers["ETag"]
    assert (first.json["author"]["name"], first.json["follows"], first.json["board"]) == (
        "Ana",
        True,
        encode(cohort.board),
    )
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    other = client.post(url, json={**wish, "title": "Another"}, headers=KEY)
    assert (other.status_code, list(other.json["errors"])) == (422, ["Idempotency-Key"])
    assert client.post(url, json={**wish, "nonce": "nonce-of-mine"}).status_code == 201
    assert client.post(url, json={**wish, "title": "Another", "nonce": "nonce-of-mine"}).status_code == 409
    assert client.post(url, json={**wish, "nonce": "another-nonce"}, headers=KEY).json["id"] != first.json["id"]
    assert client.post(url, json=wish, headers={"Idempotency-Key": "short"}).status_code == 422
    posts = client.get(f"/api/v1/spaces/{first.json['id']}/posts").json["items"]
    assert "<strong>never</strong>" in posts[0]["html"]
    assert len(client_of(cohort.ben).get("/api/v1/notices").json["items"]) == 3, "all threads name him"


@pytest.mark.parametrize("wrong", [{"title": " "}, {"title": "x" * 161}, {"body": " "}, {"more": 1}, {"title": 3}])
def test_a_thread_that_cannot_be_one_is_refused(client_of: Client, cohort: Cohort, wrong: dict[str, object]) -> None:
    client, wish = client_of(cohort.ana), {"title": "How?", "body": "How?"}
    assert client.post(cohort.url("/threads"), json={**wish, **wrong}).status_code == 422
    assert client.get(cohort.url("/threads")).json["items"] == []


def test_who_looks_after_a_board_pins_and_locks_what_they_read(
    kernel: Kernel, client_of: Client, cohort: Cohort
) -> None:
    thread = forums.thread(kernel, cohort.ana, cohort.board)
    url, host = f"/api/v1/threads/{encode(thread)}", client_of(cohort.host)
    read = host.get(url).headers["ETag"]
    forums.say(kernel, cohort.ben, thread)
    assert host.patch(url, json={"locked": True}, headers={"If-Match": read}).status_code == 412
    locked = host.patch(url, json={"locked": True}, headers={"If-Match": host.get(url).headers["ETag"]})
    assert (locked.json["locked"], locked.json["pinned"], locked.json["may_post"]) == (True, False, False)
    pinned = host.patch(url, json={"pinned": True})
    assert (pinned.json["locked"], pinned.json["pinned"]) == (True, True)
    assert client_of(cohort.ana).patch(url, json={}).status_code == 403
    assert client_of(cohort.ana).patch(url, json={"locked": False}).status_code == 403
    sent = {"body": "One more"}
    assert client_of(cohort.ana).post(f"/api/v1/spaces/{encode(thread)}/posts", json=sent).status_code == 409


def test_a_thread_is_followed_from_here_on(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    thread = forums.thread(kernel, cohort.ana, cohort.board)
    url, ben = f"/api/v1/threads/{encode(thread)}", client_of(cohort.ben)
    assert ben.get(url).json["follows"] is False
    assert ben.put(f"{url}/follow", json={"on": True}).json["follows"] is True
    forums.say(kernel, cohort.ana, thread)
    assert ben.get(url).json["unread"] == 1
    off = [ben.put(f"{url}/follow", json={"on": False}).json for _ in range(2)]
    assert [(one["follows"], one["unread"]) for one in off] == [(False, 0)] * 2


def test_who_asked_says_what_solved_it_and_takes_it_back(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    thread, other = (forums.thread(kernel, cohort.ana, cohort.board) for _ in range(2))
    answer, elsewhere = (encode(forums.say(kernel, cohort.ben, space).id) for space in (thread, other))
    url, ana = f"/api/v1/threads/{encode(thread)}", client_of(cohort.ana)
    read = ana.get(url).headers["ETag"]
    solved = ana.put(f"{url}/answer", json={"post": answer}, headers={"If-Match": read})
    assert (solved.json["solved"], solved.json["answer"]) == (True, answer)
    assert ana.put(f"{url}/answer", json={"post": None}, headers={"If-Match": read}).status_code == 412
    assert ana.put(f"{url}/answer", json={"post": elsewhere}).status_code == 404
    assert client_of(cohort.ben).put(f"{url}/answer", json={"post": None}).status_code == 403
    for _ in range(2):
        back = ana.put(f"{url}/answer", json={"post": None})
        assert (back.status_code, back.json["solved"], back.json["answer"]) == (200, False, None)
    first = ana.get(f"/api/v1/spaces/{encode(thread)}/posts").json["items"][-1]["id"]
    assert ana.put(f"{url}/answer", json={"post": first}).status_code == 409


def test_a_room_is_no_thread(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    url = f"/api/v1/threads/{encode(forums.space(kernel, cohort.group))}"
    host = client_of(cohort.host)
    assert host.get(url).status_code == 404
    assert host.patch(url, json={"pinned": True}).status_code == 404
    assert host.put(f"{url}/follow", json={"on": True}).status_code == 404
    assert host.put(f"{url}/answer", json={"post": None}).status_code == 404


def test_a_board_is_opened_once_for_its_key(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    host, wish = client_of(cohort.host), {"group": encode(cohort.group), "name": "What  we try", "about": "One each."}
    first, again = (host.post("/api/v1/boards", json=wish, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json == again.json
    assert (first.json["name"], first.json["about"], first.json["closed"]) == ("What we try", "One each.", False)
    found = host.get(first.headers["Location"])
    assert (found.json, found.headers["ETag"]) == (first.json, first.headers["ETag"])
    assert host.post("/api/v1/boards", json={**wish, "name": "Another"}, headers=KEY).status_code == 422
    assert len(host.get("/api/v1/boards").json["items"]) == 2
    assert client_of(cohort.ana).post("/api/v1/boards", json=wish).status_code == 403
    outside = people.group(kernel, GroupKind.COHORT, "Heron", people.group(kernel, GroupKind.ACADEMY, "South"))
    assert host.post("/api/v1/boards", json={**wish, "group": encode(outside)}).status_code == 404
    pair = people.group(kernel, GroupKind.PAIR, "Two", cohort.group)
    assert host.post("/api/v1/boards", json={**wish, "group": encode(pair)}).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "x" * 81}, {"about": "x" * 301}, {"more": 1}, {"group": "no"}]
)
def test_a_board_that_cannot_be_one_is_refused(client_of: Client, cohort: Cohort, wrong: dict[str, object]) -> None:
    host, wish = client_of(cohort.host), {"group": encode(cohort.group), "name": "What we try"}
    answer = host.post("/api/v1/boards", json={**wish, **wrong})
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(wrong))
    assert len(host.get("/api/v1/boards").json["items"]) == 1


def test_a_board_is_renamed_and_closed_as_it_was_read(kernel: Kernel, client_of: Client, cohort: Cohort) -> None:
    host, ana = client_of(cohort.host), client_of(cohort.ana)
    read = host.get(cohort.url()).headers["ETag"]
    named = host.patch(cohort.url(), json={"name": "What we ask"}, headers={"If-Match": read})
    assert (named.status_code, named.json["name"], named.json["about"]) == (200, "What we ask", "")
    assert host.patch(cohort.url(), json={"closed": True}, headers={"If-Match": read}).status_code == 412
    closed = host.patch(cohort.url(), json={"closed": True}, headers={"If-Match": named.headers["ETag"]})
    assert (closed.json["closed"], closed.json["name"], closed.json["may_post"]) == (True, "What we ask", True)
    thread = {"title": "How?", "body": "How?"}
    assert ana.post(cohort.url("/threads"), json=thread).status_code == 409
    assert host.patch(cohort.url(), json={"about": "One each.", "closed": False}).json["about"] == "One each."
    assert ana.post(cohort.url("/threads"), json=thread).status_code == 201
    for wish in ({}, {"name": "Mine"}, {"closed": True}):
        assert ana.patch(cohort.url(), json=wish).status_code == 403
    assert host.patch(cohort.url(), json={"closed": "1"}).status_code == 422
    with kernel.reading() as session:
        told = [
            e.facts["what"]
            for e in session.scalars(select(Entry).where(Entry.kind == "BoardChanged").order_by(Entry.id))
        ]
    assert told == ["words", "closed", "words", "opened"]
