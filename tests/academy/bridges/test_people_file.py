"""People as a CSV file: what it changes, what it refuses, and out and in again without a difference."""

from __future__ import annotations

import csv
import io
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.bridges.people_file import actions
from academy.bridges.people_file.engine import sheets
from academy.bridges.people_file.models import PeopleFile
from academy.bridges.people_file.queries import planning, writing
from academy.bridges.people_file.queries.slots import Column, Plan
from academy.kernel import cli, clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.people.models import GroupKind, Membership, Person, PersonLanguage, Role
from academy.skills.models import Goal, PersonSkill
from cohorts.roster.models import Waiting
from tests.contracts.tree import ROOT
from tests.factories import cohorts, people, skills, tracks

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def admin(kernel: Kernel) -> UUID:
    """Return the admin of an organization with one academy."""
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    found = people.person(kernel, "Ada Admin", email="ada@example.org", zone="UTC")
    return people.member(kernel, top, found, Role.ADMIN)


def sheet_of(kernel: Kernel, text: str | bytes) -> sheets.Sheet:
    body = text.encode() if isinstance(text, str) else text
    return sheets.read(body, {c.name: c.also for c in kernel.slots(Column)})


def plan(kernel: Kernel, admin: UUID, text: str | bytes) -> Plan:
    with kernel.reading() as session:
        viewer = people.viewer(kernel, admin)
        return planning.plan_for(session, viewer, sheet_of(kernel, text), kernel.slots(Column))


def bring(kernel: Kernel, admin: UUID, text: str | bytes, *, skip: bool = False) -> Plan:
    body = text.encode() if isinstance(text, str) else text
    viewer = people.viewer(kernel, admin)
    return kernel.commit(
        lambda s: actions.bring_in(
            s,
            viewer=viewer,
            sheet=sheet_of(kernel, body),
            more=kernel.slots(Column),
            body=body,
            skip_bad_rows=skip,
        )
    )


def export(kernel: Kernel, admin: UUID) -> str:
    viewer, more = people.viewer(kernel, admin), kernel.slots(Column)
    ids = kernel.commit(lambda s: actions.take_out(s, viewer=viewer))
    with kernel.reading() as session:
        return "".join(sheets.write(writing.columns(more), writing.rows_for(session, viewer, ids, more)))


def said(plan: Plan) -> list[tuple[int, str, str]]:
    return [(p.line, p.column, p.sentence) for p in plan.problems]


def person(kernel: Kernel, email: str) -> Person:
    with kernel.reading() as session:
        return session.scalars(select(Person).where(Person.email_key == email.casefold())).one()


def everything(kernel: Kernel) -> dict[str, int]:
    tables = (Person, PersonLanguage, PersonSkill, Goal, Membership, Entry)
    with kernel.reading() as session:
        return {t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


WHOLE = """\
email,name,External ID,time zone,locale,pronouns,languages,Manager,skills,goals,cohort,role
ben@example.org,Ben Okafor,e-1,europe/lisbon,en,he/him,en; Portuguese,e-2,haskell: 3; lead others:2,Haskell:4,Cohort Kestrel,
ling@example.org,Ling Chen,e-2,Europe/Berlin,,,,,,,,
mia@example.org,Mia Silva,,,,,,ling@example.org,,,Cohort Kestrel:mentor,member
"""


@BOTH
def test_a_file_adds_people_with_everything_it_says_and_changes_nothing_the_second_time(kernel: Kernel) -> None:
    skills.esco(kernel)
    top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    academy = people.group(kernel, GroupKind.ACADEMY, "North Academy", top)
    lead = people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD)
    admin = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    version = tracks.published(kernel, academy)
    made = kernel.commit(
        lambda s: cohorts.actions.create_cohort(
            s,
            viewer=people.viewer(kernel, lead),
            academy_group_id=academy,
            track_version_id=version,
            name="Cohort Kestrel",
            starts_on=clock.now().date(),
            zone="Europe/Berlin",
        )
    )
    text = WHOLE
    first = bring(kernel, admin, text)
    assert (first.added, first.changed, first.same, said(first)) == (3, 0, 0, [])
    ben, ling, mia = (person(kernel, f"{n}@example.org") for n in ("ben", "ling", "mia"))
    assert (ben.name, ben.zone, ben.pronouns, ben.external_id) == ("Ben Okafor", "Europe/Lisbon", "he/him", "e-1")
    assert (ben.manager_id, mia.manager_id, ben.password_hash) == (ling.id, ling.id, None)
    with kernel.reading() as session:
        memberships = select(Membership.person_id, Membership.role, Membership.group_id)
        held = {tuple(row) for row in session.execute(memberships.where(Membership.person_id.in_([ben.id, mia.id])))}
        spoken = session.scalars(select(PersonLanguage.language).where(PersonLanguage.person_id == ben.id)).all()
        source = session.scalars(select(PersonSkill.source).where(PersonSkill.person_id == ben.id)).first()
    assert held == {
        (ben.id, "member", academy),
        (ben.id, "learner", made.id),
        (mia.id, "member", academy),
        (mia.id, "mentor", made.id),
    }
    assert (sorted(spoken), source) == (["en", "pt"], "organization")
    before = everything(kernel)
    again = bring(kernel, admin, text)
    assert (again.added, again.changed, again.same) == (0, 0, 3)
    assert everything(kernel) == before  # not one row, not one entry in the ledger
    out = export(kernel, admin)
    before = everything(kernel)
    back = bring(kernel, admin, out)
    assert (back.people, said(back), everything(kernel)) == ([], [], before)


