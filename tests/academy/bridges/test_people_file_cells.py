"""A people file as text: what is read, and out and in again without a difference."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from academy.bridges.people_file import actions
from academy.bridges.people_file.engine import sheets
from academy.kernel.access import Invalid
from academy.kernel.app import Kernel
from academy.people.models import Person
from tests.academy.bridges.filing import export, plan, said, sheet_of
from tests.factories import people, skills


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


@pytest.mark.parametrize("column", ["skills", "goals"])
def test_a_level_of_thousands_of_digits_is_told_as_any_other_wrong_level(
    kernel: Kernel, admin: UUID, column: str
) -> None:
    skills.esco(kernel)
    found = plan(kernel, admin, f"email,name,{column}\na@example.org,Ana,Haskell:{'1' * 5000}\n")
    assert said(found) == [(2, column, "Write a level from 1 to 5 after a colon, such as “Haskell:3”.")]


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
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "'=1",
        "''",
        "'",
        "-",
        "'-",
        "=cmd|' /C calc'!A0",
        "＝1",
        "\t=1",
        '"',
        ";",
        "a;b",
        "a;=1",
        "a; =1",
    ]
)


@given(cells)
def test_a_defused_cell_runs_nowhere_and_comes_back_as_it_was(cell: str) -> None:
    out = sheets.defused(cell)
    assert sheets.undone(out) == cell
    for seen in (out, *out.replace("\t", ";").split(";")):
        assert seen.strip(" ")[:1] not in "=+-@\r\n＝＋－＠" or not seen.strip(" ")


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
