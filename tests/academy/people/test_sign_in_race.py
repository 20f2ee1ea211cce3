"""Whoever signs in while the password is changed, or the account closed, is not in afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel import clock
from academy.kernel.access import Conflict
from academy.kernel.app import Kernel
from academy.people import actions, queries
from academy.people.engine import hash_password, mark_of, new_token, token_hash, verify_password
from academy.people.models import SignIn
from academy.people.pages import entering
from tests.factories import factors, people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
OLD, NEW = "tea with three sugars", "coffee without any milk"


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana", email="ana@example.org", password_hash=hash_password(OLD))


def change(kernel: Kernel, person: UUID, password: str = NEW) -> None:
    hashed = hash_password(password)
    kernel.commit(lambda s: actions.set_password(s, person_id=person, password_hash=hashed, actor_id=person))


def close(kernel: Kernel, person: UUID) -> None:
    kernel.commit(lambda s: actions.deactivate(s, person_id=person, at=clock.now(), actor_id=None))


def open_rows(kernel: Kernel, person: UUID) -> list[UUID]:
    with kernel.reading() as session:
        return list(session.scalars(select(SignIn.id).where(SignIn.person_id == person, SignIn.ended_at.is_(None))))


@BOTH
@pytest.mark.parametrize("what", [change, close])
def test_a_password_that_was_right_when_it_was_checked_is_not_enough(
    kernel: Kernel,
    app: Flask,
    client: FlaskClient,
    ana: UUID,
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[..., None],
) -> None:
    def checked_then_changed(kept: str | None, typed: str) -> bool:
        fits = verify_password(kept, typed)
        what(kernel, ana)
        return fits

    monkeypatch.setattr(entering, "verify_password", checked_then_changed)
    answer = client.post("/sign-in", data={"email": "ana@example.org", "password": OLD})
    assert (answer.status_code, "do not go together" in answer.text, OLD in answer.text) == (422, True, False)
    assert open_rows(kernel, ana) == []
    assert client.get("/me").status_code == 303


@BOTH
def test_a_change_between_the_first_and_the_second_step_asks_for_the_new_password(
    kernel: Kernel, app: Flask, client: FlaskClient, ana: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = factors.app(kernel, ana)
    assert client.post("/sign-in", data={"email": "ana@example.org", "password": OLD}).location == "/sign-in/second"
    found = {}

    def right_then_changed(person_id: UUID, _code: str) -> bool:
        found["asked"] = person_id
        change(kernel, person_id)
        return True

    monkeypatch.setattr("academy.factors.pages.entering.checking.code_fits", right_then_changed)
    answer = client.post("/sign-in/second", data={"code": "000000"})
    assert (found["asked"], answer.status_code, answer.location, bool(secret)) == (ana, 303, "/sign-in/second", True)
    assert open_rows(kernel, ana) == []
    assert 'name="code"' not in client.get("/sign-in/second").text


@BOTH
def test_a_sign_in_and_a_change_at_once_leave_nobody_in(kernel: Kernel, ana: UUID) -> None:
    for turn in range(10):
        with kernel.reading() as session:
            mark = queries.password_mark(session, ana)
        gate, met = threading.Barrier(2), []

        def enter(mark: str | None = mark, gate: threading.Barrier = gate, met: list[str] = met) -> None:
            gate.wait()
            try:
                kernel.commit(
                    lambda s: actions.sign_in(
                        s, person_id=ana, token_hash=token_hash(new_token()), agent="test", mark=mark
                    )
                )
                met.append("in")
            except Conflict:
                met.append("refused")

        thread = threading.Thread(target=enter)
        thread.start()
        gate.wait()
        kernel.commit(lambda s, n=turn: actions.set_password(s, person_id=ana, password_hash=f"hash {n}", actor_id=ana))
        thread.join()
        assert met in (["in"], ["refused"])
        assert open_rows(kernel, ana) == [], f"turn {turn}: {met}"


@BOTH
def test_on_postgresql_and_sqlite_who_changes_waits_for_who_is_just_signing_in(kernel: Kernel, ana: UUID) -> None:
    held, go_on, done = threading.Event(), threading.Event(), threading.Event()
    mark = mark_of_now(kernel, ana)

    def enter() -> None:
        def work(session) -> None:
            actions.sign_in(session, person_id=ana, token_hash=token_hash("slow"), agent="test", mark=mark)
            held.set()
            go_on.wait(10)

        kernel.commit(work)

    def renew() -> None:
        kernel.commit(lambda s: actions.set_password(s, person_id=ana, password_hash="new", actor_id=ana))
        done.set()

    threads = [threading.Thread(target=enter), threading.Thread(target=renew)]
    threads[0].start()
    assert held.wait(10)
    threads[1].start()
    assert not done.wait(0.3), "the change waits"
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert done.is_set()
    assert open_rows(kernel, ana) == []
    assert mark_of_now(kernel, ana) == mark_of("new")


def mark_of_now(kernel: Kernel, person: UUID) -> str | None:
    with kernel.reading() as session:
        return queries.password_mark(session, person)
