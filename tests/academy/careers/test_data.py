"""The built-in occupations. Every number here was counted in the source tables with awk, not with our code."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.careers import actions
from academy.careers.models import Occupation, OccupationSkill
from academy.kernel.app import Kernel
from academy.skills import queries
from academy.skills.models import Framework, Skill
from tests.factories import careers, skills

DATA = Path(__file__).resolve().parents[3] / "academy" / "careers" / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_ict_occupation_of_esco_is_there_with_the_skills_that_have_a_label() -> None:
    found = rows("esco-1.2.0-ict-occupations.csv")
    assert len(found) == 91
    assert sum(len(row["skills"].split()) for row in found) == 1_348
    assert len(next(row for row in found if row["label"] == "data scientist")["skills"].split()) == 51


def test_every_occupation_of_onet_with_something_important_is_there() -> None:
    found = {row["key"]: row for row in rows("onet-29.3-occupations.csv")}
    assert len(found) == 878
    assert sum(len(row["skills"].split()) for row in found.values()) == 19_179
    chief = dict(part.split(":") for part in found["11-1011.00"]["skills"].split())
    # Reading Comprehension 4.62: 1 + 4.62 x 4 / 7 = 3.64
    assert chief["2.A.1.a"] == "4"
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 250_000


def test_they_are_loaded_once_and_only_where_esco_is(kernel: Kernel) -> None:
    assert kernel.commit(actions.complete) is False
    skills.esco(kernel)
    assert kernel.commit(actions.complete) is True
    assert kernel.commit(actions.complete) is False
    with kernel.reading() as session:
        counted = {
            name: session.scalar(select(func.count()).select_from(table))
            for name, table in (("jobs", Occupation), ("asked", OccupationSkill))
        }
        assert counted == {"jobs": 969, "asked": 20_527}
        lines = queries.licences(session)
    assert any("O*NET 29.3 Database by the U.S. Department of Labor" in line and "CC BY 4.0" in line for line in lines)


def test_no_name_of_onet_is_another_ones(kernel: Kernel) -> None:
    careers.occupations(kernel)
    with kernel.reading() as session:
        onet = session.scalars(select(Framework.id).where(Framework.key == "onet")).one()
        names = [row.label.casefold() for row in session.execute(select(Skill.label))]
        own = [row.label.casefold() for row in session.execute(select(Skill.label).where(Skill.framework_id == onet))]
    assert len(own) == 68
    assert all(names.count(name) == 1 for name in own)


@pytest.mark.parametrize("wanted", ["data scientist", "Registered Nurses"])
def test_an_occupation_of_either_framework_is_found(kernel: Kernel, wanted: str) -> None:
    careers.occupations(kernel)
    assert careers.occupation(kernel, wanted)


def test_an_academy_that_was_set_up_before_has_them_once_it_starts(kernel: Kernel) -> None:
    skills.esco(kernel)
    with kernel.quiet("mail"):
        kernel.runner.promise()
        kernel.runner.run_due()
    assert careers.occupation(kernel, "data scientist")
