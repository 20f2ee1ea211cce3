"""People who sign in or are invited, and the letters that they would get."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.actions import invitations
from academy.kernel.app import Kernel
from academy.people import queries
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Person, Role
from tests.databases import built_once
from tests.factories import people

PASSWORD = "a long and winding password"
HASH = hash_password(PASSWORD)
ACCOUNT = {"name": "Ina New", "password": "tea with three sugars", "zone": "Europe/Berlin"}


class Outbox:
    """Keeps what would be sent, as it goes over the wire."""

    def __init__(self, app: Flask, kernel: Kernel) -> None:
        self._app, self._kernel = app, kernel
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage, name: str) -> None:
        del name
        read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.sent.append(read)

    def take(self) -> dict[str, EmailMessage]:
        """Do what is due and return what came since the last look, by address: one letter each."""
        found = self.take_all()
        assert all(len(letters) == 1 for letters in found.values()), found
        return {address: letters[0] for address, letters in found.items()}

    def take_all(self) -> dict[str, list[EmailMessage]]:
        """Do what is due and return everything that came since the last look, by address."""
        with self._app.app_context():
            self._kernel.runner.run_due()
        taken, self.sent = self.sent, []
        found: dict[str, list[EmailMessage]] = {}
        for message in taken:
            found.setdefault(message["To"].addresses[0].addr_spec, []).append(message)
        return found


def link_in(letter: EmailMessage) -> str:
    """Return the path of the one link with a token in a letter."""
    [found] = re.findall(r"^http://[^/\s]+(/\S*/[\w-]{43})$", letter.get_content().replace("\r", ""), re.MULTILINE)
    return found


@pytest.fixture
def outbox(kernel: Kernel, monkeypatch: pytest.MonkeyPatch, app: Flask) -> Outbox:
    kept = Outbox(app, kernel)
    monkeypatch.setattr(kernel, "mail", kept)
    return kept


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana Silva", email="ana@example.org", password_hash=HASH)


def enter(client: FlaskClient, email: str = "ana@example.org", password: str = PASSWORD, **headers: str):
    return client.post("/sign-in", data={"email": email, "password": password}, headers=headers)


def copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Return a thief with a copy of a client's cookie."""
    thief = app.test_client()
    with client.session_transaction() as cookie:
        copied = dict(cookie)
    with thief.session_transaction() as cookie:
        cookie.update(copied)
    return thief


@dataclass
class Street:
    """An academy with a cohort and a pair, and somebody in every role (`who`)."""

    organization: UUID
    academy: UUID
    cohort: UUID
    pair: UUID
    who: dict[str, UUID]


@pytest.fixture
def street(kernel: Kernel) -> Street:
    return built_once(kernel, _street)


def _street(kernel: Kernel) -> Street:
    organization = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", organization)
    # No rule of cohorts is asked here: this one is a group alone.
    cohort = people.group(kernel, GroupKind.COHORT, "Cohort Kestrel", academy)
    pair = people.group(kernel, GroupKind.PAIR, "A pair", academy)
    who = {}
    for name, group, role in (
        ("admin", organization, Role.ADMIN),
        ("lead", academy, Role.LEAD),
        ("facilitator", cohort, Role.FACILITATOR),
        ("mentor", cohort, Role.MENTOR),
        ("learner", cohort, Role.LEARNER),
    ):
        who[name] = people.person(kernel, name.title(), email=f"{name}@example.org", zone="Europe/Berlin")
        people.member(kernel, group, who[name], role)
    who["outsider"] = people.person(kernel, "Outsider")
    return Street(organization, academy, cohort, pair, who)


def send(
    kernel: Kernel, street: Street, by: str = "lead", group: str = "academy", role: str = Role.MEMBER, **more: str
) -> UUID:
    viewer = people.viewer(kernel, street.who[by])
    about = {"address": "ina@example.org", "name": "Ina", **more}
    return kernel.commit(
        lambda s: invitations.invite(s, viewer=viewer, group_id=getattr(street, group), role=role, **about)
    ).id


def mailed(outbox: Outbox, address: str = "ina@example.org") -> str:
    return link_in(outbox.take()[address])


def roles(kernel: Kernel, address: str) -> dict[UUID, frozenset[str]]:
    with kernel.reading() as session:
        person = session.scalar(select(Person.id).where(Person.email_key == address))
        return queries.roles_of(session, person) if person else {}
