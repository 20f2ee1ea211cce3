"""Between password and second step somebody is nobody: bound to a person, a browser and ten minutes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people.models import Person, SignIn
from tests.academy.factors.conftest import first_step, hashed
from tests.factories import factors, people


@pytest.fixture
def secret(kernel: Kernel, ana: UUID) -> str:
    return factors.app(kernel, ana)[0]


def test_it_is_over_after_ten_minutes(client: FlaskClient, secret: str) -> None:
    first_step(client)
    with clock.travel(clock.now() + timedelta(minutes=10)):
        assert "Please sign in again" in client.get("/sign-in/second").text
        assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).location == "/sign-in/second"
        assert client.get("/me").status_code == 303


def test_it_is_over_when_the_password_changes_or_the_account_is_closed(
    client: FlaskClient, secret: str, kernel: Kernel, ana: UUID
) -> None:
    first_step(client)
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(password_hash="another")))
    assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).location == "/sign-in/second"
    assert client.get("/me").status_code == 303
    kernel.commit(lambda s: s.execute(update(Person).where(Person.id == ana).values(password_hash=hashed())))
    first_step(client)
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=ana, at=clock.now(), actor_id=None))
    assert client.post("/sign-in/second", data={"code": factors.shown(secret)}).location == "/sign-in/second"
    assert client.get("/me").status_code == 303


def test_nothing_of_the_cookie_from_before_is_left_in_the_one_after(client: FlaskClient, secret: str) -> None:
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["proved_at"] = clock.now().isoformat()
    first_step(client)
    with client.session_transaction() as cookie:
        assert set(cookie) <= {"waiting", "csrf_token"}
        before = dict(cookie)
    client.post("/sign-in/second", data={"code": factors.shown(secret)})
    with client.session_transaction() as cookie:
        assert "waiting" not in cookie
        assert cookie.get("csrf_token", "new") != before.get("csrf_token", "old")
        assert cookie.permanent


def test_no_sign_in_is_written_before_the_second_step_and_the_one_before_ends(
    client: FlaskClient, secret: str, kernel: Kernel
) -> None:
    people.person(kernel, "Ben", email="ben@example.org", password_hash=hashed())
    first_step(client, "ben@example.org")
    first_step(client)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 1
        assert session.scalar(select(func.count()).where(SignIn.ended_at.is_(None))) == 0
    assert client.get("/me").status_code == 303
