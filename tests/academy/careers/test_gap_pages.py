"""The gap to goals and to a target role, found by name and chosen."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.careers.queries import gaps
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.skills import queries as skill_queries
from tests.academy.careers.conftest import North
from tests.factories import careers, skills

Clients = Callable[[UUID], FlaskClient]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def test_a_gap_is_target_minus_current_for_each_goal(kernel: Kernel, north: North) -> None:
    skills.has(kernel, north.ana, {"show empathy": 2, "lead others": 4})
    skills.wants(kernel, north.ana, {"show empathy": 5, "lead others": 3, "resolve conflicts": 4})
    with kernel.reading() as session:
        found = gaps.gaps_of(session, north.ana)
    assert [(gap.label, gap.remaining, gap.source) for gap in found.goals] == [
        ("resolve conflicts", 4, ""),
        ("show empathy", 3, "self"),
        ("lead others", 0, "self"),
    ]
    assert found.target is None


@BOTH
def test_a_target_role_is_found_chosen_and_its_largest_gaps_become_goals(
    kernel: Kernel, north: North, client_of: Clients
) -> None:
    ana = client_of(north.ana)
    assert "ICT help desk agent" in ana.get("/occupations?q=help+desk").text
    assert "Did you mean one of these?" in ana.get("/occupations?q=data+sientist").text
    job = careers.occupation(kernel, "ICT help desk agent")
    skills.has(kernel, north.ana, {"provide ICT support": 2})
    page = ana.get(f"/occupations/{encode(job)}").text
    assert "It asks for 6 skills." in page
    assert "You are at 2 of 3: one level to go" in page
    answer = ana.post("/me/target", data={"occupation_id": encode(job)}, follow_redirects=True)
    assert "16 levels to go, over 6 skills." in answer.text  # 5 x 3 + 1
    assert "See your gap" in ana.get(f"/occupations/{encode(job)}").text
    answer = ana.post("/me/target/goals", follow_redirects=True)
    assert "5 goals are new." in answer.text
    answer = ana.post("/me/target/goals", follow_redirects=True)
    assert "One goal is new." in answer.text or "1 goal is new." in answer.text
    assert "Nothing was left to make a goal of." in ana.post("/me/target/goals", follow_redirects=True).text
    with kernel.reading() as session:
        wanted = skill_queries.goals_of(session, [north.ana])[north.ana]
    assert {goal.level for goal in wanted} == {3}
    assert len(wanted) == 6
    ana.post("/me/target/remove")
    page = ana.get("/skills/gap").text
    assert "A target role is a job whose skills you want to have." in page
    assert "provide ICT support" in page


def test_new_evidence_shrinks_the_gap_at_once(kernel: Kernel, north: North, client_of: Clients) -> None:
    skills.wants(kernel, north.ana, {"show empathy": 4})
    ana = client_of(north.ana)
    assert "Level 4 is asked for; you have not named it yet" in ana.get("/skills/gap").text
    skills.has(kernel, north.ana, {"show empathy": 3}, source="evidence")
    assert "You are at 3 of 4: one level to go" in ana.get("/skills/gap").text
    assert "Your work shows 3." in ana.get("/skills/gap").text


@pytest.mark.parametrize("who", ["ben", "boss", "admin", "stranger"])
def test_a_gap_is_not_shown_to_whom_it_is_not_for(north: North, client_of: Clients, who: str) -> None:
    assert client_of(getattr(north, who)).get(f"/people/{encode(north.ana)}/gap").status_code == 404


def test_the_person_sees_that_their_gap_was_shown(north: North, client_of: Clients) -> None:
    assert client_of(north.facilitator).get(f"/people/{encode(north.ana)}/gap").status_code == 200
    assert "Your goals, your target role and how far you are" in client_of(north.ana).get("/me/data").text


def test_the_page_of_ones_own_gap_leads_home(north: North, client_of: Clients) -> None:
    assert client_of(north.ana).get(f"/people/{encode(north.ana)}/gap").location == "/skills/gap"


def test_the_rule_stands_on_the_page_with_what_each_side_counts(north: North, client_of: Clients) -> None:
    page = client_of(north.ana).get("/skills/gap").text
    assert "What is older than two years counts half." in page
    assert "an assessment" in page


@pytest.mark.parametrize("typed", ["%00", "x" * 5000, "%25%25", "<script>alert(1)</script>"])
def test_hostile_words_are_words(north: North, client_of: Clients, typed: str) -> None:
    answer = client_of(north.ana).get("/occupations", query_string={"q": typed})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
