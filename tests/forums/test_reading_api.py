"""Rooms as programs read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import Role
from tests.factories import forums, people

Client = Callable[[UUID], FlaskClient]


def room_url(space: UUID) -> str:
    return f"/spaces/{encode(space)}"


def test_the_api_says_who_and_where_one_is(kernel: Kernel, client_of: Client) -> None:
    group, space, (ana, ben) = forums.room(kernel, "Ana Lima", "Ben")
    people.member(kernel, group, ana, Role.MENTOR)
    forums.say(kernel, ben, space)
    client = client_of(ana)
    me = client.get("/api/v1/me").json
    assert (me["id"], me["name"], me["initials"], me["zone"]) == (encode(ana), "Ana Lima", "AL", "Europe/Lisbon")
    assert me["groups"] == [{"id": encode(group), "roles": ["learner", "mentor"]}]
    (room,) = client.get("/api/v1/spaces").json["items"]
    assert (room["id"], room["group"], room["unread"], room["kind"]) == (encode(space), encode(group), 1, "room")
    assert datetime.fromisoformat(room["last_at"]).tzinfo is not None


def test_the_api_answers_pages_of_a_log_as_the_socket_does(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ana, space, "Hello", nonce="nonce-one")
    mine, theirs = (client_of(p).get(f"/api/v1{room_url(space)}/events").json for p in (ana, ben))
    assert mine["events"][0].pop("nonce") == "nonce-one"
    assert mine == theirs
    assert (mine["head"], mine["more"], mine["events"][0]["kind"]) == (1, False, "post")
    assert mine["events"][0]["payload"]["html"] == "<p>Hello</p>"
    again = client_of(ben).get(f"/api/v1{room_url(space)}/events?since=1&epoch={mine['epoch']}").json
    assert (again["events"], "reset" in again) == ([], False)
    assert client_of(ben).get(f"/api/v1{room_url(space)}/events?epoch=another").json["reset"] == "epoch"


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "since=NaN", "since=1.5", f"since={10**30}", "since=", "epoch=" + "x" * 40, "as=x"]
)
def test_a_query_that_makes_no_sense_is_a_problem_with_details(kernel: Kernel, client_of: Client, query: str) -> None:
    _, space, (ana,) = forums.room(kernel, "Ana")
    answer = client_of(ana).get(f"/api/v1{room_url(space)}/events?{query}")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "invalid"


def test_a_page_that_is_of_somebody_else_than_who_is_signed_in_is_answered_as_if_nobody_were(
    kernel: Kernel, client_of: Client
) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    forums.say(kernel, ana, space, "Hello")
    log = f"/api/v1{room_url(space)}/events?since=0"
    answer = client_of(ben).get(f"{log}&as={encode(ana)}")
    assert (answer.status_code, answer.json["code"], "events" in answer.json) == (401, "signed_out", False)
    assert client_of(ben).get(f"{log}&as={encode(ben)}").json["head"] == 1


def test_the_api_hides_rooms_and_asks_for_a_sign_in(kernel: Kernel, client_of: Client, client: FlaskClient) -> None:
    _, space, _ = forums.room(kernel, "Ana")
    stranger = client_of(people.person(kernel))
    assert stranger.get("/api/v1/spaces").json == {"items": [], "next": None}
    hidden = stranger.get(f"/api/v1{room_url(space)}/events")
    assert (hidden.status_code, hidden.json["code"]) == (404, "missing")
    for url in ("/api/v1/me", "/api/v1/spaces", f"/api/v1{room_url(space)}/events"):
        assert (client.get(url).status_code, client.get(url).json["code"]) == (401, "signed_out")
