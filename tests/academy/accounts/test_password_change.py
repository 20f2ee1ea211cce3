"""Changing one's password: the present one is asked, every other sign-in ends, and the owner is told by mail."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.people.pages import present
from tests.academy.accounts.conftest import PASSWORD, Outbox, copy_of, enter
from tests.factories import people

NEW = "tea with three sugars"


def change(client: FlaskClient, present: str = PASSWORD, password: str = NEW):
    return client.post("/me/password", data={"present": present, "password": password})


def test_a_changed_password_is_the_one_from_then_on(app: Flask, client: FlaskClient, ana: UUID):
    enter(client)
    answer = change(client)
    assert (answer.status_code, answer.location) == (303, "/me")
    assert enter(app.test_client()).status_code == 422
    assert enter(app.test_client(), password=NEW).status_code == 303


def test_every_other_sign_in_ends_with_the_old_password_and_a_copied_cookie_with_it(
    app: Flask, client: FlaskClient, ana: UUID, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
):
    closed: list[UUID] = []
    monkeypatch.setattr(kernel.realtime, "disconnect", lambda *, sign_in_id: closed.append(sign_in_id))
    other = app.test_client()
    enter(other)
    thief = copy_of(app, other)
    enter(client)
    change(client)
    assert [one.get("/me").status_code for one in (client, other, thief)] == [200, 303, 303]
    assert len(closed) == 1


def test_the_owner_is_told_by_mail_with_what_to_do_when_it_was_somebody_else(
    client: FlaskClient, ana: UUID, outbox: Outbox
):
    enter(client)
    change(client)
    letter = outbox.take()["ana@example.org"]
    assert letter["Subject"] == "Your password was changed"
    assert "/forgot" in letter.get_content()
    assert "because this is the address of your account" in letter.get_content()
    assert NEW not in letter.as_string()


@pytest.mark.parametrize(
    ("present", "password", "field", "sentence"),
    [
        ("not it", NEW, "present", "not your present password"),
        ("", NEW, "present", "not your present password"),
        (PASSWORD, "short", "password", "at least 10 characters"),
        (PASSWORD, "password123", "password", "Many people use this password"),
        (PASSWORD, "ana@example.org", "password", "first things to be guessed"),
        (PASSWORD, "x" * 201, "password", "at most 200 characters"),
    ],
)
def test_a_refused_change_says_why_shows_no_password_and_ends_nothing(
    app: Flask, client: FlaskClient, ana: UUID, present: str, password: str, field: str, sentence: str
):
    other = app.test_client()
    enter(other)
    enter(client)
    answer = change(client, present, password)
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="e-{field}"')[1]
    assert 'type="password" value=""' in answer.text
    for secret in (present, password):
        assert not secret or f'value="{secret}"' not in answer.text
    assert other.get("/me").status_code == 200
    assert enter(app.test_client()).status_code == 303


def test_what_is_not_filled_in_is_asked_for(client: FlaskClient, ana: UUID):
    enter(client)
    assert client.post("/me/password", data={}).text.count("Please fill this in.") == 4  # in the list and at each field


def test_the_eleventh_wrong_present_password_has_to_wait_and_the_right_one_with_it(
    client: FlaskClient, ana: UUID, kernel: Kernel
):
    enter(client)
    assert {change(client, "wrong").status_code for _ in range(10)} == {422}
    answer = change(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Nothing was changed." in answer.text
    other = people.person(kernel, "Ben", email="ben@example.org")
    assert other
    kernel.limits.clear()
    assert change(client).status_code == 303


def test_guessing_many_at_once_gives_no_more_answers(
    client: FlaskClient, ana: UUID, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
):
    def meanwhile(*_: object) -> bool:
        for _try in range(10):
            kernel.limits.hit(present.WRONG, "present-password", str(ana))
        return True

    enter(client)
    monkeypatch.setattr(present, "verify_password", meanwhile)
    assert change(client).status_code == 429


def test_wrong_passwords_count_together_wherever_the_present_one_is_asked_for(client: FlaskClient, ana: UUID):
    enter(client)
    for _try in range(5):
        assert change(client, "wrong").status_code == 422
        assert client.post("/me/proof", data={"password": "wrong"}).status_code == 422
    for door in ("/me/proof", "/me/data/erase"):
        answer = client.post(door, data={"password": PASSWORD})
        assert answer.status_code == 429, door
        assert "That was many tries in a short time. Nothing was changed." in answer.text


def test_an_account_without_a_password_has_none_to_give(kernel: Kernel, client_of, app: Flask):
    ben = client_of(people.person(kernel, "Ben", email="ben@example.org"))
    assert change(ben, "").status_code == 422
