"""Somebody lost a phone: an admin takes their factors away, and everybody concerned knows of it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.factors.queries import asked_of
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people.models import Group, GroupKind, Role
from tests.academy.factors.conftest import first_step, hashed
from tests.factories import factors, people


@pytest.fixture
def admin(kernel: Kernel, ana: UUID) -> UUID:
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    cohort = people.group(kernel, GroupKind.COHORT, "Kestrel", organization)
    people.member(kernel, cohort, ana)
    found = people.person(kernel, "Ada Admin", password_hash=hashed())
    return people.member(kernel, organization, found, Role.ADMIN)


def reset(client: FlaskClient, person_id: UUID):
    return client.post(f"/people/{encode(person_id)}/factors/reset")


def test_an_admin_takes_lost_factors_away(
    fresh_client: Callable[[UUID], FlaskClient], client: FlaskClient, kernel: Kernel, admin: UUID, ana: UUID
) -> None:
    factors.app(kernel, ana)
    assert reset(fresh_client(admin), ana).location == f"/people/{encode(ana)}"
    assert first_step(client).location == "/"
    assert "An admin took your second factors away" in client.get("/notices").text
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "FactorsReset")).one()
    assert (entry.actor_id, entry.facts) == (admin, {"person_id": str(ana)})


def test_an_open_screen_is_not_enough(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, admin: UUID, ana: UUID
) -> None:
    factors.app(kernel, ana)
    assert reset(client_of(admin), ana).location == f"/me/proof?next=/people/{encode(ana)}"
    with kernel.reading() as session:
        assert asked_of(session, ana)


def test_ones_own_are_turned_off_on_ones_own_page(
    fresh_client: Callable[[UUID], FlaskClient], kernel: Kernel, admin: UUID
) -> None:
    factors.app(kernel, admin)
    assert reset(fresh_client(admin), admin).status_code == 403
    with kernel.reading() as session:
        assert asked_of(session, admin)


def test_nobody_else_may(fresh_client: Callable[[UUID], FlaskClient], kernel: Kernel, admin: UUID, ana: UUID) -> None:
    factors.app(kernel, ana)
    stranger = people.person(kernel, "Eve", password_hash=hashed())
    elsewhere = people.person(kernel, "Other Admin", password_hash=hashed())
    people.member(kernel, people.group(kernel, GroupKind.ORGANIZATION, "Elsewhere"), elsewhere, Role.ADMIN)
    for person_id in (stranger, elsewhere):
        assert reset(fresh_client(person_id), ana).status_code == 404
    with kernel.reading() as session:
        assert asked_of(session, ana)


def test_an_admin_of_an_academy_takes_none_from_an_admin_of_the_organization(
    fresh_client: Callable[[UUID], FlaskClient], kernel: Kernel, admin: UUID, ana: UUID
) -> None:
    with kernel.reading() as session:
        (organization,) = session.scalars(select(Group.id).where(Group.kind == GroupKind.ORGANIZATION))
    academy = people.group(kernel, GroupKind.ACADEMY, "Fernhill South", organization)
    below = people.member(kernel, academy, people.person(kernel, "Bo", password_hash=hashed()), Role.ADMIN)
    for person_id in (admin, ana):
        people.member(kernel, academy, person_id)
    for person_id in (admin, below, ana):
        factors.app(kernel, person_id)
    assert reset(fresh_client(below), admin).status_code == 403, "they know each other, so it is no secret"
    assert reset(fresh_client(below), ana).status_code == 303
    with kernel.reading() as session:
        assert asked_of(session, admin)
        assert not asked_of(session, ana)
    assert reset(fresh_client(admin), below).status_code == 303
    with kernel.reading() as session:
        assert not asked_of(session, below)
