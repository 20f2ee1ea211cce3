"""`academy match people`: a spreadsheet in, explained pairs out, no database."""

from __future__ import annotations

import csv
import io
import random
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from academy.skills.engine import built_in
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
def test_a_file_without_a_table_gets_one_line_about_the_file_alone(files: Path, text: str) -> None:
    (files / "people.csv").write_bytes(text.encode("latin-1"))
    ran = people(files / "people.csv", "-o", files / "pairs.csv")
    assert (ran.exit_code, ran.output.count("\n")) == (2, 1)
    assert "changed" not in ran.output
    assert "again" not in ran.output


@pytest.mark.parametrize("empty", ["people", "mentors"])
def test_a_file_of_nobody_is_told_kindly(files: Path, empty: str) -> None:
    file = files / f"{empty}.csv"
    file.write_text("email,name\n,\n\n")
    ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / "pairs.csv")
    assert (ran.exit_code, ran.output) == (
        2,
        f"Error: {file}: Nobody is in this file: write a row for each person under the first line.\n",
    )
    assert not (files / "pairs.csv").exists()


def test_columns_that_are_not_known_are_named_one_a_line_and_left_alone(files: Path) -> None:
    (files / "people.csv").write_text("email,langauges,role,shoe\nana@x.org,fi,,44\nben@x.org,en,,39\n")
    ran = people(files / "people.csv", "-o", files / "pairs.csv")
    assert (ran.exit_code, ran.stdout) == (0, "")
    assert ran.stderr == (
        f"{files / 'people.csv'}: The column “langauges” is not known; it is left alone.\n"
        f"{files / 'people.csv'}: The column “shoe” is not known; it is left alone.\n"
        "2 placed; nothing is better.\n"
    )


def test_wrong_rows_of_both_files_are_said_at_once(files: Path) -> None:
    (files / "people.csv").write_text("email,external_id\nana@x.org,7\n")
    (files / "mentors.csv").write_text("email,external_id,capacity\nmo@x.org,7,2\nnobody,,1\nbo@x.org,,none\n")
    ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / "pairs.csv")
    mentors = files / "mentors.csv"
    assert (ran.exit_code, ran.output.splitlines()) == (
        2,
        [
            f"{mentors}, line 2, external_id: “7” stands on line 2 of the other file with another address.",
            f"{mentors}, line 3, email: “nobody” is not an e-mail address such as ana@example.org.",
            f"{mentors}, line 4, capacity: “none” is no number of places from 0 to 100.",
            f"Error: {mentors}: 3 rows can't be used, so nothing was matched.",
        ],
    )


MATCHED = "email,external_id,skills,goals,manager\n"


def test_the_heaviest_pair_is_not_made_where_one_manages_the_other(files: Path) -> None:
    rest = "cy@x.org,,,,\ndi@x.org,,,,\n"
    ben = "ben@x.org,,SQL:5,Haskell:4,\n"
    for manager, together in (("", True), ("Ben@X.org", False)):
        (files / "people.csv").write_text(f"{MATCHED}ana@x.org,,Haskell:5,SQL:4,{manager}\n{ben}{rest}")
        ran = people(files / "people.csv", "-o", files / "pairs.csv")
        assert ran.output == "4 placed; nothing is better.\n"
        scores = {frozenset((one["first"], one["second"])): float(one["score"]) for one in rows(files / "pairs.csv")}
        assert (frozenset(("ana@x.org", "ben@x.org")) in scores) is together
        if together:
            assert max(scores, key=lambda pair: scores[pair]) == frozenset(("ana@x.org", "ben@x.org"))


@pytest.mark.parametrize("named", ["boss@x.org", "Boss@X.org", "7", "e-7"])
def test_nobody_gets_her_manager_as_a_mentor_however_the_files_name_him(files: Path, named: str) -> None:
    (files / "people.csv").write_text(f"{MATCHED}ana@x.org,1,,Haskell:4,{named}\nben@x.org,2,,Haskell:4,\n")
    external = "E-7" if named == "e-7" else "7"
    (files / "mentors.csv").write_text(
        f"email,external_id,skills,capacity\nboss@x.org,{external},Haskell:5,2\nmo@x.org,8,,2\n"
    )
    ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / "pairs.csv")
    assert ran.output == "2 placed; nothing is better.\n"
    found = {one["first"]: one["second"] for one in rows(files / "pairs.csv")}
    assert found == {"ana@x.org": "mo@x.org", "ben@x.org": "boss@x.org"}


@pytest.mark.parametrize("again", ["ana@x.org,", "ANA@x.org,", "ana@x.org,E-1", ",e-1"])
def test_somebody_in_both_files_mentors_others_and_never_herself(files: Path, again: str) -> None:
    (files / "people.csv").write_text(f"{MATCHED}ana@x.org,e-1,Haskell:5,SQL:3,\nben@x.org,2,,Haskell:4,\n")
    (files / "mentors.csv").write_text(f"email,external_id,name,skills,capacity\n{again},Ana,Haskell:5;SQL:5,2\n")
    ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / "pairs.csv")
    assert ran.output == "1 placed; nothing is better. 1 could not be placed; the last rows say why.\n"
    made, left = rows(files / "pairs.csv")
    assert (made["first"], made["second"], made["second_name"]) == ("ben@x.org", "ana@x.org", "Ana")
    assert (left["as"], left["first"], left["first_name"]) == ("not placed", "ana@x.org", "Ana")


def test_a_budget_bounds_the_search_for_trios(files: Path) -> None:
    chance = random.Random(1)
    labels = [label for _, label, kind in built_in()["nodes"] if kind != "group" and not set(label) & set(";:,")][:400]

    def some(count: int) -> str:
        return "; ".join(f"{label}:{chance.randint(1, 5)}" for label in chance.sample(labels, count))

    lines = [f"p{at}@x.org,{some(4)},{some(3)},Mon-Fri {chance.randint(6, 12)}-17\n" for at in range(151)]
    (files / "people.csv").write_text("email,skills,goals,hours\n" + "".join(lines))
    said = [
        people(files / "people.csv", "--budget", seconds, "-o", files / "pairs.csv").output
        for seconds in ("0.1", "120")
    ]
    assert re.fullmatch(r"151 placed; nearly the best(: at most 0\.\d\d % are missing)?\.\n", said[0])
    assert "0.00 %" not in said[0]
    assert said[1] == "151 placed; nothing is better.\n"


def test_the_pairs_are_never_written_over_the_people(files: Path) -> None:
    for name in ("people.csv", "mentors.csv"):
        ran = people(files / "people.csv", "--mentors", files / "mentors.csv", "-o", files / name)
        assert (ran.exit_code, ran.output) == (
            2,
            f"Error: {files / name}: is read as well; give the answer a file of its own.\n",
        )
    assert ((files / "people.csv").read_text(), (files / "mentors.csv").read_text()) == (PEOPLE, MENTORS)


def test_the_same_file_in_another_order_gives_the_same_pairs(files: Path) -> None:
    head, *lines = PEOPLE.splitlines(keepends=True)
    (files / "turned.csv").write_text(head + "".join(reversed(lines)))
    for name in ("people", "turned"):
        assert people(files / f"{name}.csv", "-o", files / f"{name}-pairs.csv").exit_code == 0
    assert (files / "people-pairs.csv").read_text() == (files / "turned-pairs.csv").read_text()
