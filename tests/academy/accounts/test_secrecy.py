"""What must not get out: a token into a log, a person to another site by `next`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.kernel import telemetry
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.engine import new_token
from tests.academy.accounts.conftest import HASH, Outbox, enter
from tests.academy.accounts.test_reset import mailed, set_new
from tests.contracts.tree import modules
from tests.factories import people


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """Log everything; return what was logged since."""
    telemetry.configure("debug")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    telemetry.configure("error")


def test_no_token_of_a_link_gets_into_a_log(
    client: FlaskClient, ana: UUID, outbox: Outbox, lines: Callable[[], list[dict[str, str]]]
):
    path = mailed(client, outbox)
    lines()
    client.get(path)
    client.get(path + "/")
    client.get(path.replace("/reset/", "/join/"))
    set_new(client, path, "short")
    set_new(client, path)
    client.get(path)
    said = lines()
    assert [line["path"] for line in said if line.get("event") == "request"][:1] == ["/reset/***"]
    assert path.rpartition("/")[2] not in json.dumps(said)
    assert "tea with three sugars" not in json.dumps(said)


def test_an_address_is_logged_whole_but_for_its_token():
    token, whole = new_token(), f"/spaces/{'a' * 26}"
    assert [telemetry.place(p) for p in (f"/join/{token}", whole, "/", f"/a/{token}/b")] == [
        "/join/***",
        whole,
        "/",
        "/a/***/b",
    ]


AWAY = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("away", AWAY)
def test_no_next_of_any_form_leads_away_from_here(
    app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel, away: str
):
    other = people.member(
        kernel, people.group(kernel), people.person(kernel, "Ben", email="ben@example.org", password_hash=HASH)
    )
    enter(client)
    forms = {
        "/me/display": {"theme": "dark"},
        f"/me/blocks/{encode(other)}/remove": {},
        "/me/password": {"present": "a long and winding password", "password": "tea with three sugars"},
        "/me/devices/end-others": {},
        "/forgot": {"email": "ana@example.org"},
    }
    for path, sent in forms.items():
        for answer in (
            client.post(path, data={**sent, "next": away}),
            client.post(path, data=sent, query_string={"next": away}),
        ):
            assert re.match(r"^/(?![/\\])", answer.location or "/"), path
            assert "evil" not in (answer.location or "")


def test_an_address_to_go_on_to_is_read_in_one_place_only():
    reads = [
        module.name
        for module in modules()
        for call in module.calls
        if ast.unparse(call.func).startswith("request.") and "'next'" in ast.unparse(call)
    ]
    assert reads == ["academy.web.forms"]
