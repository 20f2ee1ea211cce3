"""People files on the web and by the command: who brings people in and takes them out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.bridges.people_file.models import PeopleFile
from academy.bridges.people_file.queries import planning
from academy.kernel import cli, clock
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ledger import Entry
from academy.notices.models import Notice
from academy.people.engine import hash_password
from academy.people.models import GroupKind, Membership, Person, Role
from tests.academy.bridges.filing import bring, export, person, plan, said
from tests.conftest import proved
from tests.factories import people, skills


def test_only_an_admin_of_the_organization_brings_people_in_or_takes_them_out(kernel: Kernel, admin: UUID) -> None:
    with kernel.reading() as session:
        academy = session.scalars(select(planning.people.Group.id).where(planning.people.Group.kind == "academy")).one()
    lead = people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD)
    for act in (lambda: bring(kernel, lead, "email,name\na@example.org,A\n"), lambda: export(kernel, lead)):
        with pytest.raises(Missing):
            act()


def send(client: FlaskClient, body: bytes, name: str = "people.csv") -> str:
    answer = client.post("/people/file", data={"file": (io.BytesIO(body), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def test_the_page_s_own_example_is_a_cell_that_can_be_used(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    skills.esco(kernel)
    page = client_of(admin).get("/people/file").text
    (example,) = re.findall(r"such as ([^.]*:\d; [^.]*:\d)\.", page)
    found = plan(kernel, admin, f"email,name,skills,goals\nana@example.org,Ana,{example},{example}\n")
    assert (said(found), found.added) == ([], 1)


def test_an_admin_sees_what_a_file_would_do_and_then_does_it(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(admin)
    here = send(client, b"email,name,shoe size\nana@example.org,<b>Ana</b>,38\n")
    page = client.get(here)
    assert page.status_code == 200
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page.text
    assert "shoe size" in page.text
    with kernel.reading() as session:
        assert session.scalar(select(Person.id).where(Person.email_key == "ana@example.org")) is None
    done = client.post(f"{here}/apply")
    assert (done.status_code, done.headers["Location"]) == (303, "/people/file")
    assert "1 person added." in client.get("/people/file").text
    assert person(kernel, "ana@example.org").name == "<b>Ana</b>"
    assert client.post(f"{here}/apply").status_code == 404  # done once, and forgotten
    with kernel.reading() as session:
        assert session.scalars(select(PeopleFile)).all() == []


def test_a_file_with_bad_rows_is_shown_and_refused_until_they_are_left_out(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(admin)
    here = send(client, b"email,name\nana@example.org,Ana\nno,Bo\n")
    assert "is not an e-mail address" in client.get(here).text
    assert client.post(f"{here}/apply").status_code == 422
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
    assert client.post(f"{here}/apply", data={"skip": "1"}).status_code == 303
    assert person(kernel, "ana@example.org").name == "Ana"


def test_another_admins_file_and_one_whose_hour_is_over_are_not_there(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    with kernel.reading() as session:
        top = session.scalars(
            select(planning.people.Group.id).where(planning.people.Group.kind == "organization")
        ).one()
    other = client_of(people.member(kernel, top, people.person(kernel, "Olu"), Role.ADMIN))
    here = send(client_of(admin), b"email,name\nana@example.org,Ana\n")
    for method, address in (("get", here), ("post", f"{here}/apply"), ("post", f"{here}/forget")):
        assert getattr(other, method)(address).status_code == 404
    later = clock.now() + timedelta(minutes=61)
    with clock.travel(later):
        assert client_of(admin).get(here).status_code == 404
        kernel.runner.run_due()
    with kernel.reading() as session:
        assert session.scalars(select(PeopleFile)).all() == []


def test_nothing_chosen_too_much_and_no_csv_are_said_kindly(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(admin)
    assert "Choose a file." in client.post("/people/file").text
    assert "is not UTF-8" in client.post("/people/file", data={"file": (io.BytesIO(b"\xff\xfe"), "a.csv")}).text
    many = b"email,name\n" + b"".join(b"p%d@example.org,P\n" % n for n in range(1_001))
    assert "1001 rows" in client.post("/people/file", data={"file": (io.BytesIO(many), "a.csv")}).text
    big = client.post("/people/file", data={"file": (io.BytesIO(b"x" * (1 << 21)), "a.csv")})
    assert big.status_code == 413


def test_a_file_that_gives_roles_waits_for_a_proof_and_all_admins_are_told(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    with kernel.reading() as session:
        top = session.scalars(
            select(planning.people.Group.id).where(planning.people.Group.kind == GroupKind.ORGANIZATION)
        ).one()
    other = people.member(kernel, top, people.person(kernel, "Olu"), Role.ADMIN)
    ben = people.person(kernel, "Ben", email="ben@example.org", password_hash=hash_password("tea with three sugars"))
    client = client_of(admin)
    here = send(client, b"email,name,role\nben@example.org,,admin\nana@example.org,Ana,analyst\n")

    def given() -> list[str]:
        with kernel.reading() as session:
            roles = select(Membership.role).where(Membership.person_id.not_in([admin, other]))
            return sorted(session.scalars(roles))

    def told(person_id: UUID) -> list[str]:
        with kernel.reading() as session:
            return list(session.scalars(select(Notice.kind).where(Notice.person_id == person_id)))

    assert "you are asked first to show that it is you" in client.get(here).text
    asked = client.post(f"{here}/apply")
    assert (asked.status_code, asked.location) == (303, f"/me/proof?next={here}")
    assert (given(), told(other), told(ben)) == ([], [], [])
    page = proved(client).get(here)
    assert page.status_code == 200, "the file is kept meanwhile"
    assert "you are asked first" not in page.text
    assert client.post(f"{here}/apply").location == "/people/file"
    assert given() == ["admin", "analyst", "member"]
    assert told(other) == ["administration.others"]
    assert told(ben) == ["administration.given"]
    assert told(person(kernel, "ana@example.org").id) == ["administration.given"]


def test_a_file_that_only_brings_members_asks_for_no_proof(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(admin)
    here = send(client, b"email,name,role\nana@example.org,Ana,member\n")
    assert "you are asked first" not in client.get(here).text
    assert client.post(f"{here}/apply").location == "/people/file"


def test_the_export_is_a_file_that_no_spreadsheet_runs_and_nobody_keeps(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    people.person(kernel, '=HYPERLINK("https://evil.example.org")', email="eve@example.org")
    answer = client_of(admin).post("/people/file/export")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "\"'=HYPERLINK(" in answer.text
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "PeopleTakenOut")).one()
    assert (entry.actor_id, entry.facts) == (admin, {"people": 2})


def run(monkeypatch: pytest.MonkeyPatch, kernel: Kernel, tmp_path: Path, *arguments: str) -> Result:
    monkeypatch.setenv("DATABASE_URL", str(kernel.database.engine.url))
    monkeypatch.setenv("ACADEMY_INSTANCE", str(tmp_path))
    return CliRunner().invoke(cli.academy, ["people", *arguments])


def test_the_command_brings_in_takes_out_and_says_what_is_wrong(
    kernel: Kernel, admin: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "people.csv", tmp_path / "out.csv"
    file.write_text("email,name,hat\nana@example.org,Ana,x\nno,Bo,x\n")
    refused = run(monkeypatch, kernel, tmp_path, "import", str(file))
    assert (refused.exit_code, refused.stdout.splitlines()[-1]) == (1, "1 added, 0 changed, 0 as they are, 1 left out.")
    assert "line 3, email: “no” is not an e-mail address" in refused.stderr
    assert "The column “hat” is not known" in refused.stderr
    assert refused.stderr.splitlines()[-1] == "Error: 1 of 2 rows can't be used; nothing was changed."
    dry = run(monkeypatch, kernel, tmp_path, "import", str(file), "--skip-bad-rows", "--dry-run")
    assert (dry.exit_code, "line 2: new, ana@example.org: name: (nothing) → Ana" in dry.stdout) == (0, True)
    with kernel.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1
    assert run(monkeypatch, kernel, tmp_path, "import", str(file), "--skip-bad-rows").exit_code == 0
    assert run(monkeypatch, kernel, tmp_path, "export", str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"\xef\xbb\xbfemail,name,")
    assert "0 added, 0 changed, 2 as they are" in run(monkeypatch, kernel, tmp_path, "import", str(out)).stdout
    nowhere = tmp_path / "none" / "out.csv"
    failed = run(monkeypatch, kernel, tmp_path, "export", str(nowhere))
    unwritable = f"Error: {nowhere}: can't be written: No such file or directory.\n"
    assert (failed.exit_code, failed.stderr) == (1, unwritable)
    nobody = run(monkeypatch, kernel, tmp_path, "export", str(out), "--as", "ana@example.org")
    assert (nobody.exit_code, "Only an admin" in nobody.stderr) == (1, True)
