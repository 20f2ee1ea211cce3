"""Metrics: off until asked for, only for who holds the token, and nothing of a person in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import wsgi
from academy.kernel.app import Kernel
from academy.kernel.config import Settings, SettingsError
from academy.kernel.db import Database
from academy.kernel.ids import encode
from academy.people import actions as people
from tests.conftest import sign_in

TOKEN = "a token for tests only".replace(" ", "-")


@pytest.fixture
def counting(tmp_path: Path, sqlite_template: Path) -> Iterator[Flask]:
    """Return an app that counts, on a database of its own."""
    file = tmp_path / "academy.db"
    shutil.copyfile(sqlite_template, file)
    app = wsgi.create_app(
        Settings(
            database_url=f"sqlite:///{file}",
            secret_key="a secret for tests only",
            instance=tmp_path,
            async_mode="threading",
            jobs="off",
            log_level="error",
            testing=True,
            metrics=TOKEN,
        )
    )
    yield app
    app.extensions["kernel"].database.engine.dispose()


def read(client: FlaskClient, token: str = TOKEN) -> str:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def test_without_the_setting_there_is_no_such_page(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"])
def test_without_the_token_there_is_no_such_page_either(counting: Flask, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    assert counting.test_client().get("/metrics", headers=headers).status_code == 404


def test_requests_are_counted_by_the_pattern_of_their_route(counting: Flask) -> None:
    client = counting.test_client()
    for _visit in range(3):
        client.get("/sign-in")
    client.get(f"/spaces/{encode(people.new_id())}")
    client.get("/wp-login.php?name=Ana")
    client.open("/sign-in", method="BREW")
    found = read(client)
    assert 'academy_request_seconds_count{method="GET",route="/sign-in",status="200"} 3.0' in found
    assert 'route="/spaces/<id:space_id>"' in found
    assert 'academy_request_seconds_count{method="GET",route="none",status="404"} 1.0' in found
    assert 'method="other"' in found
    assert "BREW" not in found
    assert "wp-login" not in found


def test_what_happens_is_counted_and_nobody_is_named(counting: Flask) -> None:
    kernel: Kernel = counting.extensions["kernel"]
    ana = kernel.commit(lambda s: people.add_person(s, email="ana@example.org", name="Ana Silva")).id
    client = counting.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = sign_in(kernel, ana)
    assert client.get("/me").status_code == 200
    found = read(client)
    assert 'academy_facts_total{fact="PersonAdded"} 1.0' in found
    assert 'academy_facts_total{fact="SignedIn"} 1.0' in found
    assert "academy_open_sockets 0.0" in found
    assert "academy_jobs_waiting 0.0" in found
    for private in ("Ana", "Silva", "example.org", str(ana), ana.hex, encode(ana), TOKEN):
        assert private not in found


def test_a_change_that_was_undone_is_not_counted(counting: Flask) -> None:
    kernel: Kernel = counting.extensions["kernel"]

    def fail(session: object) -> None:
        people.add_person(session, email="ben@example.org", name="Ben")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kernel.commit(fail)
    assert "PersonAdded" not in read(counting.test_client())


def test_a_token_that_is_too_short_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ACADEMY_METRICS"):
        Settings.from_environment({"ACADEMY_INSTANCE": str(tmp_path), "ACADEMY_METRICS": "short"})


def test_what_this_process_counted_is_told_while_the_database_is_away(counting: Flask) -> None:
    client = counting.test_client()
    assert client.get("/healthz").status_code == 200
    assert "academy_database_up 1.0" in read(client)
    kernel = counting.extensions["kernel"]
    here, kernel.database = kernel.database, Database("postgresql+psycopg://nobody@127.0.0.1:1/away")
    try:
        told = read(client)
    finally:
        kernel.database = here
    assert "academy_database_up 0.0" in told
    assert "academy_jobs_waiting" not in told
    assert 'academy_request_seconds_count{method="GET",route="/healthz",status="200"} 1.0' in told
