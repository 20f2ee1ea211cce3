"""What an academy needs: said by its lead, beside everybody's own goals, in numbers that name nobody."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.careers import actions
from academy.careers.queries import needs
from academy.kernel import clock
from academy.kernel.access import Invalid, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.neighbours.models import GraphState, SkillNeighbour
from academy.neighbours.queries import WALK
from academy.people.models import Role
from tests.academy.careers.conftest import North
from tests.factories import careers, people, skills

Clients = Callable[[UUID], FlaskClient]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def ways(kernel: Kernel, person: UUID) -> list[tuple[str, str]]:
    with kernel.reading() as session:
        _, found = needs.sides_for(session, people.viewer(kernel, person))
    return [(way.start, way.need.label) for way in found.overlap]


def test_changing_a_need_or_a_goal_orders_the_ways_anew_at_once(kernel: Kernel, north: North) -> None:
    skills.wants(kernel, north.ana, {"moderate a discussion": 3, "resolve conflicts": 4})
    careers.need(kernel, north.lead, north.academy, "online moderation techniques", 3, 9)
    assert ways(kernel, north.ana) == [("moderate a discussion", "online moderation techniques")]
    careers.need(kernel, north.lead, north.academy, "resolve conflicts", 4, 1)
    careers.need(kernel, north.lead, north.academy, "carry out forum moderation", 3, 20)
    assert ways(kernel, north.ana) == [
        ("resolve conflicts", "resolve conflicts"),
        ("moderate a discussion", "carry out forum moderation"),
        ("moderate a discussion", "online moderation techniques"),
    ]
    careers.need(kernel, north.lead, north.academy, "carry out forum moderation", 3, 2)
    assert ways(kernel, north.ana)[1] == ("moderate a discussion", "online moderation techniques")
    skills.wants(kernel, north.ana, {"online moderation techniques": 3})
    assert ways(kernel, north.ana)[:2] == [
        ("online moderation techniques", "online moderation techniques"),
        ("resolve conflicts", "resolve conflicts"),
    ]


@BOTH
def test_the_page_shows_overlap_and_conflict_and_names_the_way(
    kernel: Kernel, north: North, client_of: Clients
) -> None:
    skills.has(kernel, north.ana, {"support ICT system users": 4})
    skills.wants(kernel, north.ana, {"moderate a discussion": 3, "lead others": 3})
    careers.need(kernel, north.lead, north.academy, "online moderation techniques")
    careers.need(kernel, north.lead, north.academy, "identify ICT user needs")
    page = client_of(north.ana).get("/needs").text
    assert "“online moderation techniques” is part of “moderate a discussion”" in page
    assert "“identify ICT user needs” is part of “support ICT system users”" in page
    own = page[page.index("Goals of your own") :]
    assert "lead others" in own
    assert "moderate a discussion" not in own


def test_needs_of_another_academy_are_not_ones_own(kernel: Kernel, north: North) -> None:
    other = people.group(kernel, "academy", "South Academy")
    lead2 = people.member(kernel, other, people.person(kernel, "Lead Two"), Role.LEAD)
    careers.need(kernel, lead2, other, "show empathy")
    with kernel.reading() as session:
        assert needs.needs_for(session, people.viewer(kernel, north.ana)) == []
        assert len(needs.needs_for(session, people.viewer(kernel, lead2))) == 1
        with pytest.raises(Missing):
            needs.settled_for(session, people.viewer(kernel, north.lead), other)


@pytest.mark.parametrize("who", ["ana", "mentor", "facilitator", "boss", "stranger"])
def test_only_leads_and_admins_say_what_is_needed(kernel: Kernel, north: North, who: str) -> None:
    with pytest.raises((Missing, Refused)):
        careers.need(kernel, getattr(north, who), north.academy, "show empathy")


def test_a_cohort_has_no_needs_of_its_own(kernel: Kernel, north: North) -> None:
    with pytest.raises(Missing):
        careers.need(kernel, north.lead, north.cohort, "show empathy")


@BOTH
def test_people_are_counted_in_fives_and_fewer_are_not_told(kernel: Kernel, north: North, client_of: Clients) -> None:
    skill = careers.need(kernel, north.lead, north.academy, "show empathy", 3)
    for number in range(6):
        who = people.member(kernel, north.cohort, people.person(kernel, f"Person {number}"), Role.LEARNER)
        if number < 4:
            skills.has(kernel, who, {"show empathy": 3})
        skills.wants(kernel, who, {"show empathy": 5})
    skills.has(kernel, north.stranger, {"show empathy": 5})

    def counted() -> tuple[int, int]:
        with kernel.reading() as session:
            _, lines = needs.settled_for(session, people.viewer(kernel, north.admin), north.academy)
        return lines[0].have, lines[0].want

    assert counted() == (0, 5)
    assert (
        "Have it at this level: fewer than 5 people. Want to learn it: at least 5."
        in client_of(north.lead).get(f"/academies/{encode(north.academy)}/needs").text
    )
    skills.has(kernel, north.ben, {"show empathy": 4})
    assert counted() == (5, 5)
    kernel.commit(
        lambda s: actions.drop_need(s, viewer=people.viewer(kernel, north.lead), group_id=north.academy, skill_id=skill)
    )
    with kernel.reading() as session:
        assert needs.needs_for(session, people.viewer(kernel, north.ana)) == []


def test_a_number_that_is_none_is_said_and_what_was_typed_is_kept(
    kernel: Kernel, north: North, client_of: Clients
) -> None:
    skill = careers.need(kernel, north.lead, north.academy, "show empathy", 3)
    answer = client_of(north.lead).post(
        f"/academies/{encode(north.academy)}/needs", data={"skill_id": encode(skill), "level": "3", "people": "-2"}
    )
    assert answer.status_code == 422
    assert 'value="-2"' in answer.text
    with pytest.raises(Invalid):
        careers.need(kernel, north.lead, north.academy, "show empathy", 3, 0)


def test_a_way_over_the_nearest_skills_is_named_link_by_link(kernel: Kernel, north: North, client_of: Clients) -> None:
    ids = {label: skills.skill(kernel, label) for label in ("show empathy", "advise others", "moderate a discussion")}
    start, middle, end = ids["show empathy"], ids["advise others"], ids["moderate a discussion"]
    way = [[str(middle), "advise others", "together", False], [str(end), "moderate a discussion", "optional", True]]
    skills.wants(kernel, north.ana, {"show empathy": 4})
    careers.need(kernel, north.lead, north.academy, "moderate a discussion")
    kept = {"position": 1, "near_id": end, "nearness": 40_000, "way": way}
    kernel.commit(lambda s: s.add(SkillNeighbour(skill_id=start, walk="w", **kept)))
    assert ways(kernel, north.ana) == []
    kernel.commit(lambda s: s.add(GraphState(name=WALK, version="w", at=clock.now())))
    page = client_of(north.ana).get("/needs").text
    assert "“show empathy” and “advise others” go together here; " in page
    assert "“advise others” helps with “moderate a discussion”" in page