def test_all_that_is_wrong_is_said_at_once_with_the_line_of_the_file(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    people.person(kernel, "Ben", email="ben@example.org")
    text = (
        "name;email;zone;skills;manager;about\r\n"
        '"Ana\r\nSilva";ana@example.org;;;;\r\n'  # lines 2 and 3
        "\r\n"
        "Bo;not an address;;;;\r\n"
        "Cy;cy@example.org;Europe/Lisbonn;Haskel:3;;\r\n"
        ";ben@example.org;;Haskell:7;nobody@example.org;\r\n"
        ";new@example.org;;;;\r\n"
        "Bo;bo@example.org;;;;;;more\r\n"
        "Ben;BEN@example.org;;;;\r\n"
    )
    found = plan(kernel, admin, text)
    assert said(found) == [
        (2, "name", "A name stands on one line, without characters that can't be seen."),
        (5, "email", "“not an address” is not an e-mail address such as ana@example.org."),
        (6, "skills", "No skill is called “Haskel”. Did you mean “Haskell”?"),
        (6, "zone", "“Europe/Lisbonn” is no time zone such as Europe/Lisbon. Did you mean “Europe/Lisbon”?"),
        (7, "manager", "Nobody here or in this file has the address or external id “nobody@example.org”."),
        (7, "skills", "Write a level from 1 to 5 after a colon, such as “Haskell:3”."),
        (8, "email", "Nobody here is called so, and somebody new needs an address and a name."),
        (9, "", "This row has 8 cells and the first line names 6. Is a quote missing?"),
        (10, "email", "This person is in line 7 already."),
    ]
    assert (list(found.unknown), found.bad_rows, found.rows) == (["about"], 7, 7)


def test_one_bad_row_holds_up_the_whole_file_unless_bad_rows_are_to_be_skipped(kernel: Kernel, admin: UUID) -> None:
    text = (
        "email,name,manager\nbad,Bad,\nana@example.org,Ana,\nben@example.org,Ben,new@example.org\nnew@example.org,,\n"
    )
    before = everything(kernel)
    with pytest.raises(Invalid, match="3 of 4 rows|2 of 4 rows"):
        bring(kernel, admin, text)
    assert everything(kernel) == before
    done = bring(kernel, admin, text, skip=True)
    # Ben leans on a row that is bad, so his is bad too.
    assert (done.added, done.bad_rows, done.rows) == (1, 3, 4)
    assert person(kernel, "ana@example.org").name == "Ana"


def test_a_circle_of_managers_is_refused_also_over_people_who_are_not_in_the_file(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, "email,name,manager\na@example.org,A,b@example.org\nb@example.org,B,\nc@example.org,C,\n")
    found = plan(kernel, admin, "email,manager\nb@example.org,a@example.org\nc@example.org,c@example.org\n")
    assert said(found) == [
        (2, "manager", "That would be a circle: B reports to A reports to B."),
        (3, "manager", "That would be a circle: C reports to C."),
    ]


def test_an_empty_cell_changes_nothing_and_a_hyphen_empties(kernel: Kernel, admin: UUID) -> None:
    bring(
        kernel,
        admin,
        "email,name,pronouns,external id,manager,languages\na@example.org,A,they/them,7,ada@example.org,en\n",
    )
    bring(kernel, admin, "email,pronouns,external id,manager,languages\na@example.org,,,,\n")
    kept = person(kernel, "a@example.org")
    assert (kept.pronouns, kept.external_id, kept.manager_id) == ("they/them", "7", admin)
    assert said(plan(kernel, admin, "email,name\na@example.org,-\n")) == [(2, "name", "This can't be emptied.")]
    bring(kernel, admin, "email,pronouns,external id,manager,languages\na@example.org,-,-,-,-\n")
    emptied = person(kernel, "a@example.org")
    assert (emptied.pronouns, emptied.external_id, emptied.manager_id) == ("", None, None)
    with kernel.reading() as session:
        assert session.scalars(select(PersonLanguage.language).where(PersonLanguage.person_id == kept.id)).all() == []


def test_a_file_changes_no_address_and_mixes_up_nobody(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, "email,name,external_id\na@example.org,A,1\nb@example.org,B,2\n")
    found = plan(kernel, admin, "email,external_id\nthief@example.org,1\na@example.org,2\n")
    assert said(found) == [
        (2, "email", "This person signs in as a@example.org. A file changes no address: they change it themselves."),
        (3, "email", "The address is one person's and the external id another's."),
    ]
    renamed = bring(kernel, admin, "external_id,name\n1,Anna\n")
    assert (renamed.changed, person(kernel, "a@example.org").name) == (1, "Anna")


def test_a_role_that_the_admin_lacks_the_rights_of_is_refused(kernel: Kernel, admin: UUID) -> None:
    found = plan(
        kernel,
        admin,
        "email,name,role\na@example.org,A,lead\nb@example.org,B,admin\nc@example.org,C,chief\nd@example.org,D,mentor\n",
    )
    assert said(found) == [
        (2, "role", "You can't give the role lead: it has rights that you don't have yourself."),
        (4, "role", "“chief” is no role."),
        (5, "role", "The role mentor is held in a cohort: name it in the column cohort."),
    ]


def test_only_an_admin_of_the_organization_brings_people_in_or_takes_them_out(kernel: Kernel, admin: UUID) -> None:
    with kernel.reading() as session:
        academy = session.scalars(select(planning.people.Group.id).where(planning.people.Group.kind == "academy")).one()
    lead = people.member(kernel, academy, people.person(kernel, "Lea"), Role.LEAD)
    for act in (lambda: bring(kernel, lead, "email,name\na@example.org,A\n"), lambda: export(kernel, lead)):
        with pytest.raises(Missing):
            act()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"name,zone\nAna,UTC\n", "no column email"),
        (b"email,E-Mail\na,b\n", "email is there twice"),
        ("email,name\na@example.org,Zo\u00eb\n".encode("latin-1"), "Line 2 is not UTF-8"),
        ("email,name\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(kernel: Kernel, body: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        sheet_of(kernel, body)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_usual_kind_of_file_is_read(kernel: Kernel, delimiter: str) -> None:
    text = f"\ufeffE-Mail{delimiter} Full  Name \r\na@example.org{delimiter}Ana\r\n"
    found = sheet_of(kernel, text)
    assert [(row.line, row.cells) for row in found.rows] == [(2, {"email": "a@example.org", "name": "Ana"})]


def test_a_quote_that_is_never_closed_is_said_with_its_line(kernel: Kernel) -> None:
    found = sheet_of(kernel, 'email,name\na@example.org,Ana\nb@example.org,"Ben\nc@example.org,Cy\n')
    assert [p.line for p in found.problems] == [3]
    assert [row.line for row in found.rows] == [2]


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "'=1", "''", "'", "-", "'-", "=cmd|' /C calc'!A0", "＝1", "\t=1", '"', ";", "a;b"]
)


