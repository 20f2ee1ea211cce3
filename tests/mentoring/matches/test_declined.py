"""Why offers are declined: admins read it late, without names, and only once several people have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.kernel import clock
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from mentoring.matches.models import Match, MatchPerson, Offer, OfferState
from mentoring.person_data import actions
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
    cards = re.findall(r'<h3 id="m-\d+">(.*?)</h3>.*?<ul class="list">(.*?)</ul>', page.text, re.DOTALL)
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


def erase(kernel: Kernel, person: UUID) -> None:
    kernel.commit(lambda s: actions.erase_matches(s, person))


@pytest.mark.parametrize("who", ["mentor", "learner"])
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_an_erasure_tells_nobody_whose_reason_is_missing(kernel: Kernel, client_of: ClientOf, who: str) -> None:
    declining = Declining(kernel)
    admin = declining.world.admin
    for mentor, (month, reason) in enumerate(((1, "One"), (1, "Two"), (2, "Three"), (3, "Four"))):
        declining.decline(mentor, month, reason)
    assert read(client_of, admin, 5) == [("January 2036 – February 2036", ["One", "Three", "Two"])]
    with kernel.reading() as session:
        both = select(MatchPerson.person_id).where(MatchPerson.match_id == declining.offers[0].match_id)
        people = {"mentor": declining.mentors[0]}
        people["learner"] = session.scalars(both.where(MatchPerson.person_id != people["mentor"])).one()
    erase(kernel, people[who])
    assert read(client_of, admin, 5) == [], "neither less of it, nor what waited, in another run of months"
    with kernel.reading() as session:
        kept = session.get_one(Offer, declining.offers[0].id)
        match = session.get_one(Match, kept.match_id)
        assert (kept.reason, match.score, match.parts, match.facts) == ("", 0, [], [])
        assert session.scalars(both).all() == []
        assert session.scalars(select(MatchPerson).where(MatchPerson.person_id == people[who])).all() == []
    client = client_of(declining.mentors[0])
    assert client.get("/offers").status_code == 200
    assert client.get(f"/offers/{encode(kept.id)}").status_code == 404
    lead = client_of(declining.world.lead)
    assert lead.get(f"/groups/{encode(declining.world.cohort)}/matches?kind=mentorship").status_code == 200


def test_reasons_are_told_for_five_years_and_runs_stay_what_they_were(
    declining: Declining, client_of: ClientOf
) -> None:
    admin = declining.world.admin
    for mentor, reason in enumerate(("One", "Two", "Three")):
        declining.decline(mentor, 3, reason)
    for year, told in ((2041, 1), (2042, 0)):
        with clock.travel(datetime(year, 2, 15, tzinfo=UTC)):
            assert client_of(admin).get("/admin/declined").text.count("<li>Two</li>") == told
