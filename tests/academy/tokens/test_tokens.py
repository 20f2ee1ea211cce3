"""Personal API tokens: shown once, kept as a hash, never more than their owner, over at once when revoked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

import wsgi
from academy.kernel import clock
from academy.kernel.access import Conflict, Invalid, Refused
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from academy.tokens import actions, queries
from academy.tokens.engine import AREAS, SCOPES, SHAPE, VERBS, new_token, scopes_of, token_hash
from academy.tokens.models import ApiToken
from academy.web.guards import guard
from academy.web.signed_in import viewer
from tests.academy.accounts.test_races import at_once
from tests.conftest import proved, sign_in
from tests.contracts.test_statements import counted
from tests.factories import people, tokens

FORM = {"name": "Calendar script", "verbs": ["read"], "days": "30"}


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana Silva", email="ana@example.org")


@pytest.fixture
def mine(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return proved(client_of(ana))


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def rows(kernel: Kernel) -> list[ApiToken]:
    with kernel.reading() as session:
        return list(session.scalars(select(ApiToken).order_by(ApiToken.id)))


def shown(page: str) -> str:
    found = SHAPE.search(page)
    assert found is not None
    return found.group()


def test_a_token_is_shown_once_and_lets_its_owner_in(client: FlaskClient, mine: FlaskClient, ana: UUID) -> None:
    answer = mine.post("/me/tokens", data=FORM)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    token = shown(answer.text)
    assert SHAPE.search(mine.get("/me/tokens").text) is None
    met = client.get("/api/v1/me", headers=bearing(token))
    assert (met.status_code, json.loads(met.text)["id"]) == (200, encode(ana))
    assert met.headers.getlist("Set-Cookie") == []


def test_the_database_keeps_a_hash_and_four_characters(mine: FlaskClient, kernel: Kernel) -> None:
    token = shown(mine.post("/me/tokens", data=FORM).text)
    [row] = rows(kernel)
    assert row.token_hash == token_hash(token)
    kept = json.dumps([str(getattr(row, column.name)) for column in ApiToken.__table__.columns])
    assert token[5:-4] not in kept
    assert row.ending == token[-4:]
    assert row.scopes == ["read"]


def test_a_form_sent_twice_makes_one_token(mine: FlaskClient, kernel: Kernel) -> None:
    mine.post("/me/tokens", data=FORM)
    again = mine.post("/me/tokens", data=FORM)
    assert again.status_code == 422
    assert "of this name already" in again.text
    assert len(rows(kernel)) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "1 to 60 characters"),
        ({"name": "x" * 61}, "1 to 60 characters"),
        ({"name": "a\nb"}, "on one line"),
        ({"verbs": []}, "at least one thing"),
        ({"verbs": ["own"]}, ""),
        ({"areas": ["account"]}, ""),
        ({"days": "3650"}, "until when it lasts"),
        ({"days": "never"}, "until when it lasts"),
    ],
)
def test_what_can_not_be_is_said_and_what_was_typed_is_kept(
    mine: FlaskClient, kernel: Kernel, changed: dict[str, object], sentence: str
) -> None:
    answer = mine.post("/me/tokens", data={**FORM, "name": "Keep me", **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    if "name" not in changed:
        assert 'value="Keep me"' in answer.text
    assert rows(kernel) == []


def test_twenty_tokens_are_enough(kernel: Kernel, ana: UUID) -> None:
    for _ in range(20):
        tokens.token(kernel, ana)
    with pytest.raises(Conflict):
        tokens.token(kernel, ana)


def test_an_expired_token_is_refused(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana, days=30)
    with clock.travel(clock.now() + timedelta(days=29, hours=23)):
        assert client.get("/api/v1/me", headers=bearing(token)).status_code == 200
    with clock.travel(clock.now() + timedelta(days=30, seconds=1)):
        assert client.get("/api/v1/me", headers=bearing(token)).status_code == 401


def test_a_revoked_token_is_refused_at_once(client: FlaskClient, mine: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    row, token = tokens.token(kernel, ana)
    assert client.get("/api/v1/me", headers=bearing(token)).status_code == 200
    answer = mine.post(f"/me/tokens/{encode(row)}/revoke")
    assert (answer.status_code, answer.location) == (303, "/me/tokens")
    assert client.get("/api/v1/me", headers=bearing(token)).status_code == 401
    assert mine.post(f"/me/tokens/{encode(row)}/revoke").status_code == 303
    with kernel.reading() as session:
        assert session.scalars(select(Entry.kind).where(Entry.kind.like("Token%")).order_by(Entry.id)).all() == [
            "TokenMade",
            "TokenRevoked",
        ]


def test_a_token_ends_with_its_owners_account(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana)
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert client.get("/api/v1/me", headers=bearing(token)).status_code == 401
    kernel.commit(lambda s: people_actions.reactivate(s, person_id=ana, actor_id=None))
    assert client.get("/api/v1/me", headers=bearing(token)).status_code == 401


def test_a_refusal_says_how_to_enter(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    nobody = client.get("/api/v1/me")
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    wrong = client.get("/api/v1/me", headers=bearing(new_token()))
    assert (wrong.status_code, wrong.content_type) == (401, "application/problem+json")
    assert wrong.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert json.loads(wrong.text)["code"] == "signed_out"
    _row, token = tokens.token(kernel, ana, ["write"])
    short = client.get("/api/v1/me", headers=bearing(token))
    assert (short.status_code, short.content_type) == (403, "application/problem+json")
    assert short.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="people:read"'


@pytest.mark.parametrize(
    "sent", ["", "acad_", "acad_" + "a" * 42, "acad_" + "é" * 43, "a" * 48, "acad_" + "a" * 43, "acad_\0" + "a" * 42]
)
def test_what_is_no_token_is_nobody(client: FlaskClient, kernel: Kernel, sent: str) -> None:
    with kernel.reading() as session:
        assert queries.bearers_of(session, [sent]) == {}
    if sent.isprintable() and sent.isascii():
        assert client.get("/api/v1/me", headers=bearing(sent)).status_code == 401


def test_a_wrong_token_beside_a_good_cookie_is_refused(mine: FlaskClient) -> None:
    assert mine.get("/api/v1/me").status_code == 200
    assert mine.get("/api/v1/me", headers=bearing(new_token())).status_code == 401


def test_beside_a_cookie_the_token_counts(mine: FlaskClient, kernel: Kernel) -> None:
    ben = people.person(kernel, "Ben")
    _row, token = tokens.token(kernel, ben)
    assert json.loads(mine.get("/api/v1/me", headers=bearing(token)).text)["id"] == encode(ben)
    assert "Ana" in mine.get("/me").text


def test_a_token_opens_no_page(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana, ["read", "write"])
    assert client.get("/me", headers=bearing(token)).status_code == 303
    assert client.post("/me/tokens", data=FORM, headers=bearing(token)).status_code == 401
    assert len(rows(kernel)) == 1


def test_a_token_makes_and_revokes_no_token(kernel: Kernel, ana: UUID) -> None:
    row, _token = tokens.token(kernel, ana)
    program = replace(people.viewer(kernel, ana), scopes=frozenset(SCOPES))
    with pytest.raises(Refused):
        kernel.commit(
            lambda s: actions.make_token(s, viewer=program, token=new_token(), name="x", scopes=["read"], days=30)
        )
    with pytest.raises(Refused):
        kernel.commit(lambda s: actions.revoke_token(s, viewer=program, token_id=row))


def test_a_token_has_the_roles_its_owner_has_now(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    group = people.group(kernel, GroupKind.ORGANIZATION)
    people.member(kernel, group, people.person(kernel), Role.ADMIN)
    people.member(kernel, group, ana, Role.ADMIN)
    _row, token = tokens.token(kernel, ana)
    assert json.loads(client.get("/api/v1/me", headers=bearing(token)).text)["groups"][0]["roles"] == ["admin"]
    kernel.commit(lambda s: people_actions.leave(s, group_id=group, person_id=ana, role=Role.ADMIN, actor_id=None))
    assert json.loads(client.get("/api/v1/me", headers=bearing(token)).text)["groups"] == []


def test_use_is_noted_after_the_answer_and_once_an_hour(client: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana)

    def ask() -> None:
        client.get("/api/v1/me", headers=bearing(token)).close()

    def noted() -> object:
        return rows(kernel)[0].last_used_at

    answer = client.get("/api/v1/me", headers=bearing(token), buffered=False)
    before = noted()
    answer.close()
    first = noted()
    assert (before is None, first is None) == (True, False)
    ask()
    assert noted() == first
    with clock.travel(clock.now() + timedelta(minutes=61)):
        ask()
    assert noted() != first


def test_who_a_token_is_costs_one_statement(kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana)
    with counted(kernel.database) as statements, kernel.reading() as session:
        assert token in queries.bearers_of(session, [token])
    assert len(statements) == 1


def test_the_owner_is_told_by_notice_and_by_mail(mine: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    mine.post("/me/tokens", data=FORM)
    with kernel.reading() as session:
        assert session.scalars(select(Notice.kind).where(Notice.person_id == ana)).all() == ["token_made"]
        [letter] = session.scalars(select(Job.payload).where(Job.kind == "mail.send"))
    assert letter["to_address"] == "ana@example.org"
    assert "API token" in letter["subject"]
    assert "http" not in letter["text"]
    assert "An API token was made: Calendar script" in mine.get("/notices").text


def test_nobody_sees_or_revokes_anothers_token(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, ana: UUID
) -> None:
    row, token = tokens.token(kernel, ana, name="Ana's own script")
    ben = client_of(people.person(kernel, "Ben"))
    assert "own script" not in ben.get("/me/tokens").text
    assert ben.post(f"/me/tokens/{encode(row)}/revoke").status_code == 404
    assert ben.get("/api/v1/me", headers=bearing(token)).status_code == 200


# scopes


@pytest.fixture(scope="module")
def guarded_api(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app with further doors in the API: one that changes something, one into the account, and its forgery guard."""
    folder = tmp_path_factory.mktemp("guarded")
    app = wsgi.create_app(
        Settings(
            database_url=f"sqlite:///{folder / 'a.db'}",
            secret_key="a secret for tests",
            instance=folder,
            async_mode="threading",
            jobs="off",
            log_level="critical",
        )
    )
    doors = Blueprint("doors", __name__, url_prefix="/api/v1/doors")

    @doors.post("/posts")
    @guard("forums:post")
    def post() -> str:
        return viewer().name

    @doors.get("/account")
    @guard("account:factors")
    def account() -> str:
        return viewer().name

    app.register_blueprint(doors)
    return app