@given(cells)
def test_a_defused_cell_runs_nowhere_and_comes_back_as_it_was(cell: str) -> None:
    out = sheets.defused(cell)
    assert sheets.undone(out) == cell
    assert out[:1] not in "=+-@\t\r\n＝＋－＠" or not out


names = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=30)
    .map(str.strip)
    .filter(lambda name: name.isprintable() and name != "")
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(names, names, st.sampled_from(["", "=SUM(A1)", "-", "'-", "they/them"])), max_size=6))
def test_out_and_in_again_changes_nothing_whatever_people_are_called(
    kernel: Kernel, admin: UUID, told: list[tuple[str, str, str]]
) -> None:
    for number, (name, external, pronouns) in enumerate(told):
        made = people.person(kernel, name)
        with kernel.reading() as session:
            taken = session.scalar(select(Person.id).where(Person.external_id == f"{number}{external}"))
        kernel.commit(
            lambda s, m=made, e=external, p=pronouns, n=number, t=taken: actions.people.change_person(
                s, person_id=m, actor_id=admin, pronouns=p, external_id=None if t else f"{n}{e}"
            )
        )
    text = export(kernel, admin)
    found = plan(kernel, admin, text)
    assert (found.people, said(found)) == ([], [])
    for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")):
        assert [cell for cell in row if cell[:1] in "=+-@\t\r\n" and cell] == []


