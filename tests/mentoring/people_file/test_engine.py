"""A people file read for the matcher, and the pairs written."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from academy.bridges.people_file.engine.cells import Wrong
from academy.kernel.access import Invalid
from mentoring.people_file.engine import Crowd, Skills, cohorts_of, hours, read, table

GRAPH: Any = {"version": "t", "nodes": [["1", "Haskell", "knowledge"], ["g", "programming", "group"]], "edges": []}
SKILLS = Skills(GRAPH)
MONDAY = date(2026, 11, 30)


def crowds(*texts: str) -> list[Crowd]:
    return read([table(text.encode()) for text in texts], SKILLS, MONDAY)


def people(*texts: str) -> list[Any]:
    found = crowds(*texts)
    assert [one.problems for one in found] == [[] for _ in texts]
    return [person for one in found for person in one.people]


def problems(*texts: str) -> list[tuple[int, str, str]]:
    return [(p.line, p.column, p.sentence) for one in crowds(*texts) for p in one.problems]


def test_a_row_becomes_a_person_as_the_matcher_takes_them() -> None:
    (ana, ben) = people(
        "E-Mail,name,zone,languages,skills,goals,hours,capacity,manager\n"
        "ana@x.org,Ana,Europe/Berlin,en; Portuguese,haskell:4,,mon 9-10,3,\n"
        "ben@x.org,Ben,,en,,Haskell:2,,,ANA@x.org\n"
    )
    assert ana == {
        "id": "ana@x.org",
        "skills": [("1", 4)],
        "goals": [],
        "hours": [(480, 540)],
        "languages": ["en", "pt"],
        "utc_offset": 60,
        "manager_id": None,
        "capacity": 3,
    }
    assert (ben["manager_id"], ben["goals"], ben["capacity"], ben["utc_offset"]) == ("ana@x.org", [("1", 2)], 1, 0)
    assert ben["hours"] == [(day * 1440 + 540, day * 1440 + 1020) for day in range(5)]


def test_a_file_without_languages_rules_nobody_out_by_them_and_one_with_an_empty_cell_does() -> None:
    assert [one["languages"] for one in people("email\na@x.org\nb@x.org\n")] == [["en"], ["en"]]
    assert [one["languages"] for one in people("email,languages\na@x.org,pt\nb@x.org,\n")] == [["pt"], []]


def test_each_row_that_is_wrong_is_named_with_its_line_and_column() -> None:
    assert problems(
        "email,name,skills,hours,capacity\n"
        "a@x.org,Ana,Haskel:3,,\n"
        "b@x.org,Ben,programming:3,,\n"
        "c@x.org,Cem,Haskell:9,,\n"
        "d@x.org,Dag,,Monday,\n"
        "e@x.org,Eve,,,-1\n"
        "A@x.org,Ana,,,\n"
        ",Nobody,,,\n"
        "not an email,Fay,,,\n"
    ) == [
        (7, "email", "“A@x.org” stands on line 2 already."),
        (8, "", "This row names nobody: it has no email and no external_id."),
        (9, "email", "“not an email” is not an e-mail address such as ana@example.org."),
        (2, "skills", "“Haskel” is no skill of ESCO. Did you mean “Haskell”?"),
        (3, "skills", "“programming” is no skill of ESCO."),
        (4, "skills", "Write a level from 1 to 5 after a colon, such as “Haskell:3”."),
        (5, "hours", "“Monday” are no hours such as Mon-Fri 9-12 or Wed 14:00-16:30."),
        (6, "capacity", "“-1” is no number of places from 0 to 100."),
    ]


LONG = "9" * 5000


@pytest.mark.parametrize(
    ("column", "cell", "sentence"),
    [
        ("capacity", LONG, f"“{LONG[:20]}” is no number of places from 0 to 100."),
        ("skills", f"Haskell:{LONG}", "Write a level from 1 to 5 after a colon, such as “Haskell:3”."),
        ("goals", f"Haskell:{LONG}", "Write a level from 1 to 5 after a colon, such as “Haskell:3”."),
    ],
)
def test_a_number_of_thousands_of_digits_is_told_as_any_other_wrong_number(
    column: str, cell: str, sentence: str
) -> None:
    assert problems(f"email,{column}\na@x.org,{cell}\n") == [(2, column, sentence)]


def test_who_stands_in_both_files_is_one_person_whatever_names_her() -> None:
    found = people(
        "email,external_id,name\nana@x.org,E-1,\n,e-2,Ben\neve@x.org,,Eve\n",
        "email,external_id,name\nANA@X.org,,Ana\nben@x.org,E-2,\nmo@x.org,e-9,\n",
    )
    assert [one["id"] for one in found] == ["ana@x.org", "ben@x.org", "eve@x.org", "ana@x.org", "ben@x.org", "mo@x.org"]
    names = {"ana@x.org": "Ana", "ben@x.org": "Ben", "eve@x.org": "Eve", "mo@x.org": "mo@x.org"}
    learners, mentors = crowds(
        "email,external_id,name\nana@x.org,E-1,\n,e-2,Ben\neve@x.org,,Eve\n",
        "email,external_id,name\nANA@X.org,,Ana\nben@x.org,E-2,\nmo@x.org,e-9,\n",
    )
    assert learners.names == mentors.names == names


@pytest.mark.parametrize("named", ["mo@x.org", "MO@X.ORG", "e-7", "E-7"])
def test_a_manager_of_the_other_file_is_known_by_address_and_external_id(named: str) -> None:
    ana, mo = people(f"email,manager\nana@x.org,{named}\n", "email,external_id\nMo@x.org,E-7\n")
    assert (ana["manager_id"], mo["manager_id"]) == ("Mo@x.org", None)
    mo, ana = people("email,external_id\nMo@x.org,E-7\n", f"email,manager\nana@x.org,{named}\n")
    assert (ana["manager_id"], mo["manager_id"]) == ("Mo@x.org", None)


def test_a_manager_in_one_file_is_the_manager_in_the_other() -> None:
    found = people("email,manager\nana@x.org,mo@x.org\nmo@x.org,\n", "email\nana@x.org\n")
    assert [one["manager_id"] for one in found] == ["mo@x.org", None, "mo@x.org"]
    assert problems("email,manager\nana@x.org,mo@x.org\n", "email,manager\nbo@x.org,\nana@x.org,bo@x.org\n") == [
        (3, "manager", "This person has another manager on line 2 of the other file.")
    ]


def test_one_external_id_of_two_addresses_is_said_with_both_lines() -> None:
    said = (3, "external_id", "“E-7” stands on line 2 with another address.")
    assert problems("email,external_id\na@x.org,e-7\nb@x.org,E-7\n") == [said]
    said = (2, "external_id", "“e-7” stands on line 3 of the other file with another address.")
    assert problems("email,external_id\nc@x.org,\na@x.org,e-7\n", "email,external_id\nb@x.org,e-7\n") == [said]


def test_a_row_that_names_two_people_is_said_with_the_lines_of_both() -> None:
    assert problems("email,external_id\na@x.org,\n,e-7\n", "email,external_id\na@x.org,e-7\n") == [
        (
            2,
            "external_id",
            (
                "These are two people: the address stands on line 2 of the other file "
                "and the external id on line 3 of the other file."
            ),
        )
    ]


def test_languages_rule_nobody_out_where_one_of_two_files_has_none() -> None:
    found = people("email,languages\na@x.org,pt\n", "email\nm@x.org\n")
    assert [one["languages"] for one in found] == [["en"], ["en"]]


def test_columns_that_are_not_known_are_named() -> None:
    (crowd,) = crowds("email,langauges,role,cohort,locale,hours,,shoe size\na@x.org,pt,,,,,,44\n")
    assert crowd.unknown == ["langauges", "shoe size"]


def test_no_table_is_refused_as_a_whole() -> None:
    with pytest.raises(Invalid, match="names no column email"):
        table(b"who,what\na,b\n")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Mon-Fri 9-17", [(day, 540, 1020) for day in range(5)]),
        ("tue 9:30 - 12:00; Saturday 0-24", [(1, 570, 720), (5, 0, 1440)]),
        ("Wed–Thu 14:00–16:30", [(2, 840, 990), (3, 840, 990)]),
    ],
)
def test_hours_are_read_as_people_write_them(cell: str, found: list[tuple[int, int, int]]) -> None:
    assert hours(cell) == found


@pytest.mark.parametrize(
    "cell",
    [
        "9-17",
        "Mon",
        "Fri-Mon 9-17",
        "Mon 17-9",
        "Mon 9-25",
        "Xyz 9-10",
        "Mon 9:60-10",
        "Mon 9:99-12",
        "Mon 9-12:60",
        "m 9-10",
    ],
)
def test_hours_that_are_none_are_refused(cell: str) -> None:
    with pytest.raises(Wrong):
        hours(cell)


@given(st.integers(0, 60), st.integers(4, 20), st.randoms(use_true_random=False))
def test_cohorts_hold_every_group_once_none_too_many_and_no_more_cohorts_than_it_takes(
    count: int, size: int, chance: random.Random
) -> None:
    groups = [[f"{at}{name}" for name in "abc"[: chance.choice([2, 2, 3])]] for at in range(count)]
    everybody: Any = {
        name: {"id": name, "utc_offset": 60 * chance.randrange(3), "goals": [("1", 3)] if chance.random() < 0.5 else []}
        for group in groups
        for name in group
    }
    cohorts = cohorts_of(groups, everybody, size)
    assert sorted(at for cohort in cohorts for at in cohort) == list(range(count))
    sizes = [sum(len(groups[at]) for at in cohort) for cohort in cohorts]
    assert all(0 < one <= size for one in sizes)
    assert len(cohorts) <= 2 * -(-sum(sizes) // size)
    clocks = [min(everybody[name]["utc_offset"] for name in groups[at]) for cohort in cohorts for at in cohort]
    assert clocks == sorted(clocks)
