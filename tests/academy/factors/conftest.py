"""People with a password, and ways to sign in as them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from threading import Barrier
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.people.engine import hash_password
from tests.conftest import sign_in
from tests.factories import factors, people

PASSWORD = "a long and winding password"


@cache
def hashed() -> str:
    """Hash everybody's password once."""
    return hash_password(PASSWORD)


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana Silva", email="ana@example.org", password_hash=hashed())


@pytest.fixture
def fresh_client(app: Flask, kernel: Kernel) -> Callable[[UUID], FlaskClient]:
    """Return a maker of clients who have shown a moment ago that it is them."""
    app.config["WTF_CSRF_ENABLED"] = False

    def made(person_id: UUID) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = sign_in(kernel, person_id)
        assert client.post("/me/proof", data={"password": PASSWORD}).status_code == 303
        return client

    return made


@pytest.fixture
def named(kernel: Kernel) -> Iterator[None]:
    """Let the academy be reached at an address for which there are passkeys."""
    before = kernel.settings
    kernel.settings = replace(before, base_url=factors.ORIGIN)
    yield
    kernel.settings = before


@pytest.fixture
def race() -> Callable[[Sequence[Callable[[], object]]], list[object]]:
    """Return what does deeds at the same moment and gives what each gave."""

    def at_once(deeds: Sequence[Callable[[], object]]) -> list[object]:
        start = Barrier(len(deeds))

        def do(deed: Callable[[], object]) -> object:
            start.wait(10)
            return deed()

        with ThreadPoolExecutor(len(deeds)) as pool:
            return list(pool.map(do, deeds))

    return at_once


def first_step(client: FlaskClient, email: str = "ana@example.org", **more: str) -> object:
    """Send a right password."""
    return client.post("/sign-in", data={"email": email, "password": PASSWORD, **more})