@pytest.fixture
def program(guarded_api: Flask, kernel: Kernel) -> Iterator[FlaskClient]:
    guarded_api.extensions["kernel"].database = kernel.database
    yield guarded_api.test_client()


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["write"], 200),
        (["forums:write"], 200),
        (["read"], 403),
        (["forums:read"], 403),
        (["workshops:write"], 403),
        (["forums:read", "matches:write"], 403),
    ],
)
def test_changing_asks_for_write_there_or_everywhere_and_for_no_forgery_token(
    program: FlaskClient, kernel: Kernel, ana: UUID, scopes: list[str], status: int
) -> None:
    _row, token = tokens.token(kernel, ana, scopes)
    assert program.post("/api/v1/doors/posts", headers=bearing(token)).status_code == status


def test_with_a_cookie_the_forgery_token_is_still_asked_for(program: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    with program.session_transaction() as cookie:
        cookie["_user_id"] = sign_in(kernel, ana)
    assert program.post("/api/v1/doors/posts").status_code == 400
    assert program.post("/api/v1/doors/posts", headers={"Authorization": "Basic YTpi"}).status_code == 400


def test_no_token_reaches_into_the_account(program: FlaskClient, kernel: Kernel, ana: UUID) -> None:
    _row, token = tokens.token(kernel, ana, ["read", "write"])
    assert program.get("/api/v1/doors/account", headers=bearing(token)).status_code == 403


@given(st.sets(st.sampled_from(VERBS)), st.sets(st.sampled_from(AREAS)))
def test_scopes_say_what_was_chosen_and_no_more(verbs: set[str], areas: set[str]) -> None:
    scopes = scopes_of(verbs, sorted(areas))
    assert SCOPES.issuperset(scopes)
    expected = {f"{a}:{v}" for a in areas for v in verbs} if areas else verbs
    assert (set(scopes), len(scopes)) == (expected, len(expected))


def test_no_two_tokens_are_the_same_and_all_have_the_shape_that_scanners_look_for() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"acad_[\w-]{43}", token) for token in made)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_page_that_is_sent_twice_at_once_makes_one_token(kernel: Kernel) -> None:
    ana = people.person(kernel)
    found = at_once([partial(tokens.token, kernel, ana, name="Laptop") for _ in range(4)])
    assert sum(isinstance(one, Invalid) for one in found) == 3
    with kernel.reading() as session:
        assert len(session.scalars(select(ApiToken.id).where(ApiToken.person_id == ana)).all()) == 1
