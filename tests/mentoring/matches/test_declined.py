"""Why offers are declined: admins read it late, without names, and only once several people have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from academy.kernel import clock
from academy.kernel.app import Kernel
from mentoring.matches.models import Offer, OfferState
from tests.factories import mentoring as make

ClientOf = Callable[[UUID], FlaskClient]


class Declining:
    """An academy in which mentors were asked; they decline when and as a test says."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.world = kernel, make.world(kernel)
        for number in range(4):
            make.learner(self.world, f"Learner {number}")
        self.mentors = [make.mentor(self.world, f"Mentor {number}") for number in range(4)]
        make.published(self.world, "mentorship")
        self.offers = [make.offers_to(self.world, mentor)[0] for mentor in self.mentors]

    def decline(self, mentor: int, month: int, reason: str, *, day: int = 10) -> None:
        values = {"state": OfferState.DECLINED, "reason": reason, "answered_at": datetime(2036, month, day, tzinfo=UTC)}
        offer = self.offers[mentor].id
        self.kernel.commit(lambda s: s.execute(update(Offer).where(Offer.id == offer).values(**values)) and None)


@pytest.fixture
def declining(kernel: Kernel) -> Declining:
    return Declining(kernel)


def read(client_of: ClientOf, admin: UUID, month: int) -> list[tuple[str, list[str]]]:
    """Return what the page shows in the middle of a month: each card's months and its reasons."""
    with clock.travel(datetime(2036, month, 15, tzinfo=UTC)):
        page = client_of(admin).get("/admin/declined")
    assert page.status_code == 200
    cards = re.findall(r'<h2 id="m-\d+">(.*?)</h2>.*?<ul class="list">(.*?)</ul>', page.text, re.DOTALL)
    return [(months, re.findall(r"<li>(.*?)</li>", found, re.DOTALL)) for months, found in cards]


def test_fewer_than_three_people_are_not_told_of_and_wait_for_a_later_month(
    declining: Declining, client_of: ClientOf
) -> None:
    admin = declining.world.admin
    declining.decline(0, 1, "Too many <hours>")
    declining.decline(1, 1, "another skill")
    assert read(client_of, admin, 2) == []
    declining.decline(2, 2, "On leave")
    assert read(client_of, admin, 3) == [
        ("January 2036 – February 2036", ["another skill", "On leave", "Too many &lt;hours&gt;"])
    ]


def test_a_month_that_is_not_over_shows_nothing_of_itself(declining: Declining, client_of: ClientOf) -> None:
    admin = declining.world.admin
    for mentor, reason in enumerate(("One", "Two", "Three")):
        declining.decline(mentor, 3, reason)
    before = read(client_of, admin, 3)
    assert before == []
    assert read(client_of, admin, 4) == [("March 2036", ["One", "Three", "Two"])]
    declining.decline(3, 4, "Mine alone")
    assert read(client_of, admin, 5) == [("March 2036", ["One", "Three", "Two"])]  # nobody sees one person's words come


def test_three_reasons_of_one_person_are_one_person(declining: Declining, client_of: ClientOf) -> None:
    admin = declining.world.admin
    for number, reason in enumerate(("Once", "Twice", "Thrice")):
        declining.decline(number, 1, reason)
    theirs = [offer.id for offer in declining.offers[:3]]
    one = declining.mentors[0]
    declining.kernel.commit(
        lambda s: s.execute(update(Offer).where(Offer.id.in_(theirs)).values(person_id=one)) and None
    )
    assert read(client_of, admin, 2) == []


def test_nobody_is_named_and_nobody_but_an_admin_reads_it(declining: Declining, client_of: ClientOf) -> None:
    for mentor, reason in enumerate(("One", "Two", "")):
        declining.decline(mentor, 1, reason)
    declining.decline(3, 1, "Four")
    with clock.travel(datetime(2036, 2, 15, tzinfo=UTC)):
        page = client_of(declining.world.admin).get("/admin/declined").text
        assert "Four" in page
        assert "Mentor 3" not in page
        assert "Learner" not in page
        for person in (declining.world.lead, declining.mentors[0]):
            assert client_of(person).get("/admin/declined").status_code == 404
        assert 'href="/admin/declined"' in client_of(declining.world.admin).get("/admin").text
