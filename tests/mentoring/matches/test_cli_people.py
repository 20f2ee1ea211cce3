"""`academy match people`: a spreadsheet in, explained pairs out, no database."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mentoring.matches import cli

PEOPLE = (
    "email,name,zone,languages,skills,goals,hours,manager\n"
    "ana@x.org,Ana,Europe/Lisbon,en; pt,Haskell:4,SQL:3,,\n"
    "ben@x.org,Ben,Europe/Berlin,en,SQL:4,Haskell:3,,\n"
    "eve@x.org,Eve,Europe/Lisbon,en,,Haskell:2,,\n"
    "ida@x.org,=Ida,Europe/Lisbon,en,,Haskell:2,,eve@x.org\n"
    "olu@x.org,Olu,Europe/Lisbon,is,,Haskell:2,,\n"
)
MENTORS = "email,name,languages,skills,capacity\nmo@x.org,Mo,en,Haskell:4,2\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "mentors.csv").write_text(MENTORS)
    return tmp_path


def people(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.match, ["people", *map(str, arguments), "--week", "2026-12-02"])


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def test_buddies_are_written_with_their_reasons_and_who_is_left_with_hers(files: Path) -> None:
    ran = people(files / "people.csv", "-o", files / "pairs.csv")
    assert (ran.exit_code, ran.output) == (
        0,
        "4 placed; nothing is better. 1 could not be placed; the last rows say why.\n",
    )
    written = rows(files / "pairs.csv")
    pairs = {frozenset((one["first"], one["second"])) for one in written[:2] if one["as"] == "buddies"}
    assert frozenset.union(*pairs) == {"ana@x.org", "ben@x.org", "eve@x.org", "ida@x.org"}
    assert frozenset(("eve@x.org", "ida@x.org")) not in pairs  # one is the other's manager
    assert all(one["why"] and float(one["score"]) > 0 for one in written[:2])
    assert (written[2]["as"], written[2]["first"]) == ("not placed", "olu@x.org")
    assert "share no language" in written[2]["why"]
    assert "'=Ida" in {one["first_name"] for one in written} | {one["second_name"] for one in written}


def test_mentors_take_as_many_as_they_have_places(files: Path) -> None:
    ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / "pairs.csv")
    assert ran.exit_code == 0
    written = rows(files / "pairs.csv")
    assert [one["as"] for one in written] == ["mentor", "mentor", "not placed", "not placed", "not placed"]
    assert {one["second"] for one in written[:2]} == {"mo@x.org"}
    assert all("Mo has Haskell 4" in one["why"] for one in written[:2] if one["first"] != "ana@x.org")


def test_pairs_are_put_into_cohorts(files: Path) -> None:
    assert people(files / "people.csv", "--cohort-size", "4", "-o", files / "pairs.csv").exit_code == 0
    assert [one["cohort"] for one in rows(files / "pairs.csv")] == ["1", "1", ""]
    ran = people(files / "people.csv", "--cohort-size", "4", "--mentors", files / "mentors.csv", "-o", files / "no.csv")
    assert (ran.exit_code, ran.output.count("\n")) == (2, 1)


def test_every_wrong_row_is_said_and_nothing_is_written(files: Path) -> None:
    (files / "people.csv").write_text(PEOPLE + "ola@x.org,Ola,Nowhere,en,,,,\npia@x.org,Pia,,xx-yy-zz,,,,\n")
    ran = people(files / "people.csv", "-o", files / "pairs.csv")
    assert ran.exit_code == 2
    said = ran.output.splitlines()
    assert "line 7, zone: “Nowhere” is no time zone" in said[0]
    assert "line 8, languages:" in said[1]
    assert said[2].endswith("2 rows can't be used, so nothing was matched.")
    assert not (files / "pairs.csv").exists()


@pytest.mark.parametrize("text", ["", "who\nana\n", "email\n\xff"])
def test_a_file_without_a_table_gets_one_line(files: Path, text: str) -> None:
    (files / "people.csv").write_bytes(text.encode("latin-1"))
    ran = people(files / "people.csv", "-o", files / "pairs.csv")
    assert (ran.exit_code, ran.output.count("\n")) == (2, 1)


def test_the_same_file_in_another_order_gives_the_same_pairs(files: Path) -> None:
    head, *lines = PEOPLE.splitlines(keepends=True)
    (files / "turned.csv").write_text(head + "".join(reversed(lines)))
    for name in ("people", "turned"):
        assert people(files / f"{name}.csv", "-o", files / f"{name}-pairs.csv").exit_code == 0
    assert (files / "people-pairs.csv").read_text() == (files / "turned-pairs.csv").read_text()
