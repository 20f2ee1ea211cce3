"""Whether the server is well, said without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from academy.kernel.app import Kernel
from academy.kernel.db import SCHEMA, Database
from academy.skills import actions

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def away(kernel: Kernel) -> Iterator[Kernel]:
    """Take the database out of reach."""
    before = kernel.database
    kernel.database = Database("postgresql+psycopg://someone:p4ssword@127.0.0.1:1/academy?connect_timeout=2")
    yield kernel
    kernel.database.engine.dispose()
    kernel.database = before


def test_alive_is_said_without_asking_anybody(client: FlaskClient, away: Kernel) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})
    assert answer.headers["Cache-Control"] == "no-store"


@BOTH
def test_ready_is_said_when_the_database_is_there_at_the_right_version(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "schema": SCHEMA, "database": "ok", "jobs": "ok"}


@BOTH
def test_a_database_at_another_version_is_not_ready(client: FlaskClient, kernel: Kernel) -> None:
    kernel.commit(lambda s: s.execute(text("UPDATE alembic_version SET version_num = '0000'")))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["database"] == f"at 0000, needs {SCHEMA}: run academy db upgrade"


@BOTH
def test_a_database_that_was_never_migrated_is_not_ready(client: FlaskClient, kernel: Kernel) -> None:
    kernel.commit(lambda s: s.execute(text("DROP TABLE alembic_version")))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["database"] == f"at nothing, needs {SCHEMA}: run academy db upgrade"


def test_a_database_out_of_reach_is_not_ready_and_its_address_is_not_told(client: FlaskClient, away: Kernel) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["database"] == "out of reach"
    for secret in ("p4ssword", "someone", "127.0.0.1"):
        assert secret not in answer.text


def test_a_runner_that_should_be_inside_and_is_not_is_not_ready(client: FlaskClient, kernel: Kernel) -> None:
    before, kernel.settings = kernel.settings, replace(kernel.settings, jobs="embedded")
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json["jobs"] == "the runner inside the server has stopped"
        assert answer.json["database"] == "ok"
    finally:
        kernel.settings = before


def test_pages_say_kindly_that_the_database_is_away(client: FlaskClient, away: Kernel) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "some token"
    for path in ("/me", "/notices", "/about"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "Back in a moment" in answer.text
        assert "p4ssword" not in answer.text
    anything = client.get("/api/v1/anything")
    assert (anything.status_code, anything.json["code"]) == (503, "busy")


def test_about_names_what_this_is_made_of(client: FlaskClient, app: Flask, kernel: Kernel) -> None:
    page = client.get("/about").text
    assert "Apache License, version 2.0" in page
    for part in ("htmx.org 4.", "socket.io-client 4.", "atkinson-hyperlegible-next", "lucide-static"):
        assert part in page
    kernel.commit(actions.load_framework)
    assert "This service uses the ESCO classification of the European Commission." in client.get("/about").text


def test_the_licences_that_about_points_to_are_there(client: FlaskClient) -> None:
    page = client.get("/about").text
    links = [part.split('"')[0] for part in page.split('<a href="/static/vendor/')[1:]]
    assert len(links) >= 4
    for link in links:
        answer = client.get(f"/static/vendor/{link}")
        assert answer.status_code == 200
        assert len(answer.data) > 200
        assert answer.content_type.startswith("text/plain")


def test_the_repository_says_the_same_version_of_the_schema() -> None:
    versions = Path(__file__).parents[3] / "migrations" / "versions"
    assert max(file.name.split("_")[0] for file in versions.glob("0*.py")) == SCHEMA
