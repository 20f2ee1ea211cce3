"""The document of the API says what is so: names that are one thing each, and the refusals that there are."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from academy.kernel.ids import decode
from academy.tokens.engine import AREAS
from academy.web.api.document import document
from tests.contracts.conftest import Doors
from tests.contracts.sending import BODIES
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.factories import tokens

Operation = tuple[str, str, dict[str, Any]]
Step = tuple[str, str, str, dict[str, object] | None]
UNKNOWN = "a" * 26
TABLE = {row: cells for row, cells in rows(ROUTES, COLUMNS).items() if row[1].startswith("/api/v1/")}


@pytest.fixture
def made(whole_app: Flask) -> dict[str, Any]:
    """Return the document, put together anew; a warning that two shapes have one name is a failure."""
    whole_app.extensions["kernel"].kept.pop("openapi", None)
    with whole_app.app_context(), warnings.catch_warnings():
        warnings.simplefilter("error")
        return document()


def operations(made: Mapping[str, Any]) -> list[Operation]:
    return [
        (method.upper(), path, told)
        for path, item in made["paths"].items()
        for method, told in item.items()
        if method != "parameters"
    ]


def test_every_shape_and_every_operation_has_a_name_of_its_own(made: dict[str, Any]) -> None:
    names = list(made["components"]["schemas"])
    twice = [name for name, number in Counter(name.lower() for name in names).items() if number > 1]
    assert twice == []
    assert [name for name in names if re.search(r"\d$", name)] == [], "a number is what a second one of a name gets"
    ids = Counter(told["operationId"] for _method, _path, told in operations(made))
    assert [name for name, number in ids.items() if number > 1] == []
    text = json.dumps(made)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert used <= set(names)
    assert set(names) - used <= {"ErrorSchema", "PaginationMetadataSchema"}, "what smorest adds of its own"


def row_of(path: str, method: str) -> str:
    """Return the table's address that is this operation's, one that opens to somebody."""
    shape = re.compile(re.sub(r"\{[^}]+\}", "[^/?]+", path) + "$")
    return next(
        address
        for (verb, address), cells in TABLE.items()
        if verb == method and shape.match(address) and "ok" in cells.values()
    )


def provoked(doors: Doors, method: str, path: str, told: Mapping[str, Any]) -> set[int]:
    """Ask an operation wrongly in every way there is, and return the statuses of what it refuses with."""
    ids, address = doors.made.ids, row_of(path, method)
    column = next(c for c in COLUMNS if c != "nobody" and TABLE[method, address][c] == "ok")
    client, there = doors.client(column), address.format(**ids)
    body = BODIES.get((method, address), lambda _ids: None)(ids)
    area = told["security"][0]["token"][0].partition(":")[0]
    other = next(one for one in AREAS if one != area)
    _row, token = tokens.token(doors.kernel, decode(ids[column]), [f"{other}:read", f"{other}:write"])
    unknown = address.partition("?")[0]
    for name in re.findall(r"\{(\w+)\}", unknown):
        unknown = unknown.replace(f"{{{name}}}", UNKNOWN)
    fields = {one["name"] for one in told.get("parameters", ()) if one["in"] == "header"}
    ways: list[dict[str, Any]] = [
        {"path": there, "headers": {"Authorization": f"Bearer {token}"}, "json": body},
        {"path": there, "headers": {"Authorization": "Bearer acad_nobodys"}, "json": body},
        {"path": unknown, "json": body},
        {"path": f"{there}{'&' if '?' in there else '?'}unheard-of=1"},
        {"path": there, "data": "{", "content_type": "application/json"},
        {"path": there, "data": "a=b", "content_type": "text/plain"},
        {"path": there, "json": {"unheard-of": 1}},
        {"path": there, "json": {**(body or {}), "a": "x" * 3_000_000}},
    ]
    numbers = [one["name"] for one in told.get("parameters", ()) if one["schema"].get("type") == "integer"]
    ways += [{"path": f"{there}?{name}=no"} for name in numbers]
    if "If-Match" in fields:
        ways.append({"path": there, "headers": {"If-Match": '"another"'}, "json": body})
    if "Idempotency-Key" in fields:
        ways.append({"path": there, "headers": {"Idempotency-Key": "short"}, "json": body})
    found = set()
    for way in ways:
        sent = {name: value for name, value in way.items() if value is not None}
        found.add(client.open(method=method, **sent).status_code)
        doors.kernel.limits.clear()
    doors.app.config["WTF_CSRF_ENABLED"] = True
    found.add(client.open(there, method=method, json=body).status_code)
    doors.app.config["WTF_CSRF_ENABLED"] = False
    before = doors.kernel.settings
    doors.kernel.settings = replace(before, api_rate="1 per hour")
    try:
        found |= {client.open(there, method=method, json=body).status_code for _ in range(2)}
    finally:
        doors.kernel.settings = before
        doors.kernel.limits.clear()
    return {status for status in found if status >= 400 and status != 405}


def test_an_operation_refuses_with_what_the_document_says_and_with_nothing_else(
    doors: Doors, made: dict[str, Any]
) -> None:
    wrong = {}
    for method, path, told in operations(made):
        said = {int(status) for status in told["responses"] if status[0] in "45"}
        declared = set(SCENES.get(told["operationId"], {}))
        found = provoked(doors, method, path, told)
        doors.afresh()
        if found | declared != said:
            wrong[told["operationId"]] = {
                "said, and never met": sorted(said - found - declared),
                "met, and not said": sorted((found | declared) - said),
            }
    assert wrong == {}


def test_whatever_a_door_answers_stands_in_the_document(made: dict[str, Any]) -> None:
    said = {
        (method, row_of(path, method)): {int(status) for status in told["responses"] if status != "default"}
        for method, path, told in operations(made)
    }
    unsaid = {
        row: sorted(missing)
        for row, cells in TABLE.items()
        if row in said and (missing := {int(cell) for cell in cells.values() if cell.isdigit()} - said[row])
    }
    assert unsaid == {}


SCENES: dict[str, dict[int, list[Step]]] = {
    "roster_enroll": {409: [("POST", "/cohorts/{closed}/enroll", "lead", {"people": ["{newcomer}"]})]},
    "roster_create_cohort": {
        404: [("POST", "/cohorts", "lead", {"name": "N", "track": UNKNOWN, "starts_on": "2027-01-11", "zone": "UTC"})]
    },
    "posts_send": {
        409: [
            ("POST", "/spaces/{room}/posts", "learner", {"body": "One.", "nonce": "a-nonce-of-mine"}),
            ("POST", "/spaces/{room}/posts", "learner", {"body": "Two.", "nonce": "a-nonce-of-mine"}),
        ]
    },
    "posts_edit": {
        409: [
            ("DELETE", "/posts/{post}", "learner", None),
            ("PATCH", "/posts/{post}", "learner", {"body": "Again."}),
        ]
    },
    "posts_react": {
        409: [
            ("DELETE", "/posts/{post}", "learner", None),
            ("PUT", "/posts/{post}/reaction", "peer", {"emoji": "\N{YELLOW HEART}", "on": True}),
        ]
    },
    "boards_open_board": {404: [("POST", "/boards", "lead", {"group": UNKNOWN, "name": "N"})]},
    "boards_start": {
        409: [
            ("PATCH", "/boards/{board}", "lead", {"closed": True}),
            ("POST", "/boards/{board}/threads", "learner", {"title": "How?", "body": "How?"}),
        ]
    },
    "boards_solve": {
        409: [
            ("DELETE", "/posts/{answer}", "peer", None),
            ("PUT", "/threads/{thread}/answer", "learner", {"post": "{answer}"}),
        ]
    },
    "matches_publish": {409: [("POST", "/runs/{run}/publish", "lead", {"version": 99})]},
    "matches_accept": {409: [("POST", "/offers/{offer}/accept", "mentor", {"version": 99})]},
    "pairs_end": {
        409: [("POST", "/pairs/{pair}/end", "learner", {}), ("POST", "/pairs/{pair}/end", "mentor", {})],
    },
    "matches_decline": {409: [("POST", "/offers/{offer}/decline", "mentor", {"version": 99})]},
    "workshops_schedule": {
        404: [
            (
                "POST",
                "/workshops",
                "lead",
                {
                    "group": UNKNOWN,
                    "title": "T",
                    "wall_start": "2027-01-11T15:00",
                    "zone": "UTC",
                    "minutes": 60,
                    "facilitator": "{facilitator}",
                },
            )
        ]
    },
    "workshops_move": {
        409: [
            ("POST", "/workshops/{workshop}/cancel", "lead", None),
            (
                "PUT",
                "/workshops/{workshop}",
                "lead",
                {
                    "title": "T",
                    "wall_start": "2027-01-11T15:00",
                    "zone": "UTC",
                    "minutes": 60,
                    "facilitator": "{facilitator}",
                },
            ),
        ]
    },
    "workshops_answer": {409: [("PUT", "/workshops/{workshop}/rsvp", "facilitator", {"answer": "going"})]},
    "workshops_cancel": {409: [("POST", "/workshops/{workshop}/cancel", "lead", None)] * 2},
}
"""What else some operations refuse with, and the steps that lead to it: the last one is refused, those before not."""


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Put ids in the place of their names."""
    if isinstance(value, str):
        return value.format(**ids)
    if isinstance(value, list):
        return [filled(one, ids) for one in value]
    return {name: filled(one, ids) for name, one in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("operation", "status"), [(name, status) for name, scenes in SCENES.items() for status in scenes]
)
def test_what_an_operation_refuses_with_besides_happens(doors: Doors, operation: str, status: int) -> None:
    steps = SCENES[operation][status]
    ids, met = doors.made.ids, []
    for method, path, column, body in steps:
        sent = {} if body is None else {"json": filled(body, ids)}
        met.append(doors.client(column).open(f"/api/v1{path.format(**ids)}", method=method, **sent).status_code)
        doors.kernel.limits.clear()
    assert all(before < 300 for before in met[:-1]), met
    assert met[-1] == status
