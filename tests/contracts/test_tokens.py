"""A personal API token opens the API's doors that its scopes name, no other one, and no page."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.kernel.ids import decode
from tests.contracts.conftest import Doors
from tests.contracts.sending import sending
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.contracts.test_doors import PUBLIC, met
from tests.factories import tokens

TABLE = rows(ROUTES, COLUMNS)
API = [row for row in TABLE if row[1].startswith("/api/") and TABLE[row]["nobody"] == "401"]
"""What of the API is not open to everybody."""
ELSEWHERE = [row for row in TABLE if not row[1].startswith("/api/")]


def rule(app: Flask, method: str, address: str) -> tuple[str, str]:
    """Return a row's rule and the name of its guard."""
    filled = address.partition("?")[0]
    for name in {part.split("}")[0] for part in filled.split("{")[1:]}:
        filled = filled.replace(f"{{{name}}}", "a" * 26)
    found, _values = app.url_map.bind("localhost").match(filled, method=method, return_rule=True)
    return found.rule, app.view_functions[found.endpoint].__guard__


def bearing(doors: Doors, column: str, *scopes: str) -> FlaskClient:
    """Return a client that shows a new token of a column's person with every request."""
    _row, token = tokens.token(doors.kernel, decode(doors.made.ids[column]), scopes)
    client = doors.app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def knock(doors: Doors, client: FlaskClient, method: str, address: str, column: str) -> str:
    sent = sending(doors, method, address, column)
    return met(client.open(address.format(**doors.made.ids), method=method, **sent), method)


@pytest.mark.parametrize(("method", "address"), API, ids=[" ".join(row) for row in API])
def test_a_token_is_its_owner_where_its_scope_reaches_and_nobody_beyond(doors: Doors, method: str, address: str):
    _rule, by = rule(doors.app, method, address)
    area, verb = by.partition(":")[0], "read" if method == "GET" else "write"
    other = "write" if verb == "read" else "read"
    for column in ("learner", "outsider"):
        expected = TABLE[method, address][column]
        assert knock(doors, bearing(doors, column, f"{area}:{verb}"), method, address, column) == expected
        doors.afresh()
        for short in (other, f"{area}:{other}", f"{'forums' if area != 'forums' else 'people'}:{verb}"):
            assert knock(doors, bearing(doors, column, short), method, address, column) == "403"


def test_outside_the_api_a_token_is_nobody(doors: Doors):
    client = bearing(doors, "learner", "read", "write")
    before = doors.written()
    opened = {}
    for method, address in ELSEWHERE:
        if rule(doors.app, method, address)[0] in PUBLIC:
            continue
        found = knock(doors, client, method, address, "learner")
        if found != TABLE[method, address]["nobody"]:
            opened[method, address] = found
    assert opened == {}
    assert doors.written() == before
