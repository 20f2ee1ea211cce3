"""The API's answers: lists in parts, tags, problems, limits, and a document that is valid."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from academy.kernel.app import Kernel
from academy.kernel.ids import decode, encode
from academy.people.models import Role
from tests.factories import forums, people, tokens

Client = Callable[[UUID], FlaskClient]

both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def walk(client: FlaskClient, path: str, limit: int, between: Callable[[], object] = lambda: None) -> list[str]:
    """Follow a list to its end by the links that it gives; return every id."""
    found: list[str] = []
    at: str | None = f"{path}?limit={limit}"
    while at:
        answer = client.get(at)
        assert answer.status_code == 200, answer.text
        items = answer.json["items"]
        assert len(items) <= limit
        found += [item["id"] for item in items]
        link = answer.headers.get("Link")
        assert (link is None) is (answer.json["next"] is None)
        at = link.split(">")[0].removeprefix("<") if link else None
        between()
    return found


@both_databases
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 5), added=st.lists(st.booleans(), max_size=6))
def test_a_walk_meets_everybody_once_while_others_join(
    kernel: Kernel, client_of: Client, limit: int, added: list[bool]
) -> None:
    group = people.group(kernel)
    ana = people.member(kernel, group, people.person(kernel, "Ana"))
    there = {encode(people.member(kernel, group, people.person(kernel))) for _ in range(7)}
    coming = iter(added)

    def join() -> None:
        if next(coming, False):
            people.member(kernel, group, people.person(kernel))

    met = walk(client_of(ana), "/api/v1/people", limit, join)
    assert len(met) == len(set(met))
    assert there <= set(met)


def test_a_walk_through_a_room_meets_every_post_once_while_people_write(kernel: Kernel, client_of: Client) -> None:
    _, space, (ana, ben) = forums.room(kernel, "Ana", "Ben")
    there = {encode(forums.say(kernel, ben, space, f"Number {n}").id) for n in range(7)}
    met = walk(
        client_of(ana), f"/api/v1/spaces/{encode(space)}/posts", 2, lambda: forums.say(kernel, ben, space, "More")
    )
    assert sorted(met) == sorted(there)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=ten", "cursor=x", "cursor=aaaaaaaaaaaaaaaaaaaaaaaaab", "limits=5", "cursor=%F0%9F"],
)
def test_a_part_that_cannot_be_is_refused_with_its_name(kernel: Kernel, client_of: Client, query: str) -> None:
    answer = client_of(people.person(kernel)).get(f"/api/v1/people?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert list(answer.json["errors"]) == [query.partition("=")[0]]


def test_what_is_known_already_is_not_sent_again(kernel: Kernel, client_of: Client) -> None:
    client = client_of(people.person(kernel, "Ana"))
    first = client.get("/api/v1/me")
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    again = client.get("/api/v1/me", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    people.member(kernel, people.group(kernel), decode(first.json["id"]), Role.MENTOR)
    changed = client.get("/api/v1/me", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)


WHAT_NEXT = {
    400: "put it right and send it again",
    404: "Look at the address and at the ids",
    405: "Allow names those that it takes",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/v1/people/short", 404),
        ("GET", "/api/v1/me/", 404),
        ("DELETE", "/api/v1/people", 405),
        ("TRACE", "/api/v1/me", 405),
        ("GET", "/api/v1/people?q=%00", 400),
        ("GET", "/api/v1/people?q=%0A", 422),
    ],
)
def test_every_error_is_a_problem_and_never_a_page(
    kernel: Kernel, client_of: Client, method: str, path: str, status: int
) -> None:
    answer = client_of(people.person(kernel)).open(path, method=method)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert ("Allow" in answer.headers) is (status == 405)
    code = "missing" if status == 404 else "invalid"
    assert (answer.json["code"], answer.json["type"]) == (code, f"urn:academy:error:{code}")
    if status != 422:
        assert WHAT_NEXT[status] in answer.json["detail"]


def test_what_may_be_done_is_answered_without_a_body(client: FlaskClient) -> None:
    answer = client.options("/api/v1/me/profile")
    assert (answer.status_code, answer.data, "Content-Type" in answer.headers) == (204, b"", False)
    assert "GET" in answer.headers["Allow"]


def test_a_head_is_a_get_without_its_body(kernel: Kernel, client_of: Client) -> None:
    client = client_of(people.person(kernel))
    whole, head = client.get("/api/v1/me"), client.head("/api/v1/me")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])


def test_every_answer_says_how_much_is_left_and_the_last_one_when_there_is_more(
    kernel: Kernel, client_of: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(kernel.settings, "api_rate", "3 per minute")
    try:
        ana, ben = client_of(people.person(kernel)), client_of(people.person(kernel))
        answers = [ana.get("/api/v1/me") for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert {a.headers["RateLimit-Policy"] for a in answers} == {'"api";q=3;w=60'}
        assert [a.headers["RateLimit"].split(";")[1] for a in answers] == ["r=2", "r=1", "r=0", "r=0"]
        assert 0 < int(answers[3].headers["Retry-After"]) <= 60
        assert answers[3].json["code"] == "rate_limited"
        assert ben.get("/api/v1/me").status_code == 200
        assert ana.get("/me").status_code == 200
    finally:
        object.__setattr__(kernel.settings, "api_rate", "600 per minute")


@pytest.fixture
def three_a_minute(kernel: Kernel) -> Iterator[None]:
    """Let the API be asked three times a minute."""
    before = kernel.settings
    kernel.settings = replace(before, api_rate="3 per minute")
    yield
    kernel.settings = before


@pytest.mark.usefixtures("three_a_minute")
@pytest.mark.parametrize(
    ("method", "path", "bearer", "status"),
    [
        ("GET", "/api/v1/me", "", 401),
        ("GET", "/api/v1/me", "acad_nobodys", 401),
        ("GET", "/api/v1/nothing", "", 404),
        ("GET", "/api/v1/nothing", "acad_nobodys", 401),
        ("DELETE", "/api/v1/people", "", 405),
        ("GET", "/api/v1/people?q=%00", "", 400),
    ],
)
def test_whatever_nobody_asks_is_counted_by_their_address(
    client: FlaskClient, method: str, path: str, bearer: str, status: int
) -> None:
    sent = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answers = [client.open(path, method=method, headers=sent) for _ in range(4)]
    assert [a.status_code for a in answers] == [status, status, status, 429]
    assert [a.headers["RateLimit"].split(";")[1] for a in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert {a.headers["RateLimit-Policy"] for a in answers} == {'"api";q=3;w=60'}
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json["code"] == "rate_limited"
    assert ("WWW-Authenticate" in answers[0].headers, "WWW-Authenticate" in answers[3].headers) == (
        status == 401,
        False,
    )


@pytest.mark.usefixtures("three_a_minute")
def test_wrong_tokens_from_one_address_take_nothing_from_who_has_a_right_one(
    kernel: Kernel, client: FlaskClient
) -> None:
    _row, token = tokens.token(kernel, people.person(kernel), ["read"])
    wrong, right = ({"Authorization": f"Bearer {one}"} for one in ("acad_nobodys", token))
    assert [client.get("/api/v1/me", headers=wrong).status_code for _ in range(5)] == [401, 401, 401, 429, 429]
    assert [client.get("/api/v1/me", headers=right).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert "RateLimit" not in client.get("/about").headers


def test_a_sentence_that_goes_for_several_fields_is_said_once_with_their_names(
    kernel: Kernel, client_of: Client
) -> None:
    answer = client_of(people.person(kernel)).post("/api/v1/cohorts", json={})
    assert answer.json["detail"] == "name, starts_on, zone, track: Please fill this in."
    assert answer.json["errors"] == {f: ["Please fill this in."] for f in ("name", "track", "starts_on", "zone")}
    one = client_of(people.person(kernel)).get("/api/v1/people?limit=0")
    assert one.json["detail"] == one.json["errors"]["limit"][0]


def test_what_is_not_there_says_what_to_look_at(kernel: Kernel, client_of: Client) -> None:
    lead = people.member(kernel, people.group(kernel, "academy"), people.person(kernel), Role.LEAD)
    answer = client_of(lead).post("/api/v1/boards", json={"group": "a" * 26, "name": "What we try"})
    assert (answer.status_code, answer.json["code"]) == (404, "missing")
    assert WHAT_NEXT[404] in answer.json["detail"]


def test_the_document_is_valid_and_says_something_of_every_operation(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    document = answer.json
    OpenAPIV31SpecValidator(document).validate()
    told = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    rules = {
        (method, rule.rule.replace("<id:", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/") and rule.rule != "/api/v1/openapi.json"
    }
    assert told == rules
    operations = [o for item in document["paths"].values() for m, o in item.items() if m != "parameters"]
    assert [o["operationId"] for o in operations if not o.get("summary")] == []
    assert len({o["operationId"] for o in operations}) == len(operations)
    assert client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "$" not in json.dumps(list(document["paths"]))


@pytest.mark.parametrize("depth", [300, 450, 600, 900, 20_000])
def test_what_is_nested_deeper_than_anything_of_ours_is_refused(kernel: Kernel, client_of: Client, depth: int) -> None:
    client = client_of(people.person(kernel))
    body = '{"name": ' + "[" * depth + "]" * depth + "}"
    answer = client.patch("/api/v1/me/profile", data=body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer.json["status"] == answer.status_code