def test_a_thousand_rows_take_seconds_and_little_memory(kernel: Kernel, admin: UUID) -> None:
    rows = [f"p{n}@example.org,Person {n},{n},Europe/Lisbon,en; de,p{n // 10}@example.org\n" for n in range(1, 1_000)]
    text = "email,name,external_id,zone,languages,manager\np0@example.org,Person 0,0,UTC,en,\n" + "".join(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    assert bring(kernel, admin, text).added == 1_000
    assert bring(kernel, admin, text).same == 1_000
    # Ten times what it takes on a small machine: a step that grew faster than the file would be seen.
    assert time.monotonic() - started < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


# on the web


def send(client: FlaskClient, body: bytes, name: str = "people.csv") -> str:
    answer = client.post("/people/file", data={"file": (io.BytesIO(body), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


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


def test_a_cohort_that_is_not_there_and_a_full_one_with_its_waitlist(kernel: Kernel) -> None:
    made = cohorts.world(kernel, seats=1)
    with kernel.reading() as session:
        top = session.scalars(
            select(planning.people.Group.id).where(planning.people.Group.kind == "organization")
        ).first()
    top = top or people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
    admin = people.member(kernel, top, people.person(kernel, "Ada"), Role.ADMIN)
    people.member(kernel, made.academy, admin, Role.ADMIN)
    text = "email,name,cohort\na@example.org,A,cohort kestrl\nb@example.org,B,{}\n"
    found = plan(kernel, admin, text.format(encode(made.cohort)))
    assert said(found) == [
        (2, "cohort", "No cohort that you enroll into is called “cohort kestrl”. Did you mean “Cohort Kestrel”?")
    ]
    text = "email,name,cohort\na@example.org,A,Cohort Kestrel\nb@example.org,B,cohort kestrel\n"
    assert bring(kernel, admin, text).added == 2
    with kernel.reading() as session:
        learners = session.scalars(select(Membership.person_id).where(Membership.group_id == made.cohort)).all()
        waiting = session.scalars(select(Waiting.person_id).where(Waiting.cohort_id == made.cohort)).all()
    assert (learners, waiting) == ([person(kernel, "a@example.org").id], [person(kernel, "b@example.org").id])
    before = everything(kernel)
    assert bring(kernel, admin, text).same == 2  # who waits still waits, and nothing is written
    assert everything(kernel) == before


def test_the_example_of_the_page_can_be_brought_in(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    page = (ROOT / "docs" / "people-csv.md").read_text("utf-8")
    assert bring(kernel, admin, page.split("```csv\n")[1].split("```")[0]).added == 2
    described = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert described == set(writing.columns(kernel.slots(Column)))


# the command


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
    nobody = run(monkeypatch, kernel, tmp_path, "export", str(out), "--as", "ana@example.org")
    assert (nobody.exit_code, "Only an admin" in nobody.stderr) == (1, True)
