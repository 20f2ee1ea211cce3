"""Whom one may meet, a page at a time, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import GroupKind, Role
from cohorts.home import queries
from tests.factories import people

Client = Callable[[UUID], FlaskClient]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def met(kernel: Kernel, viewer: object, **asked: object) -> list[list[str]]:
    """Return the names of all pages."""
    pages, after = [], None
    with kernel.reading() as session:
        while True:
            found, after = queries.neighbours_for(session, viewer, after=after, **asked)
            pages.append([n.face.name for n in found])
            if after is None:
                return pages


def test_many_people_come_in_pages_each_once_and_in_order(kernel: Kernel) -> None:
    group = people.group(kernel, GroupKind.COHORT, "Cohort")
    ana = people.person(kernel, "Ana")
    people.member(kernel, group, ana, Role.LEARNER)
    names = [f"Person {n // 3:03}" for n in range(130)]  # three of each name
    for name in names:
        people.member(kernel, group, people.person(kernel, name), Role.LEARNER)
    pages = met(kernel, people.viewer(kernel, ana))
    assert [len(page) for page in pages] == [30, 30, 30, 30, 10]
    assert [name for page in pages for name in page] == names


def test_a_name_is_found_by_any_part_of_it_and_no_mark_stands_for_others(kernel: Kernel) -> None:
    group = people.group(kernel, GroupKind.COHORT, "Cohort")
    ana = people.person(kernel, "Ana")
    people.member(kernel, group, ana, Role.LEARNER)
    for name in ("\u00c9mile Dubois", "Ben Under_score", "Cyd Percent%age"):
        people.member(kernel, group, people.person(kernel, name), Role.LEARNER)
    stranger = people.person(kernel, "\u00c9mile Elsewhere")
    assert stranger
    viewer = people.viewer(kernel, ana)
    found = {wanted: met(kernel, viewer, wanted=wanted)[0] for wanted in ("DUB", "\u00c9mile", "_", "%", "/", "zzz")}
    assert found == {
        "DUB": ["\u00c9mile Dubois"],
        "\u00c9mile": ["\u00c9mile Dubois"],
        "_": ["Ben Under_score"],
        "%": ["Cyd Percent%age"],
        "/": [],
        "zzz": [],
    }


def test_whoever_speaks_a_language_that_no_page_is_written_in_has_a_page(kernel: Kernel, client_of: Client) -> None:
    group = people.group(kernel, GroupKind.COHORT, "Cohort")
    ana, ben = (people.member(kernel, group, people.person(kernel, name)) for name in ("Ana", "Ben"))
    kernel.commit(lambda s: people_actions.set_languages(s, person_id=ben, languages=["akk", "zh-Hans", "xx"]))
    page = client_of(ana).get(f"/people/{encode(ben)}")
    assert page.status_code == 200
    assert "Akkadian" in page.text
    assert "Simplified Chinese" in page.text
