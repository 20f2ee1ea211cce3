"""Every route names its guard and lets in whom the table says, over HTTP in this process."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from academy.tracks.engine import write_pack
from tests.contracts.conftest import Doors
from tests.contracts.table import COLUMNS, ROUTES, rows
from tests.factories import media, tracks
from tests.factories.world import PASSWORD

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

Ids = dict[str, str]


def _workshop(ids: Ids) -> dict[str, object]:
    day = datetime.now(UTC) + timedelta(days=9)
    return {
        "title": "Asking better questions",
        "agenda": "One round each.",
        "date": f"{day:%Y-%m-%d}",
        "time": "15:00",
        "zone": "Europe/Berlin",
        "minutes": "60",
        "venue_url": "https://meet.example.org/room",
        "facilitator": ids["facilitator"],
    }


TEXT: dict[str, object] = {"title": "A new title", "summary": "One line."}


def _thread(_ids: Ids, _who: str) -> dict[str, object]:
    return {"title": "How do you end?", "body": "I never know.", "nonce": uuid4().hex}


OPPORTUNITY = {
    "title": "Host the forum",
    "body": "Two hours a *week*.",
    "skills": "Haskell: 3",
    "closes_on": f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}",
    "contact": "Lead",
}
ACCOUNT = {"name": "Nia Newhere", "password": "tea with three sugars", "zone": "Europe/Lisbon"}

FORMS: dict[tuple[str, str], Callable[[Ids, str], dict[str, object]]] = {
    ("POST", "/sign-in"): lambda _, who: {
        "email": f"{'learner' if who == 'nobody' else who}@example.org",
        "password": PASSWORD,
    },
    ("POST", "/me"): lambda *_: {
        "name": "A new name",
        "zone": "Europe/Lisbon",
        "languages": ["en"],
        "pronouns": "",
        "about": "",
    },
    ("POST", "/me/display"): lambda *_: {"theme": "dark", "contrast": "more", "announce": "names"},
    ("POST", "/me/blocks"): lambda ids, _: {"person_id": ids["colleague"]},
    ("POST", "/forgot"): lambda *_: {"email": "learner@example.org"},
    ("POST", "/reset/{reset}"): lambda *_: {"password": "tea with three sugars"},
    ("POST", "/join/{join}"): lambda *_: {"email": "somebody@example.org"},
    ("POST", "/invited/{invited}"): lambda *_: {**ACCOUNT},
    ("POST", "/welcome/{welcome}"): lambda *_: {**ACCOUNT},
    ("POST", "/groups/{cohort}/invitations"): lambda *_: {
        "name": "Ivo",
        "email": "ivo@example.org",
        "role": "learner",
    },
    ("POST", "/groups/{cohort}/links"): lambda *_: {"days": "7", "seats": ""},
    ("POST", "/groups/{academy}/links"): lambda *_: {"days": "7", "seats": "3"},
    ("POST", "/me/email"): lambda *_: {"email": "another@example.org", "present": PASSWORD},
    ("POST", "/me/password"): lambda *_: {"present": PASSWORD, "password": "tea with three sugars"},
    ("POST", "/me/skills"): lambda ids, _: {"skill_id": ids["skill"], "level": "3"},
    ("POST", "/me/goals"): lambda ids, _: {"skill_id": ids["skill"], "level": "3"},
    ("POST", "/people/{learner}/levels"): lambda ids, _: {"skill_id": ids["skill"], "level": "4"},
    ("POST", "/me/target"): lambda ids, _: {"occupation_id": ids["occupation"]},
    ("POST", "/academies/{academy}/needs"): lambda ids, _: {"skill_id": ids["skill"], "level": "3", "people": "2"},
    ("POST", "/opportunities"): lambda ids, _: {"group": ids["academy"], **OPPORTUNITY},
    ("POST", "/opportunities/{opportunity}/edit"): lambda *_: {"version": "1", **OPPORTUNITY},
    ("POST", "/opportunities/{opportunity}/close"): lambda *_: {"on": "1"},
    ("POST", "/me/proof"): lambda *_: {"password": PASSWORD},
    ("POST", "/me/tokens"): lambda *_: {"name": "A script", "verbs": ["read"], "days": "30"},
    ("POST", "/admin/settings"): lambda *_: {
        "name": "Fernhill Ltd",
        "zone": "Europe/Berlin",
        "contact": "a@example.org",
    },
    ("POST", "/admin/academies"): lambda *_: {"name": "West Academy"},
    ("POST", "/admin/academies/{academy}/rename"): lambda *_: {"name": "Northern Academy"},
    ("POST", "/admin/roles"): lambda ids, _: {"group": ids["academy"], "person": ids["newcomer"], "role": "lead"},
    ("POST", "/admin/roles/end"): lambda ids, _: {"group": ids["academy"], "person": ids["lead"], "role": "lead"},
    ("POST", "/admin/people/{learner}/manager"): lambda *_: {"manager": "lead@example.org"},
    ("POST", "/me/data/file/{data_file}"): lambda *_: {"password": PASSWORD},
    ("POST", "/me/data/erase"): lambda *_: {"password": PASSWORD},
    ("POST", "/people/{newcomer}/erase"): lambda *_: {"password": PASSWORD},
    ("POST", "/admin/frameworks"): lambda *_: {
        "file": (io.BytesIO(b"kind,key,label,version\nframework,new,New skills,1\n"), "new.csv")
    },
    ("POST", "/people/file"): lambda *_: {"file": (io.BytesIO(b"email,name\nnew@example.org,New\n"), "people.csv")},
    ("POST", "/activities/{reflection}/reflect"): lambda *_: {"body": "I listened more than I spoke."},
    ("POST", "/tracks"): lambda ids, _: {**TEXT, "weeks": "3", "academy": ids["academy"]},
    ("POST", "/tracks/upload"): lambda ids, _: {
        "academy": ids["academy"],
        "pack": (io.BytesIO(write_pack(tracks.pack("brought")).encode()), "brought.toml"),
    },
    ("POST", "/drafts/{draft}/edit"): lambda ids, _: {**TEXT, "weeks": "3", "version": ids["draft_version"]},
    ("POST", "/drafts/{draft}/publish"): lambda ids, _: {"version": ids["draft_version"]},
    ("POST", "/drafts/{draft}/discard"): lambda ids, _: {"version": ids["draft_version"]},
    ("POST", "/drafts/{draft}/modules"): lambda *_: {**TEXT, "week": "1"},
    ("POST", "/draft-modules/{draft_module}"): lambda *_: {**TEXT, "week": "1", "version": "1"},
    ("POST", "/draft-modules/{draft_module}/move"): lambda *_: {"to": "down"},
    ("POST", "/draft-modules/{draft_module}/remove"): lambda *_: {"version": "1"},
    ("POST", "/draft-modules/{draft_module}/activities"): lambda *_: {**TEXT, "kind": "reading", "minutes": "7"},
    ("POST", "/draft-activities/{draft_activity}"): lambda *_: {
        **TEXT,
        "kind": "reading",
        "minutes": "7",
        "version": "1",
    },
    ("POST", "/draft-activities/{draft_video}/video"): lambda *_: {
        "version": "2",
        "video": (io.BytesIO(media.FILM), "film.webm"),
    },
    ("POST", "/draft-activities/{draft_activity}/move"): lambda *_: {"to": "up"},
    ("POST", "/draft-activities/{draft_activity}/remove"): lambda *_: {"version": "1"},
    ("POST", "/cohorts"): lambda ids, _: {
        "name": "Cohort Wren",
        "track": ids["newer"],
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
        "seats": "",
        "agreements": "",
    },
    ("POST", "/cohorts/{cohort}/edit"): lambda *_: {
        "name": "Cohort Wren",
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
        "version": "1",
    },
    ("POST", "/cohorts/{cohort}/close"): lambda *_: {"version": "1"},
    ("POST", "/cohorts/{closed}/open"): lambda *_: {"version": "2"},
    ("POST", "/cohorts/{cohort}/upgrade"): lambda ids, _: {"before": ids["track"], "after": ids["newer"]},
    ("POST", "/cohorts/{cohort}/enroll/addresses"): lambda *_: {"addresses": "outsider@example.org"},
    ("POST", "/cohorts/{cohort}/enroll/file"): lambda *_: {
        "roster": (io.BytesIO(b"email,role\noutsider@example.org,mentor\n"), "roster.csv"),
    },
    ("POST", "/cohorts/{cohort}/roles"): lambda ids, _: {"member": f"{ids['colleague']}.learner", "to": "mentor"},
    ("POST", "/cohorts/{full}/waitlist/move"): lambda ids, _: {"person": ids["second"], "to": "1", "reason": "need"},
    ("POST", "/cohorts/{full}/waitlist/remove"): lambda ids, _: {"person": ids["second"]},
    ("POST", "/cohorts/{cohort}/enroll"): lambda ids, _: {"people": [ids["newcomer"]], "role": "learner"},
    ("POST", "/cohorts/{cohort}/remove"): lambda ids, _: {"person": ids["colleague"], "role": "learner"},
    ("POST", "/spaces/{room}/posts"): lambda *_: {"body": "Hello, everybody.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{pair_room}/posts"): lambda *_: {"body": "Hello, you.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{room}/read"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{pair_room}/read"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{room}/unread"): lambda *_: {"no": "1"},
    ("POST", "/spaces/{pair_room}/unread"): lambda *_: {"no": "1"},
    ("POST", "/posts/{post}/edit"): lambda *_: {"body": "A second thought."},
    ("POST", "/posts/{post}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/posts/{private_post}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/boards"): lambda ids, _: {"group": ids["cohort"], "name": "What we try", "about": ""},
    ("POST", "/boards/{board}/edit"): lambda *_: {"name": "What we try", "about": "One thing each."},
    ("POST", "/boards/{academy_board}/edit"): lambda *_: {"name": "What we try", "about": "One thing each."},
    ("POST", "/boards/{board}/close"): lambda *_: {"on": "1"},
    ("POST", "/boards/{board}/threads"): _thread,
    ("POST", "/boards/{academy_board}/threads"): _thread,
    ("POST", "/spaces/{thread}/posts"): lambda *_: {"body": "By asking.", "nonce": uuid4().hex, "seen": "0"},
    ("POST", "/spaces/{thread}/read"): lambda *_: {"no": "1"},
    ("POST", "/threads/{thread}/follow"): lambda *_: {"on": "1"},
    ("POST", "/threads/{thread}/pin"): lambda *_: {"on": "1"},
    ("POST", "/threads/{thread}/lock"): lambda *_: {"on": "1"},
    ("POST", "/threads/{academy_thread}/lock"): lambda *_: {"on": "1"},
    ("POST", "/posts/{answer}/solve"): lambda *_: {"on": "1"},
    ("POST", "/posts/{answer}/react"): lambda *_: {"on": "\N{YELLOW HEART}"},
    ("POST", "/mentoring"): lambda ids, _: {"group": ids["academy"], "capacity": "2", "offers": "Listening."},
    ("POST", "/offers/{offer}/accept"): lambda *_: {"version": "1"},
    ("POST", "/offers/{offer}/decline"): lambda *_: {"version": "1", "reason": "A full autumn."},
    ("POST", "/pairs/{pair}/end"): lambda *_: {"reason": "Other hours."},
    ("POST", "/groups/{cohort}/matches"): lambda *_: {"kind": "buddy"},
    ("POST", "/groups/{cohort}/matches/settings"): lambda *_: {
        "kind": "buddy",
        "version": "0",
        "help": "20",
        "shared_goals": "40",
        "hours": "20",
        "rarity": "10",
        "languages": "5",
        "zone": "5",
    },
    ("POST", "/groups/{cohort}/matches/choices"): lambda ids, _: {
        "kind": "buddy",
        "say": f"excluded {ids['learner']} {ids['peer']}",
    },
    ("POST", "/groups/{cohort}/matches/swap"): lambda ids, _: {
        "kind": "buddy",
        "one": ids["learner"],
        "other": ids["peer"],
    },
    ("POST", "/runs/{run}/publish"): lambda *_: {"version": "2"},
    ("POST", "/workshops"): lambda ids, _: {**_workshop(ids), "group": ids["cohort"]},
    ("POST", "/workshops/{workshop}/answer"): lambda *_: {"answer": "going"},
    ("POST", "/workshops/{workshop}/move"): lambda ids, _: {**_workshop(ids), "version": "1"},
    ("POST", "/workshops/{workshop}/cancel"): lambda *_: {"version": "1"},
}
"""What each form sends: something valid, so that a refusal is about rights."""

BODIES: dict[tuple[str, str], Callable[[Ids], dict[str, object]]] = {
    ("PATCH", "/api/v1/me/profile"): lambda _: {"about": "I ask more than I say."},
    ("PUT", "/api/v1/me/skills/{skill}"): lambda _: {"level": 3},
    ("PUT", "/api/v1/me/goals/{skill}"): lambda _: {"level": 5},
    ("PUT", "/api/v1/activities/{reflection}/reflection"): lambda _: {"body": "I listened."},
    ("POST", "/api/v1/cohorts"): lambda ids: {
        "name": "Cohort Wren",
        "track": ids["newer"],
        "starts_on": "2027-01-11",
        "zone": "Europe/Berlin",
    },
    ("POST", "/api/v1/cohorts/{cohort}/enroll"): lambda ids: {"people": [ids["newcomer"]]},
    ("POST", "/api/v1/cohorts/{cohort}/remove"): lambda ids: {"person": ids["colleague"], "role": "learner"},
    ("PUT", "/api/v1/spaces/{room}/read"): lambda _: {"no": 1},
    ("PUT", "/api/v1/spaces/{pair_room}/read"): lambda _: {"no": 1},
    ("POST", "/api/v1/spaces/{room}/posts"): lambda _: {"body": "Hello, everybody.", "nonce": uuid4().hex},
    ("POST", "/api/v1/spaces/{pair_room}/posts"): lambda _: {"body": "Hello, you.", "nonce": uuid4().hex},
    ("PATCH", "/api/v1/posts/{post}"): lambda _: {"body": "A second thought."},
    ("PATCH", "/api/v1/posts/{private_post}"): lambda _: {"body": "A second thought."},
    ("PUT", "/api/v1/posts/{post}/reaction"): lambda _: {"emoji": "\N{YELLOW HEART}", "on": True},
    ("PUT", "/api/v1/posts/{private_post}/reaction"): lambda _: {"emoji": "\N{YELLOW HEART}", "on": True},
    ("POST", "/api/v1/boards"): lambda ids: {"group": ids["cohort"], "name": "What we try"},
    ("PATCH", "/api/v1/boards/{board}"): lambda _: {"name": "What we try", "closed": True},
    ("PATCH", "/api/v1/boards/{academy_board}"): lambda _: {"name": "What we try", "closed": True},
    ("POST", "/api/v1/boards/{board}/threads"): lambda _: {"title": "How do you end?", "body": "I never know."},
    ("POST", "/api/v1/boards/{academy_board}/threads"): lambda _: {"title": "How do you end?", "body": "I never know."},
    ("PATCH", "/api/v1/threads/{thread}"): lambda _: {"pinned": True, "locked": True},
    ("PATCH", "/api/v1/threads/{academy_thread}"): lambda _: {"pinned": True, "locked": True},
    ("PUT", "/api/v1/threads/{thread}/follow"): lambda _: {"on": True},
    ("PUT", "/api/v1/threads/{thread}/answer"): lambda ids: {"post": ids["answer"]},
    ("POST", "/api/v1/groups/{cohort}/matches"): lambda _: {"kind": "buddy"},
    ("POST", "/api/v1/runs/{run}/publish"): lambda _: {"version": 2},
    ("POST", "/api/v1/offers/{offer}/accept"): lambda _: {"version": 1},
    ("POST", "/api/v1/offers/{offer}/decline"): lambda _: {"version": 1, "reason": "A full autumn."},
    ("POST", "/api/v1/pairs/{pair}/end"): lambda _: {"reason": "Other hours."},
    ("POST", "/api/v1/workshops"): lambda ids: {**_written(ids), "group": ids["cohort"]},
    ("PUT", "/api/v1/workshops/{workshop}"): lambda ids: _written(ids),
    ("PUT", "/api/v1/workshops/{workshop}/rsvp"): lambda _: {"answer": "going"},
}
"""What programs send, as JSON."""

NO_BODY = {
    "/api/v1/me/skills/{skill}", "/api/v1/me/goals/{skill}", "/api/v1/notices/read", "/api/v1/notices/{notice}/read",
    "/api/v1/activities/{reading}/completion", "/api/v1/posts/{post}", "/api/v1/posts/{private_post}",
    "/api/v1/workshops/{workshop}/cancel",
}  # fmt: skip


def _written(ids: Ids) -> dict[str, object]:
    return {
        "title": "Asking better questions",
        "wall_start": f"{datetime.now(UTC) + timedelta(days=9):%Y-%m-%d}T15:00",
        "zone": "Europe/Berlin",
        "minutes": 60,
        "facilitator": ids["facilitator"],
    }


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


def sending(doors: Doors, method: str, address: str, column: str) -> dict[str, object]:
    """Return what goes with a request: a form, JSON or nothing."""
    if (method, address) in BODIES:
        return {"json": BODIES[method, address](doors.made.ids)}
    return {"data": FORMS.get((method, address), lambda *_: {})(doors.made.ids, column) or None}


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
