"""Signing in and out: one answer for all that is wrong, one row for each sign-in, nothing left of it afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.people import actions, engine
from academy.people.engine import hash_password
from academy.people.models import SignIn
from academy.people.pages import entering
from tests.conftest import sign_in
from tests.factories import people

PASSWORD = "a long and winding password"
HASH = hash_password(PASSWORD)


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana Silva", email="ana@example.org", password_hash=HASH)


def enter(client: FlaskClient, email: str = "ana@example.org", password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def said(page: str) -> str:
    """Return a page without the form's token, which holds the second in which it was made."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page)


def rows(kernel: Kernel) -> list[SignIn]:
    with kernel.reading() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.created_at)))


def test_the_right_password_signs_in_and_leads_home(client: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    answer = enter(client, " ANA@Example.org ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/me").status_code == 200
    [row] = rows(kernel)
    assert (row.person_id, row.ended_at) == (ana, None)


def test_the_cookie_holds_neither_the_person_nor_what_the_database_keeps(
    client: FlaskClient, ana: UUID, kernel: Kernel
) -> None:
    enter(client)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    assert str(ana) not in token
    assert token not in rows(kernel)[0].token_hash
    assert len(rows(kernel)[0].token_hash) == 64


def test_the_cookie_is_for_this_site_and_no_script(client: FlaskClient, ana: UUID) -> None:
    [cookie] = [c for c in enter(client).headers.getlist("Set-Cookie") if c.startswith("academy=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires=" in cookie


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, ana: UUID) -> None:
    people_say = []
    for email in ("ana@example.org", "eve@example.org"):
        answer = enter(client, email, "wrong")
        assert answer.status_code == 422
        people_say.append(said(answer.text).replace(email, "ADDRESS"))
    assert people_say[0] == people_say[1]
    assert "do not go together" in people_say[0]


def test_an_account_that_is_closed_or_has_no_password_gets_that_answer_too(
    client: FlaskClient, ana: UUID, kernel: Kernel
) -> None:
    people.person(kernel, email="nopassword@example.org")
    wrong = enter(client, "nopassword@example.org", "").text.replace("nopassword@", "ana@")
    kernel.commit(lambda s: actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    closed = enter(client).text
    assert said(closed) == said(wrong)
    assert rows(kernel) == []


def test_an_unknown_address_costs_as_much_work_as_a_known_one(
    client: FlaskClient, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    class Noting:
        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash)
            return hasher.verify(password_hash, password)

    hasher = engine._hasher
    monkeypatch.setattr(engine, "_hasher", Noting())
    for email in ("ana@example.org", "eve@example.org"):
        enter(client, email, "wrong")
    assert verified[0] == HASH
    parameters = [h.split("$")[1:4] for h in verified]  # $argon2id$v=19$m=19456,t=2,p=1$salt$hash
    assert parameters == [["argon2id", "v=19", "m=19456,t=2,p=1"]] * 2


def test_what_was_typed_is_kept_and_the_password_is_not(client: FlaskClient, ana: UUID) -> None:
    page = enter(client, '"><script>alert(1)</script>', "s3cret-typed", next="/me").text
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page
    assert "<script>alert" not in page
    assert "s3cret-typed" not in page
    assert 'name="next" value="/me"' in page


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"email": ""},
        {"email": "ana@example.org"},
        {"password": PASSWORD},
        {"email": "a\0na@example.org\0", "password": "\0"},
    ],
)
def test_a_form_that_is_not_whole_gets_the_page_again(client: FlaskClient, ana: UUID, sent: dict[str, str]) -> None:
    assert client.post("/sign-in", data=sent).status_code == 422


