"""Frameworks as CSV files: out and in again is no change, and what is in use is never deleted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.bridges.framework_file import actions, engine
from academy.bridges.framework_file.queries import planning, writing
from academy.bridges.people_file.engine import sheets
from academy.kernel import cli
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.ledger import Entry
from academy.neighbours import actions as neighbours
from academy.neighbours import queries as near
from academy.people.models import Role
from academy.skills import queries as skill_queries
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink
from tests.factories import people, skills

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

HOUSE = """kind,key,label,essential,optional,broader_group,version
framework,house,House skills,,,,2026
group,g,Working together,,,,
skill,ask,Asking first,listen,,g,
skill,listen,Listening,,ask,g,
knowledge,law,Labour law,,,,
"""


def plan(kernel: Kernel, admin: UUID, text: str) -> planning.Plan:
    with kernel.reading() as session:
        return planning.plan_for(session, people.viewer(kernel, admin), engine.read(text.encode()))


def bring(kernel: Kernel, admin: UUID, text: str) -> planning.Plan:
    viewer, sheet = people.viewer(kernel, admin), engine.read(text.encode())
    return kernel.commit(lambda session: actions.bring_in(session, viewer=viewer, sheet=sheet))


def export(kernel: Kernel, admin: UUID, key: str = "house") -> str:
    viewer = people.viewer(kernel, admin)
    with kernel.reading() as session:
        _, rows = writing.rows_for(session, viewer, writing.id_of(session, key))
        return "".join(sheets.write(list(engine.COLUMNS), rows))


def said(found: planning.Plan) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.sentence) for problem in found.problems]


def entries(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return session.scalars(select(func.count()).select_from(Entry).where(Entry.kind == "FrameworkBroughtIn")).one()


@BOTH
def test_a_framework_comes_in_and_the_second_time_changes_nothing(kernel: Kernel, admin: UUID) -> None:
    first = bring(kernel, admin, HOUSE)
    assert (first.new, len(first.added), len(first.linked)) == (True, 4, 4)
    again = bring(kernel, admin, HOUSE)
    assert (again.new, again.idle) == (False, True)
    assert entries(kernel) == 1
    with kernel.reading() as session:
        assert skill_queries.graph_version(session).startswith("house-2026-")
        asking = session.scalars(select(Skill).where(Skill.key == "house:ask")).one()
        assert [hit.label for hit in skill_queries.search(session, "asking")] == ["Asking first"]
        relations = session.execute(select(SkillLink.relation).where(SkillLink.skill_id == asking.id)).scalars()
        assert sorted(relations) == ["broader_group", "essential"]


def test_the_shipped_framework_goes_out_and_in_again_as_it_is(kernel: Kernel, admin: UUID) -> None:
    skills.esco(kernel)
    text = export(kernel, admin, "esco")
    assert len(text.splitlines()) == 3_166
    assert plan(kernel, admin, text).idle
    with kernel.reading() as session:
        before = near.graph(session)
    assert text == export(kernel, admin, "esco")
    bring(kernel, admin, text)
    with kernel.reading() as session:
        assert near.graph(session) == before


@BOTH
def test_what_is_in_use_is_kept_as_gone_and_comes_back(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, HOUSE)
    ana = people.person(kernel, "Ana")
    skills.has(kernel, ana, {"Listening": 3})
    asking = skills.skill(kernel, "Asking first")
    without = "\n".join(line for line in HOUSE.splitlines() if not line.startswith(("skill,listen", "knowledge")))
    without = without.replace("Asking first,listen,", "Asking before assuming,,")
    found = bring(kernel, admin, without)
    assert [label for _, label in found.kept] == ["Listening"]
    assert [label for _, label in found.removed] == ["Labour law"]
    assert [(change.label, change.node.label) for change in found.changed] == [
        ("Asking first", "Asking before assuming")
    ]
    with kernel.reading() as session:
        assert [skill.label for skill in skill_queries.skills_of(session, [ana])[ana]] == ["Listening"]
        assert skill_queries.search(session, "listening") == []
        assert [label for _, label in skill_queries.names(session)] == ["Asking before assuming"]
        assert session.scalars(select(Skill.id).where(Skill.label == "Asking before assuming")).one() == asking
        gone = skill_queries.graph_version(session)
        edges = near.graph(session)["edges"]
    # Whoever has it is still near to others: the relations of what is gone and kept stay.
    assert ["house:listen", "house:g", "broader_group"] in edges
    assert bring(kernel, admin, without).idle
    assert "Listening" not in export(kernel, admin)
    back = bring(kernel, admin, HOUSE)
    assert [change.back for change in back.changed if change.node.key == "listen"] == [True]
    with kernel.reading() as session:
        assert [hit.label for hit in skill_queries.search(session, "listening")] == ["Listening"]
        assert skill_queries.graph_version(session) != gone


def test_what_was_computed_of_a_skill_goes_with_it(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, HOUSE)
    kernel.runner.run_due()
    with kernel.reading() as session:
        assert near.near(session, skills.skill(kernel, "Asking first"))
    kernel.commit(lambda s: neighbours.keep_together(s, [["house:ask", "house:listen"]]))
    bring(kernel, admin, "kind,key,label,version\nframework,house,House skills,2027\nskill,law,Labour law,\n")
    kernel.runner.run_due()
    with kernel.reading() as session:
        assert session.scalars(select(Skill.label)).all() == ["Labour law"]
        assert session.scalars(select(SkillLink)).all() == []


def test_everything_that_is_wrong_is_said_with_its_line_and_nothing_is_done(kernel: Kernel, admin: UUID) -> None:
    text = (
        "kind,key,label,broader_group,optional,version\n"
        "framework,House!,,,,\n"
        "skill,a,A,nowhere,a,\n"
        "skill,a,Again,,,\n"
        "skill,b;c,B,,,\n"
        "hat,d,D,,,\n"
        "skill,,,,,\n"
        "group,g,G,a,,3\n"
        "skill,e,E,,g,\n"
        f"skill,f,{'x' * 301},,,\n"
    )
    found = plan(kernel, admin, text)
    assert said(found) == [
        (2, "key", "A framework's key is 1 to 40 small letters, digits and hyphens, such as house-skills."),
        (2, "label", "A framework needs a label."),
        (2, "version", "A framework needs a version."),
        (3, "broader_group", "No row of this file has the key “nowhere”."),
        (3, "optional", "“a” is put beside itself."),
        (4, "key", "The key “a” is there already, on line 3."),
        (5, "key", "A key has no semicolon: those part the keys of a list."),
        (6, "kind", "“hat” is no kind: write skill, knowledge or group."),
        (7, "key", "A row needs a key, by which it is known from one file to the next."),
        (7, "label", "A row needs a label: what people read."),
        (8, "broader_group", "“a” is no group, and broader_group leads to one."),
        (8, "version", "Only the row of the framework itself says this."),
        (9, "optional", "“g” is a group, no skill."),
        (10, "label", "This has 301 characters; at most 300 are kept."),
    ]
    with pytest.raises(Invalid):
        bring(kernel, admin, text)
    with kernel.reading() as session:
        assert session.scalars(select(Framework.id)).all() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is empty."),
        ("label,kind\nA,skill\n", "names no column key"),
        ("kind,key,label\nskill,a,A\n", "this file has none"),
        ("kind,key,label,version\nframework,a,A,1\nframework,b,B,1\n", "this file has 2"),
    ],
)
def test_what_is_no_framework_is_refused(kernel: Kernel, admin: UUID, text: str, sentence: str) -> None:
    try:
        sentences = [problem[2] for problem in said(plan(kernel, admin, text))]
    except Invalid as refusal:
        sentences = [refusal.detail]
    assert any(sentence in one for one in sentences)


def test_a_skill_that_people_have_can_not_become_a_group(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, HOUSE)
    skills.wants(kernel, people.person(kernel), {"Labour law": 3})
    found = plan(kernel, admin, HOUSE.replace("knowledge,law", "group,law"))
    assert said(found) == [(6, "kind", "“Labour law” is in use as a knowledge, so it can't become a group.")]


def test_only_who_keeps_skills_brings_frameworks_in_or_out(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, HOUSE)
    [top] = people.viewer(kernel, admin).roles
    lead = people.member(kernel, top, people.person(kernel), Role.LEAD)
    for act in (lambda: bring(kernel, lead, HOUSE), lambda: export(kernel, lead), lambda: plan(kernel, lead, HOUSE)):
        with pytest.raises(Missing):
            act()


WORDS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=20)
    | st.sampled_from(["=1+1", "+1", "-", "@a", "'=1", "a; =1", "\uff1d1", "''-", '"', "-1"])
).map(str.strip)
NAMES = WORDS.filter(lambda word: word != "" and word.isprintable())
KEYS = NAMES.map(lambda word: word.replace(";", "").strip()).filter(bool)
FRAMEWORKS = st.dictionaries(KEYS, st.tuples(NAMES, st.sampled_from(engine.KINDS)), max_size=8).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes),
        st.sets(
            st.tuples(st.sampled_from(sorted(nodes)), st.sampled_from(sorted(nodes)), st.sampled_from(engine.RELATIONS))
            if nodes
            else st.nothing()
        ),
        NAMES,
        NAMES,
    )
)


@given(FRAMEWORKS)
def test_a_framework_as_text_reads_back_the_same_and_no_spreadsheet_runs_it(
    told: tuple[dict[str, tuple[str, str]], set[tuple[str, str, str]], str, str],
) -> None:
    nodes, drawn, name, licence = told
    links = {
        (a, b, relation)
        for a, b, relation in drawn
        if a != b and (relation == "broader_group") == (nodes[b][1] == "group")
    }
    head = {"key": "house", "label": name, "version": "1", "licence": licence}
    rows = engine.rows(head, [(key, *rest) for key, rest in nodes.items()], links)
    text = "".join(sheets.write(list(engine.COLUMNS), rows))
    sheet = engine.read(text.encode())
    assert sheet.problems == []
    assert (sheet.key, sheet.name, sheet.version, sheet.licence) == ("house", name, "1", licence)
    assert {node.key: (node.label, node.kind) for node in sheet.nodes.values()} == nodes
    assert sheet.links == links
    for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")):
        for cell in row:
            assert all(part.strip(" ")[:1] not in tuple("=+-@\uff1d\uff0b\uff0d\uff20") for part in cell.split(";"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FRAMEWORKS)
def test_out_and_in_again_changes_nothing_whatever_skills_are_called(
    kernel: Kernel,
    admin: UUID,
    told: tuple[dict[str, tuple[str, str]], set[tuple[str, str, str]], str, str],
) -> None:
    nodes, _, name, licence = told
    head = {"key": "house", "label": name, "version": "1", "licence": licence}
    rows = engine.rows(head, [(key, *rest) for key, rest in nodes.items()], [])
    bring(kernel, admin, "".join(sheets.write(list(engine.COLUMNS), rows)))
    text = export(kernel, admin)
    assert plan(kernel, admin, text).idle
    assert bring(kernel, admin, text).idle
    assert export(kernel, admin) == text


def test_the_pages_show_preview_apply_and_forget(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    client = client_of(admin)
    assert "There is no framework yet." in client.get("/admin/frameworks").text
    assert "Choose a file." in client.post("/admin/frameworks").text

    def send(text: str) -> str:
        answer = client.post("/admin/frameworks", data={"file": (io.BytesIO(text.encode()), "house.csv")})
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    here = send(HOUSE)
    page = client.get(here).text
    assert "To be added: 4." in page
    done = client.post(f"{here}/apply")
    assert (done.status_code, done.location) == (303, "/admin/frameworks")
    page = client.get("/admin/frameworks").text
    assert "4 entries added." in page
    assert "House skills" in page
    assert client.post(f"{here}/apply").status_code == 404
    wrong = send(HOUSE.replace("skill,ask,Asking first,listen", "skill,ask,Asking first,=nowhere"))
    page = client.get(wrong).text
    assert "No row of this file has the key “=nowhere”." in page
    assert "Do this" not in page
    assert client.post(f"{wrong}/apply").status_code == 422
    client.post(f"{wrong}/forget")
    assert client.get(wrong).status_code == 404
    with kernel.reading() as session:
        framework = writing.id_of(session, "house")
    answer = client.get(f"/admin/frameworks/{encode(framework)}/file")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="house.csv"'
    assert answer.text == export(kernel, admin)
    assert client.get(f"/admin/frameworks/{encode(admin)}/file").status_code == 404


def test_a_gone_skill_says_so_on_its_page(
    kernel: Kernel, admin: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    bring(kernel, admin, HOUSE)
    skills.has(kernel, admin, {"Labour law": 2})
    law = skills.skill(kernel, "Labour law")
    bring(kernel, admin, "".join(line for line in HOUSE.splitlines(keepends=True) if "Labour" not in line))
    assert "no longer in the framework" in client_of(admin).get(f"/skills/{encode(law)}").text


def run(monkeypatch: pytest.MonkeyPatch, kernel: Kernel, tmp_path: Path, *arguments: str) -> Result:
    monkeypatch.setenv("DATABASE_URL", str(kernel.database.engine.url))
    monkeypatch.setenv("ACADEMY_INSTANCE", str(tmp_path))
    return CliRunner().invoke(cli.academy, ["skills", *arguments])


def test_the_commands_bring_in_take_out_and_say_what_is_wrong(
    kernel: Kernel, admin: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = tmp_path / "house.csv", tmp_path / "out.csv"
    file.write_text(HOUSE.replace("kind,key", "hat,kind,key").replace("\n", "\n,").rstrip(","))
    dry = run(monkeypatch, kernel, tmp_path, "import", str(file), "--dry-run")
    told = "house 2026: 4 would be added, 0 would be changed, 0 would be removed, 0 would be kept as gone; "
    assert (dry.exit_code, dry.stdout) == (0, f"{told}relations: 4 would be added, 0 would be removed.\n")
    assert "The column “hat” is not known; it is left alone." in dry.stderr
    missing = run(monkeypatch, kernel, tmp_path, "export", "house")
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no framework “house”. There is: none yet.\n")
    assert run(monkeypatch, kernel, tmp_path, "import", str(file)).exit_code == 0
    assert "4 skills and groups are in" in run(monkeypatch, kernel, tmp_path, "export", "house", "-o", str(out)).stdout
    nowhere = tmp_path / "none" / "out.csv"
    failed = run(monkeypatch, kernel, tmp_path, "export", "house", "-o", str(nowhere))
    unwritable = f"Error: {nowhere}: can't be written: No such file or directory.\n"
    assert (failed.exit_code, failed.stderr) == (1, unwritable)
    same = run(monkeypatch, kernel, tmp_path, "import", str(out))
    assert same.stdout.startswith("house 2026: 0 added, 0 changed, 0 removed")
    file.write_text(HOUSE.replace("skill,ask", "hat,ask"))
    refused = run(monkeypatch, kernel, tmp_path, "import", str(file))
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "line 4, kind: “hat” is no kind: write skill, knowledge or group.",
        "Error: 1 of 5 rows can't be used; nothing was changed.",
    ]


def test_use_is_looked_for_wherever_something_refers_to_skills(kernel: Kernel, admin: UUID) -> None:
    bring(kernel, admin, HOUSE)
    with kernel.reading() as session:
        ids = {row.label: row.id for row in session.execute(select(Skill.label, Skill.id))}
        assert planning.in_use(session, ids.values()) == set()
    skills.has(kernel, admin, {"Listening": 1})
    skills.wants(kernel, admin, {"Labour law": 1})
    with kernel.reading() as session:
        assert planning.in_use(session, ids.values()) == {ids["Listening"], ids["Labour law"]}
        tables = {PersonSkill.__tablename__, Goal.__tablename__}
    assert tables.isdisjoint(planning.COMPUTED)
