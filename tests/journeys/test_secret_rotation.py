"""The secret is changed while people are signed in and write: nobody is sent away, nothing is stored twice."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

import wsgi
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.kernel.ids import encode
from tests.conftest import sign_in
from tests.factories import forums

OLD, NEW = "the secret of last year", "the secret of this year"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def _started(url: str, folder: Path, secret: str, *former: str) -> Flask:
    return wsgi.create_app(
        Settings(
            database_url=url,
            secret_key=secret,
            secret_key_fallbacks=former,
            instance=folder,
            async_mode="threading",
            jobs="off",
            log_level="error",
        )
    )


@pytest.fixture
def before(database_url: str, tmp_path: Path) -> Flask:
    return _started(database_url, tmp_path, OLD)


@pytest.fixture
def room(before: Flask) -> tuple[UUID, UUID]:
    """A room and somebody who writes there."""
    kernel: Kernel = before.extensions["kernel"]
    _group, space_id, (ana,) = forums.room(kernel, "Ana")
    return space_id, ana


def _signed_in(app: Flask, person_id: UUID) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = sign_in(app.extensions["kernel"], person_id)
    return client


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie("academy")
    assert found is not None
    return found.value


def _with(app: Flask, cookie: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("academy", cookie)
    return client


def test_a_sign_in_and_an_open_form_outlive_a_change_of_the_secret(
    before: Flask, room: tuple[UUID, UUID], database_url: str, tmp_path: Path
):
    space_id, ana = room
    client = _signed_in(before, ana)
    page = client.get(f"/spaces/{encode(space_id)}").text
    form = {"csrf_token": TOKEN.search(page).group(1), "body": "Written before.", "nonce": uuid4().hex, "seen": "0"}
    assert client.post(f"/spaces/{encode(space_id)}/posts", data=form).status_code == 303

    after = _started(database_url, tmp_path, NEW, OLD)
    again = _with(after, _cookie(client))
    assert again.post(f"/spaces/{encode(space_id)}/posts", data=form).status_code == 303
    shown = again.get(f"/spaces/{encode(space_id)}").text
    assert shown.count("Written before.") == 1
    fresh = TOKEN.search(shown).group(1)
    assert again.post(f"/spaces/{encode(space_id)}/read", data={"csrf_token": fresh, "no": "1"}).status_code == 303


def test_without_the_old_secret_an_old_cookie_is_nobodys(
    before: Flask, room: tuple[UUID, UUID], database_url: str, tmp_path: Path
):
    space_id, ana = room
    cookie = _cookie(_signed_in(before, ana))
    after = _started(database_url, tmp_path, NEW)
    assert _with(after, cookie).get(f"/spaces/{encode(space_id)}").status_code == 303


def test_a_cookie_is_signed_by_the_new_secret_only(
    before: Flask, room: tuple[UUID, UUID], database_url: str, tmp_path: Path
):
    space_id, ana = room
    cookie = _cookie(_signed_in(_started(database_url, tmp_path, NEW, OLD), ana))
    assert _with(before, cookie).get(f"/spaces/{encode(space_id)}").status_code == 303