def test_the_eleventh_try_for_one_address_has_to_wait(client: FlaskClient, ana: UUID) -> None:
    for _ in range(10):
        assert enter(client, "Ana@example.org", "wrong").status_code == 422
    answer = enter(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 301
    assert 'value="ana@example.org"' in answer.text
    assert "many tries" in answer.text
    assert enter(client, "ben@example.org", "wrong").status_code == 422


def test_only_what_was_wrong_counts(app: Flask, ana: UUID) -> None:
    for _ in range(12):
        assert enter(app.test_client()).status_code == 303


def test_asking_many_at_once_gives_no_more_answers_than_asking_in_turn(
    client: FlaskClient, ana: UUID, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(*_: object) -> bool:
        for _try in range(10):
            kernel.limits.hit("10 per 5 minute", "sign-in-as", "ana@example.org")
        return True

    monkeypatch.setattr(entering, "verify_password", meanwhile)
    assert enter(client).status_code == 429
    assert rows(kernel) == []


def test_the_sixty_first_try_from_one_network_has_to_wait(client: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    for number in range(60):
        kernel.limits.hit("60 per 5 minute", "sign-in-from", "127.0.0.1")
        del number
    assert enter(client).status_code == 429
    elsewhere = client.post(
        "/sign-in", data={"email": "ana@example.org", "password": PASSWORD}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert elsewhere.status_code == 303


@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        " //evil.example",
        "evil.example",
        "//[half",
        "/%5cevil.example\\",
        "http:evil.example",
    ],
)
def test_no_next_address_leaves_this_site(client: FlaskClient, ana: UUID, next_url: str) -> None:
    assert enter(client, next=next_url).location == "/"
    assert client.get("/sign-in", query_string={"next": next_url}).location == "/"


def test_a_next_address_of_this_site_is_gone_on_to(client: FlaskClient, ana: UUID) -> None:
    assert enter(client, next="/me/skills?q=active+listening").location == "/me/skills?q=active+listening"


def test_a_page_asked_for_signed_out_is_come_back_to(client: FlaskClient, ana: UUID) -> None:
    answer = client.get("/me/skills?q=a%26b")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/me/skills%3Fq%3Da%2526b")
    page = client.get(answer.location).text
    assert 'name="next" value="/me/skills?q=a%26b"' in page


def test_who_is_signed_in_is_not_asked_again(client: FlaskClient, ana: UUID) -> None:
    enter(client)
    answer = client.get("/sign-in?next=/me")
    assert (answer.status_code, answer.location) == (303, "/me")


def test_nothing_of_the_cookie_from_before_is_left_in_the_one_after(client: FlaskClient, ana: UUID) -> None:
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = "planted by somebody else"
        cookie["_user_id"] = "a token that somebody else knows"
        cookie["note"] = "planted"
    enter(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "a token that somebody else knows"
        assert "note" not in cookie
        assert cookie.get("csrf_token") != "planted by somebody else"


def test_two_sign_ins_have_two_tokens(app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    other = app.test_client()
    enter(client)
    enter(other)
    assert len({row.token_hash for row in rows(kernel)}) == 2


def test_signing_in_as_somebody_else_ends_the_sign_in_before(client: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    people.person(kernel, "Ben", email="ben@example.org", password_hash=HASH)
    enter(client)
    enter(client, "ben@example.org")
    ended = {row.person_id == ana: row.ended_at is not None for row in rows(kernel)}
    assert ended == {True: True, False: False}
    assert "Ben" in client.get("/me").text


def test_signing_out_ends_the_row_and_a_copied_cookie_is_worth_nothing(
    app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel
) -> None:
    enter(client)
    thief = app.test_client()
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    assert thief.get("/me").status_code == 200
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert client.get("/me").status_code == 303
    assert thief.get("/me").status_code == 303
    assert rows(kernel)[0].ended_at is not None
    with client.session_transaction() as cookie:
        assert "_user_id" not in cookie


def test_signing_out_on_one_device_leaves_the_other_signed_in(app: Flask, client: FlaskClient, ana: UUID) -> None:
    other = app.test_client()
    enter(client)
    enter(other)
    client.post("/sign-out")
    assert other.get("/me").status_code == 200


def test_signing_out_closes_the_sockets_of_that_sign_in(
    client: FlaskClient, ana: UUID, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[UUID] = []
    monkeypatch.setattr(kernel.realtime, "disconnect", lambda *, sign_in_id: closed.append(sign_in_id))
    enter(client)
    client.post("/sign-out")
    assert closed == [rows(kernel)[0].id]


def test_signing_out_twice_is_signing_out(client: FlaskClient, ana: UUID) -> None:
    enter(client)
    client.post("/sign-out")
    assert client.post("/sign-out").location == "/sign-in"


def test_signing_out_takes_a_form_and_no_link(client: FlaskClient, ana: UUID) -> None:
    enter(client)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/me").status_code == 200


def test_a_forged_form_signs_nobody_out(app: Flask, client: FlaskClient, ana: UUID) -> None:
    enter(client)
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/sign-out").status_code == 400
        assert enter(client, "ana@example.org").status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert client.get("/me").status_code == 200


def test_a_sign_in_ends_by_itself_after_thirty_days(
    client_of: Callable[[UUID], FlaskClient], ana: UUID, kernel: Kernel
) -> None:
    with clock.travel(clock.now() - timedelta(days=30, seconds=1)):
        old = sign_in(kernel, ana)
    fresh = client_of(ana)
    assert fresh.get("/me").status_code == 200
    with fresh.session_transaction() as cookie:
        cookie["_user_id"] = old
    assert fresh.get("/me").status_code == 303


def test_closing_an_account_ends_its_sign_ins(client: FlaskClient, ana: UUID, kernel: Kernel) -> None:
    enter(client)
    kernel.commit(lambda s: actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert client.get("/me").status_code == 303
    assert rows(kernel)[0].ended_at is not None


@pytest.fixture
def demo(kernel: Kernel) -> Iterator[None]:
    before = kernel.settings
    kernel.settings = replace(before, demo=True)
    yield
    kernel.settings = before


def test_the_demo_sign_ins_are_shown_in_the_demo_only(client: FlaskClient, demo: None) -> None:
    page = client.get("/sign-in").text
    for name in ("learner", "mentor", "lead", "admin"):
        assert f"{name}@demo.academy" in page
    assert "academy-demo" in page


def test_outside_the_demo_they_are_not(client: FlaskClient, kernel: Kernel) -> None:
    page = client.get("/sign-in").text
    assert "demo.academy" not in page
    assert "academy-demo" not in page
