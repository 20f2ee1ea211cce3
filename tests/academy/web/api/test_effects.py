"""What programs change: once for a key, under the conditions that they send, read as strictly as the document says."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.once import FORGET, IdempotentRequest
from academy.people.models import Role
from cohorts.roster.models import Cohort
from forums.posts.models import Post
from tests.factories import forums, people, skills, tracks

Client = Callable[[UUID], FlaskClient]

both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
KEY = {"Idempotency-Key": "a-wish-of-mine"}
ANOTHER = {"Idempotency-Key": "another-wish"}


@pytest.fixture
def lead(kernel: Kernel) -> UUID:
    academy = people.group(kernel, "academy")
    return people.member(kernel, academy, people.person(kernel, "Ana"), Role.LEAD)


@pytest.fixture
def wren(kernel: Kernel, lead: UUID) -> dict[str, str]:
    """What creates a cohort."""
    with kernel.reading() as session:
        (academy,) = people.viewer(kernel, lead).roles
        del session
    version = tracks.published(kernel, academy)
    return {"name": "Wren", "track": encode(version), "starts_on": "2027-01-11", "zone": "Europe/Berlin"}


def count(kernel: Kernel, table: type) -> int:
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_key_again_gets_the_same_answer_and_no_second_cohort(
    kernel: Kernel, client_of: Client, lead: UUID, wren: dict[str, str]
) -> None:
    client = client_of(lead)
    first = client.post("/api/v1/cohorts", json=wren, headers=KEY)
    assert (first.status_code, first.headers["Location"]) == (201, f"/api/v1/cohorts/{first.json['id']}")
    again = client.post("/api/v1/cohorts", json=wren, headers=KEY)
    assert (again.status_code, again.data, again.headers["ETag"]) == (201, first.data, first.headers["ETag"])
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert count(kernel, Cohort) == 1
    assert client.get(first.headers["Location"]).headers["ETag"] == first.headers["ETag"]


def test_the_same_key_with_another_body_is_refused_and_does_nothing(
    kernel: Kernel, client_of: Client, lead: UUID, wren: dict[str, str]
) -> None:
    client = client_of(lead)
    client.post("/api/v1/cohorts", json=wren, headers=KEY)
    answer = client.post("/api/v1/cohorts", json={**wren, "name": "Heron"}, headers=KEY)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert count(kernel, Cohort) == 1


def test_a_key_is_ones_own_and_what_was_refused_is_not_kept(
    kernel: Kernel, client_of: Client, lead: UUID, wren: dict[str, str]
) -> None:
    stranger = people.person(kernel, "Ben")
    assert client_of(stranger).post("/api/v1/cohorts", json=wren, headers=KEY).status_code == 404
    assert count(kernel, IdempotentRequest) == 0
    assert client_of(lead).post("/api/v1/cohorts", json={**wren, "zone": "Nowhere"}, headers=KEY).status_code == 422
    assert client_of(lead).post("/api/v1/cohorts", json=wren, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["short", "x" * 65, "with a blank in it", "é" * 10])
def test_a_key_that_cannot_be_one_is_refused(client_of: Client, lead: UUID, wren: dict[str, str], key: str) -> None:
    answer = client_of(lead).post("/api/v1/cohorts", json=wren, headers={"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_an_answer_is_kept_for_a_day(
    kernel: Kernel, client_of: Client, lead: UUID, wren: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(lead)
    client.post("/api/v1/cohorts", json=wren, headers=KEY)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=23))
    kernel.commit(lambda session: FORGET.apply(session, {}, None))
    assert count(kernel, IdempotentRequest) == 1
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=25))
    again = client.post("/api/v1/cohorts", json=wren, headers=KEY)
    assert (again.status_code, count(kernel, Cohort), "Idempotency-Replayed" in again.headers) == (201, 2, False)
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=50))
    kernel.commit(lambda session: FORGET.apply(session, {}, None))
    assert count(kernel, IdempotentRequest) == 0


@both_databases
def test_of_many_that_come_at_once_one_has_an_effect_and_all_get_its_answer(
    kernel: Kernel, client_of: Client, lead: UUID, wren: dict[str, str]
) -> None:
    clients = [client_of(lead) for _ in range(6)]
    start = Barrier(len(clients))

    def send(client: FlaskClient) -> tuple[int, bytes]:
        start.wait()
        answer = client.post("/api/v1/cohorts", json=wren, headers=KEY)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(len(clients)) as pool:
        found = set(pool.map(send, clients))
    assert [status for status, _body in found] == [201]
    assert count(kernel, Cohort) == 1


@both_databases
def test_of_two_who_change_what_they_read_the_second_is_told(kernel: Kernel, client_of: Client) -> None:
    ana = people.person(kernel, "Ana")
    client = client_of(ana)
    read = client.get("/api/v1/me/profile").headers["ETag"]
    start = Barrier(2)

    def change(about: str) -> int:
        start.wait()
        mine = client_of(ana)
        return mine.patch("/api/v1/me/profile", json={"about": about}, headers={"If-Match": read}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, ["One", "Two"])) == [200, 412]
    found = client.get("/api/v1/me/profile")
    assert found.json["about"] in {"One", "Two"}
    assert found.json["name"] == "Ana"
    again = client.patch("/api/v1/me/profile", json={"about": "Three"}, headers={"If-Match": found.headers["ETag"]})
    assert (again.status_code, again.json["about"]) == (200, "Three")
    assert client.get("/api/v1/me/profile").headers["ETag"] == again.headers["ETag"]
    assert client.patch("/api/v1/me/profile", json={"about": "Four"}).status_code == 200


def test_a_skill_is_said_once_and_taken_back_under_conditions(kernel: Kernel, client_of: Client) -> None:
    skills.esco(kernel)
    client = client_of(people.person(kernel))
    for path in ("skills", "goals"):
        url = f"/api/v1/me/{path}/{encode(skills.skill(kernel, 'Haskell'))}"
        assert client.get(url).status_code == 404
        assert client.put(url, json={"level": 2}, headers={"If-Match": "*"}).status_code == 412
        made = client.put(url, json={"level": 2}, headers={"If-None-Match": "*"})
        assert (made.status_code, made.json["level"]) == (201, 2)
        assert client.put(url, json={"level": 3}, headers={"If-None-Match": "*"}).status_code == 412
        changed = client.put(url, json={"level": 3}, headers={"If-Match": made.headers["ETag"]})
        assert (changed.status_code, changed.json["level"]) == (200, 3)
        assert client.delete(url, headers={"If-Match": made.headers["ETag"]}).status_code == 412
        gone = client.delete(url, headers={"If-Match": changed.headers["ETag"]})
        assert (gone.status_code, gone.data) == (204, b"")
        assert client.delete(url).status_code == 404
    assert client.put(f"/api/v1/me/skills/{'a' * 26}", json={"level": 2}).status_code == 404


def test_a_message_is_stored_once_for_its_nonce_or_key(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    client, url = client_of(ana), f"/api/v1/spaces/{encode(space)}/posts"
    first = client.post(url, json={"body": "Hello, *you*.", "nonce": "nonce-one"})
    again = client.post(url, json={"body": "Hello, *you*.", "nonce": "nonce-one"})
    assert (first.status_code, again.json["id"]) == (201, first.json["id"])
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert (first.json["html"], first.json["body"]) == ("<p>Hello, <em>you</em>.</p>", "Hello, *you*.")
    assert client.post(url, json={"body": "Other words", "nonce": "nonce-one"}).status_code == 409
    by_key = [client.post(url, json={"body": "By key"}, headers=KEY).json["id"] for _ in range(2)]
    assert (len(set(by_key)), count(kernel, Post)) == (1, 2)
    assert client.post(url, json={"body": "By key"}).json["id"] not in by_key
    said = [client.post(url, json={"body": "Twice"}, headers=ANOTHER).headers for _ in range(2)]
    assert ("Idempotency-Replayed" in said[0], said[1]["Idempotency-Replayed"]) == (False, "true")
    assert said[0]["Location"] == said[1]["Location"]
    other = client.post(url, json={"body": "Other words"}, headers=KEY)
    assert (other.status_code, list(other.json["errors"])) == (422, ["Idempotency-Key"])
    assert client.post(url, json={"body": " \u200b "}).status_code == 422
    wrong = {"Idempotency-Key": "short"}
    assert client.post(url, json={"body": "Hello", "nonce": "nonce-two"}, headers=wrong).status_code == 422


def test_a_post_is_changed_and_removed_as_it_was_read(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    url = f"/api/v1/posts/{encode(forums.say(kernel, ana, space, 'First').id)}"
    mine, theirs = client_of(ana), client_of(ben)
    read = mine.get(url)
    assert (read.json["body"], theirs.get(url).json["body"]) == ("First", None)
    assert theirs.put(f"{url}/reaction", json={"emoji": "\N{YELLOW HEART}", "on": True}).status_code == 200
    assert mine.patch(url, json={"body": "Second"}, headers={"If-Match": read.headers["ETag"]}).status_code == 412
    now = mine.get(url).headers["ETag"]
    changed = mine.patch(url, json={"body": "Second"}, headers={"If-Match": now})
    assert (changed.json["html"], changed.json["edited"]) == ("<p>Second</p>", True)
    assert mine.delete(url, headers={"If-Match": now}).status_code == 412
    assert mine.delete(url, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert (mine.get(url).json["removed"], mine.get(url).json["html"]) == (True, "")


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b'{"level": "3"}', "application/json", 422),
        (b'{"level": 3.5}', "application/json", 422),
        (b'{"level": 1e999}', "application/json", 422),
        (b'{"level": true}', "application/json", 422),
        (b'{"level": null}', "application/json", 422),
        (b'{"level": 6}', "application/json", 422),
        (b'{"level": 3, "more": 1}', "application/json", 422),
        (b"{}", "application/json", 422),
        (b"[3]", "application/json", 422),
        (b'{"level": NaN}', "application/json", 400),
        (b'{"level": 3', "application/json", 400),
        (b'{"\\ud800": 3}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"level": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"level=3", "application/x-www-form-urlencoded", 415),
        (b'{"level": 3}', "text/plain", 415),
        (b" " * (1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_json_is_taken_as_the_document_says_and_no_other_way(
    kernel: Kernel, client_of: Client, sent: bytes, kind: str, status: int
) -> None:
    skills.esco(kernel)
    url = f"/api/v1/me/skills/{encode(skills.skill(kernel, 'Haskell'))}"
    answer = client_of(people.person(kernel)).put(url, data=sent, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert json.loads(answer.text)["status"] == status


def test_hours_come_and_go_as_a_list(kernel: Kernel, client_of: Client) -> None:
    client = client_of(people.person(kernel, "Ana"))
    week = [{"weekday": 0, "start": 540, "end": 720}, {"weekday": 0, "start": 780, "end": 1020}]
    assert client.patch("/api/v1/me/profile", json={"hours": week}).json["hours"] == week
    wrong = [{"weekday": 0, "start": 540, "end": 720}, {"weekday": 0, "start": 700, "end": 1020}]
    assert client.patch("/api/v1/me/profile", json={"hours": wrong}).status_code == 422
    assert client.get("/api/v1/me/profile").json["hours"] == week
    assert client.patch("/api/v1/me/profile", json={"hours": [{"start": 0, "end": 1}]}).status_code == 422
    assert client.patch("/api/v1/me/profile", json={"name": "  "}).status_code == 422
