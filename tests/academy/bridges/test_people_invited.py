"""People who are brought in from a file are invited by mail: who is new, once, and only if it is asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from academy.accounts.actions import passwords
from academy.kernel import cli, clock
from academy.kernel.app import Kernel
from academy.people import actions as people_actions
from academy.people import queries
from academy.people.models import GroupKind, OrganizationSettings, Role
from tests.academy.accounts.conftest import Outbox, enter, link_in
from tests.academy.accounts.test_reset import over
from tests.factories import people

NEW = "email,name\nana@example.org,Ana Silva\nben@example.org,Ben Okafor\n"
PASSWORD = "tea with three sugars"


@pytest.fixture
def outbox(kernel: Kernel, monkeypatch: pytest.MonkeyPatch, app: Flask) -> Outbox:
    kept = Outbox(app, kernel)
    monkeypatch.setattr(kernel, "mail", kept)
    return kept


@pytest.fixture
def ada(kernel: Kernel) -> UUID:
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    kernel.commit(lambda s: s.add(OrganizationSettings(group_id=top, zone="Europe/Lisbon", contact="")))
    found = people.person(kernel, "Ada Admin", email="ada@example.org", zone="UTC")
    return people.member(kernel, top, found, Role.ADMIN)


def confirm(client: FlaskClient, text: str, **more: str) -> str:
    sent = client.post("/people/file", data={"file": (io.BytesIO(text.encode()), "people.csv")})
    page = client.get(sent.location).text
    client.post(f"{sent.location}/apply", data=more)
    return page


def test_whoever_is_new_gets_one_letter_and_signs_in_with_the_password_they_choose(
    app: Flask, client: FlaskClient, client_of: Callable[[UUID], FlaskClient], ada: UUID, outbox: Outbox
) -> None:
    admin = client_of(ada)
    assert "Invite the 2 new people by mail" in confirm(admin, NEW, invite="1")
    letters = outbox.take()
    assert set(letters) == {"ana@example.org", "ben@example.org"}
    assert "Ada Admin made you an account at Fernhill" in letters["ana@example.org"].get_content()
    path = link_in(letters["ana@example.org"])
    with clock.travel(clock.now() + timedelta(days=13)):
        assert client.post(path, data={"password": PASSWORD}).location == "/sign-in"
        assert over(client.post(path, data={"password": PASSWORD}))
    assert enter(app.test_client(), "ana@example.org", PASSWORD).status_code == 303
    with clock.travel(clock.now() + timedelta(days=14, seconds=1)):
        assert over(client.get(link_in(letters["ben@example.org"])))


def test_a_second_run_invites_nobody_again_and_who_is_here_already_is_not_invited(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, ada: UUID, outbox: Outbox
) -> None:
    admin = client_of(ada)
    confirm(admin, NEW, invite="1")
    outbox.take()
    more = NEW + "cleo@example.org,Cleo Cruz\n"
    assert "Invite the new person by mail" in confirm(admin, more, invite="1")
    assert set(outbox.take()) == {"cleo@example.org"}
    with kernel.reading() as session:
        found = queries.account_of(session, "ana@example.org")
    assert found is not None
    kernel.commit(lambda s: passwords.offer_first(s, person_id=found[0], actor_id=ada))
    assert outbox.take() == {}


def test_nobody_is_invited_unless_it_is_asked_for_nor_once_they_have_a_password_or_no_account(
    client_of: Callable[[UUID], FlaskClient], kernel: Kernel, ada: UUID, outbox: Outbox
) -> None:
    admin = client_of(ada)
    confirm(admin, "email,name\ndana@example.org,Dana\n")
    assert outbox.take() == {}
    confirm(admin, NEW, invite="1")
    with kernel.reading() as session:
        ids = [queries.account_of(session, f"{name}@example.org")[0] for name in ("ana", "ben")]
    kernel.commit(lambda s: people_actions.set_password(s, person_id=ids[0], password_hash="x", actor_id=None))
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=ids[1], at=clock.now(), actor_id=None))
    assert {letter["Subject"] for letter in outbox.take().values()} == {"Your password was changed"}


def test_the_command_invites_and_a_dry_run_says_how_many(
    kernel: Kernel, ada: UUID, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", str(kernel.database.engine.url))
    monkeypatch.setenv("ACADEMY_INSTANCE", str(tmp_path))
    file = tmp_path / "people.csv"
    file.write_text(NEW)

    def run(*more: str) -> str:
        return CliRunner().invoke(cli.academy, ["people", "import", str(file), *more]).stdout

    assert run("--dry-run", "--invite").endswith("2 would be invited by mail.\n")
    assert outbox.take() == {}
    assert run("--invite").endswith("2 invited by mail.\n")
    assert run("--invite").endswith("0 invited by mail.\n")
    assert len(outbox.take()) == 2
    assert "invited" not in run()
    with kernel.reading() as session:
        [zone] = {
            face.zone for face in queries.faces(session, [queries.account_of(session, "ana@example.org")[0]]).values()
        }
    assert zone == "Europe/Lisbon"
