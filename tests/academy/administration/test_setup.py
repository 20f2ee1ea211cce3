"""`academy setup`: from an empty folder to an academy that is led, without the demo."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

import wsgi
from academy.kernel import cli
from academy.kernel.app import Kernel
from academy.kernel.config import Settings
from academy.people.models import Group, Membership, Person
from academy.skills.models import Skill
from tests.factories import people

PASSWORD = "correct horse battery staple"
SAID = ["--organization", "Fernhill", "--academy", "North", "--name", "Ling Chen", "--email", "ling@example.org"]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> str:
    """Let the command use a fresh database and folder."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ACADEMY_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("ACADEMY_SETUP_PASSWORD", PASSWORD)
    monkeypatch.setenv("ACADEMY_LOG", "error")
    return database_url


def setup(*more: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.academy, ["setup", *more], input=typed)


def held(kernel: Kernel) -> list[tuple[str, str]]:
    with kernel.reading() as session:
        rows = session.execute(select(Group.kind, Membership.role).join(Group, Group.id == Membership.group_id))
        return sorted((row.kind, row.role) for row in rows)


def test_an_organization_is_made_from_what_is_said(place: str, kernel: Kernel) -> None:
    done = setup(*SAID, "--zone", "Europe/Lisbon", "--skills", "esco")
    assert (done.exit_code, "Fernhill is set up, with North." in done.output) == (0, True), done.output
    assert "A test letter to ling@example.org was written to a file" in done.output
    assert held(kernel) == [("academy", "member"), ("organization", "admin")]
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Skill)) == 3164 + 68  # ESCO's and O*NET's
        assert session.scalars(select(Person.zone)).one() == "Europe/Lisbon"


def test_what_is_not_said_is_asked(place: str, kernel: Kernel) -> None:
    done = setup("--skills", "none", typed="Fernhill\nNorth\nLing\nling@example.org\nUTC\ny\n")
    assert done.exit_code == 0, done.output
    assert held(kernel) == [("academy", "lead"), ("academy", "member"), ("organization", "admin")]


def test_a_second_time_changes_nothing_and_fails_only_when_asked_to_make_one(place: str, kernel: Kernel) -> None:
    setup(*SAID, "--skills", "none")
    before = held(kernel)
    again = setup()
    assert (again.exit_code, again.output) == (0, "Fernhill is set up already; nothing was changed.\n")
    assert setup(*SAID).exit_code == 1
    assert held(kernel) == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--email", "nonsense"], "email"),
        (["--zone", "Nowhere"], "time zone"),
        (["--organization", "x" * 121], "1 to 120"),
    ],
)
def test_what_can_not_be_used_is_said_and_nothing_is_made(
    place: str, kernel: Kernel, more: list[str], said: str
) -> None:
    done = setup(*SAID, *more)
    assert (done.exit_code, said in done.output) == (1, True), done.output
    assert held(kernel) == []


def test_a_password_that_is_easily_guessed_is_refused(
    place: str, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACADEMY_SETUP_PASSWORD", "password")
    assert setup(*SAID).exit_code == 1
    assert held(kernel) == []


def test_a_mail_server_that_is_away_is_said_and_the_set_up_is_kept(
    place: str, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACADEMY_MAIL", "smtp")
    monkeypatch.setenv("ACADEMY_SMTP_URL", "smtp://127.0.0.1:1")
    done = setup(*SAID, "--skills", "none")
    assert done.exit_code == 0
    assert "No test letter was sent. The mail server refused the connection. Look at ACADEMY_SMTP_URL" in done.output
    assert ("organization", "admin") in held(kernel)


def test_from_set_up_to_an_academy_that_is_led(place: str, tmp_path: Path) -> None:
    """The whole first hour over HTTP: sign in by the printed link, open an academy, appoint, read the audit."""
    done = setup(*SAID, "--skills", "none", "--link", "--no-mail")
    [link] = re.findall(r"https?://[^/]+(/reset/\S+)", done.output)
    app = wsgi.create_app(
        Settings(
            database_url=place,
            secret_key="x" * 20,
            instance=tmp_path,
            jobs="off",
            async_mode="threading",
            testing=True,
            log_level="error",
        )
    )
    app.config["WTF_CSRF_ENABLED"] = False
    admin = app.test_client()

    def post(address: str, **sent: Any) -> str:
        answer = admin.post(address, data=sent)
        assert answer.status_code == 303, (address, answer.status_code, answer.text[-2000:])
        return answer.headers["Location"]

    post(link, password=PASSWORD)
    if admin.get("/admin").status_code != 200:
        post("/sign-in", email="ling@example.org", password=PASSWORD)
    assert "Setting up" in admin.get("/").text
    academy = post("/admin/academies", name="Leadership Academy").rpartition("/")[2]
    kernel: Kernel = app.extensions["kernel"]
    people.person(kernel, "Priya Nair", email="priya@example.org")
    found = admin.get(f"/admin/roles/new?group={academy}&q=priya").text
    [person] = set(re.findall(r'name="person" value="([a-z2-7]{26})"', found))
    post("/admin/roles", group=academy, person=person, role="lead")
    assert "Priya Nair" in admin.get(f"/admin/academies/{academy}").text
    assert "Ling Chen made Priya Nair program lead in Leadership Academy" in admin.get("/admin/audit").text
    kernel.database.engine.dispose()
