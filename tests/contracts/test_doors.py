"""Every route names its guard and lets in whom the table says, over HTTP in this process."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.contracts.conftest import Doors
from tests.contracts.sending import BODIES, FORMS, sending
from tests.contracts.table import COLUMNS, ROUTES, rows

TABLE = rows(ROUTES, COLUMNS)
PUBLIC = {
    "/calendar/<token>.ics",
    "/about", "/healthz", "/readyz", "/metrics", "/static/<path:path>", "/sign-in", "/sign-out",
    "/sign-in/second", "/sign-in/second/options", "/sign-in/passkey", "/sign-in/passkey/options",
    "/forgot", "/mail-sent", "/reset/<token>", "/address-back/<token>",
    "/api", "/api/v1/openapi.json",
    "/join/<token>", "/invited/<token>", "/welcome/<token>",
}  # fmt: skip
NOBODYS = {"/metrics"}
"""Open to no person: a program with a secret of its own, tested where the metrics are."""

NO_BODY = {
    "/api/v1/me/skills/{skill}", "/api/v1/me/goals/{skill}", "/api/v1/notices/read", "/api/v1/notices/{notice}/read",
    "/api/v1/activities/{reading}/completion", "/api/v1/posts/{post}", "/api/v1/posts/{private_post}",
    "/api/v1/workshops/{workshop}/cancel",
}  # fmt: skip

NO_FORM = {
    "/people/{learner}/levels/{skill}/remove", "/me/target/remove", "/me/target/goals",
    "/academies/{academy}/needs/{skill}/remove",
    "/sign-in/second", "/sign-in/second/options", "/sign-in/passkey", "/sign-in/passkey/options",
    "/me/security/app", "/me/security/app/confirm", "/me/security/app/remove", "/me/security/codes",
    "/me/security/passkeys", "/me/security/passkeys/options", "/me/security/passkeys/{skill}/name",
    "/me/security/passkeys/{skill}/remove", "/me/proof/options", "/people/{learner}/factors/reset",
    "/admin/people/{learner}/sign-out", "/admin/people/{learner}/close", "/admin/people/{learner}/reopen",
    "/admin/jobs/retry", "/admin/jobs/{job}/retry", "/admin/jobs/{job}/set-aside", "/admin/mail/test",
    "/calendar/feed", "/calendar/feed/revoke", "/runs/{run}/cancel",
    "/tracks/{whole_track}/draft",
    "/sign-out", "/me/blocks/{colleague}/remove", "/me/skills/{skill}/remove", "/me/goals/{skill}/remove", "/notices/read",
    "/invitations/{invitation}/resend", "/invitations/{invitation}/withdraw", "/links/{join_link}/end",
    "/address-back/{undo}", "/address/{address_link}", "/me/devices/{newcomer}/end", "/me/devices/end-others", "/me/tokens/{token}/revoke",
    "/me/data/file", "/me/data/keep", "/people/{leaver}/keep",
    "/admin/frameworks/files/{framework_file}/apply", "/admin/frameworks/files/{framework_file}/forget",
    "/people/file/{people_file}/apply", "/people/file/{people_file}/forget", "/people/file/export",
    "/notices/{notice}/read", "/activities/{reading}/complete", "/posts/{post}/remove", "/posts/{private_post}/remove",
}  # fmt: skip

NOTED = {"/admin/audit", "/admin/people/{learner}", "/audit", "/audit?group={cohort}"}
"""Pages that write down who looked, before they are shown."""


SHOWS_OTHERS = {
    "/people/{learner}/gap",
    "/people/{learner}/levels",
    "/people/{learner}", "/offers", "/offers/{offer}", "/groups/{cohort}/matches", "/skills/{skill}", "/admin/people",
    "/groups/{cohort}/matches/swap", "/groups/{cohort}/matches/runs",
    "/api/v1/offers", "/api/v1/offers/{offer}", "/api/v1/groups/{cohort}/matches",
}  # fmt: skip
"""Pages and operations that show personal data of others: that they were opened is written down first."""


def met(answer: TestResponse, method: str) -> str:
    """Say what somebody met at a door."""
    if answer.status_code in {301, 302, 303}:
        to_sign_in = answer.headers["Location"].startswith("/sign-in")
        return "in" if method == "GET" and to_sign_in else "ok"
    return "ok" if answer.status_code < 300 else str(answer.status_code)


def knock(doors: Doors, method: str, address: str, column: str) -> str:
    """Open one door as one column and say what was met; what was changed is put back."""
    before = doors.written()
    answer = doors.client(column).open(
        address.format(**doors.made.ids), method=method, **sending(doors, method, address, column)
    )
    found = met(answer, method)
    if found == "ok" and (method != "GET" or address in NOTED):
        doors.afresh()
    elif found == "ok" and address in SHOWS_OTHERS:
        doors.afresh()
    elif doors.written() != before:
        found += ", yet something was written"
        doors.afresh()
    doors.kernel.limits.clear()
    return found


@pytest.mark.parametrize(("method", "address"), TABLE, ids=[" ".join(row) for row in TABLE])
def test_a_door_opens_to_whom_the_table_says(doors: Doors, method: str, address: str):
    expected = TABLE[method, address]
    found = {column: knock(doors, method, address, column) for column in COLUMNS}
    wrong = {c: f"{found[c]}, not {expected[c]}" for c in COLUMNS if found[c] != expected[c]}
    assert not wrong, wrong


def _endpoint(app: Flask, method: str, address: str) -> str | None:
    filled = address.partition("?")[0]
    for name in {part.split("}")[0] for part in filled.split("{")[1:]}:
        filled = filled.replace(f"{{{name}}}", "a" * 26)
    try:
        endpoint, _values = app.url_map.bind("localhost").match(filled, method=method)
    except HTTPException:
        return None
    return endpoint


def _routes(app: Flask) -> dict[tuple[str, str], str]:
    """Return every (method, endpoint) that the app answers, with its rule."""
    return {
        (method, rule.endpoint): rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_stands_in_the_table_and_every_row_is_a_route(whole_app: Flask):
    known = {row: (row[0], _endpoint(whole_app, *row)) for row in TABLE}
    assert [row for row, (_method, endpoint) in known.items() if endpoint is None] == []
    routes = _routes(whole_app)
    assert sorted(f"{key[0]} {rule}" for key, rule in routes.items() if key not in known.values()) == []


def test_every_route_names_its_guard(whole_app: Flask):
    unnamed = [
        rule.rule
        for rule in whole_app.url_map.iter_rules()
        if not getattr(whole_app.view_functions[rule.endpoint], "__guard__", "")
    ]
    assert unnamed == []


def test_only_these_doors_are_open_to_everybody(whole_app: Flask):
    found = {
        rule.rule
        for rule in whole_app.url_map.iter_rules()
        if getattr(whole_app.view_functions[rule.endpoint], "__guard__", "") == "public"
    }
    assert found == PUBLIC


def test_every_route_is_opened_at_least_once_and_refused_at_least_once(whole_app: Flask):
    cells: dict[tuple[str, str | None], set[str]] = {}
    for row, expected in TABLE.items():
        cells.setdefault((row[0], _endpoint(whole_app, *row)), set()).update(expected.values())
    routes = _routes(whole_app)
    never_opened = [key for key, met_there in cells.items() if "ok" not in met_there]
    never_refused = [routes.get(key, "") for key, met_there in cells.items() if met_there == {"ok"}]
    assert {routes.get(key, "") for key in never_opened} == NOBODYS
    assert set(never_refused) == PUBLIC - NOBODYS


def test_every_form_of_the_table_is_filled_in():
    changing = {row for row in TABLE if row[0] != "GET"}
    by_program = {row for row in changing if row[1].startswith("/api/")}
    assert changing - by_program == set(FORMS) | {("POST", address) for address in NO_FORM}
    assert by_program - set(BODIES) == {row for row in by_program if row[1] in NO_BODY} - set(BODIES)


@pytest.mark.parametrize(("method", "address"), sorted(row for row in TABLE if row[0] != "GET"))
def test_a_form_from_another_site_is_refused(doors: Doors, method: str, address: str):
    doors.app.config["WTF_CSRF_ENABLED"] = True
    column = next(c for c in reversed(COLUMNS) if TABLE[method, address][c] == "ok")
    before = doors.written()
    sent = sending(doors, method, address, column)
    answer = doors.client(column).open(address.format(**doors.made.ids), method=method, **sent)
    assert (answer.status_code, doors.written()) == (400, before)
