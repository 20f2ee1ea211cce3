"""A person's own map: what they have, what they want, the ways between; theirs alone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.skills.models import Skill
from tests.factories import people, skills


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    skills.esco(kernel)
    return people.person(kernel, "Ana")


def test_the_map_is_drawn_and_said_in_words(
    kernel: Kernel, ana: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    skills.has(kernel, ana, {"Haskell": 4, "show empathy": 3})
    skills.wants(kernel, ana, {"Python (computer programming)": 3, "Haskell": 5, "show empathy": 2})
    page = client_of(ana).get("/skills/map").text
    drawing = page[page.index('<svg class="map"') : page.index("</svg>", page.index('<svg class="map"'))]
    assert 'role="img"' in drawing
    assert "with the ways to 2 goals" in drawing
    assert ">Haskell</tspan>" in drawing
    assert ">Python (computer</tspan>" in drawing
    assert "You have it at level 4 and want level 5." in page
    assert "2 steps from what you can do, to level 3:" in page
    assert "is part of <a" in page
    assert "includes <a" in page
    assert "Goals you have reached" in page
    assert drawing in client_of(ana).get("/skills/map").text


def test_whoever_has_named_nothing_is_told_what_to_do(ana: UUID, client_of: Callable[[UUID], FlaskClient]) -> None:
    page = client_of(ana).get("/skills/map").text
    assert "Name your skills and goals" in page
    assert '<svg class="map"' not in page


def test_without_a_goal_the_map_shows_what_one_can_do(
    kernel: Kernel, ana: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    skills.has(kernel, ana, {"Haskell": 4})
    page = client_of(ana).get("/skills/map").text
    assert "You have no open goal." in page
    assert ">Haskell</tspan>" in page


def test_a_map_is_nobody_elses(kernel: Kernel, ana: UUID, client_of: Callable[[UUID], FlaskClient]) -> None:
    skills.has(kernel, ana, {"Haskell": 4})
    assert "Haskell" not in client_of(people.person(kernel, "Ben")).get("/skills/map").text


def test_many_goals_are_listed_and_the_nearest_drawn(
    kernel: Kernel, ana: UUID, client_of: Callable[[UUID], FlaskClient]
) -> None:
    with kernel.reading() as session:
        some = select(Skill.label).where(Skill.kind != "group").order_by(Skill.key).limit(12)
        names = session.scalars(some).all()
    skills.has(kernel, ana, {"Haskell": 4})
    skills.wants(kernel, ana, dict.fromkeys(names, 3))
    page = client_of(ana).get("/skills/map").text
    assert "The nearest 8 of your goals are drawn" in page
    assert page.count("to level 3:") + page.count("No short way leads there") == 12
