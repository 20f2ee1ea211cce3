"""Saying at which level somebody else is: who may, who sees what, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.careers import actions
from academy.careers.queries import gaps, standing
from academy.kernel.access import Missing
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people import actions as people_actions
from academy.people.models import Role
from tests.academy.careers.conftest import North
from tests.factories import people, skills

Clients = Callable[[UUID], FlaskClient]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.mark.parametrize(
    ("who", "source", "sees"),
    [
        ("mentor", "mentor", True),
        ("ben", "peer", False),
        ("boss", "manager", False),
        ("lead", None, True),
        ("facilitator", None, True),
        ("admin", None, False),
        ("stranger", None, False),
    ],
)
def test_each_states_from_their_own_side_and_sees_the_gap_as_the_table_of_roles_says(
    kernel: Kernel, north: North, who: str, source: str | None, sees: bool
) -> None:
    with kernel.reading() as session:
        found = standing.standing_for(session, people.viewer(kernel, getattr(north, who)), north.ana)
    assert (found.source, found.sees_gap) == (source, sees)


def test_somebody_is_their_own_and_a_learner_no_mentor_of_their_mentor(kernel: Kernel, north: North) -> None:
    with kernel.reading() as session:
        with pytest.raises(Missing):
            standing.standing_for(session, people.viewer(kernel, north.ana), north.ana)
        assert standing.standing_for(session, people.viewer(kernel, north.ana), north.mentor).source is None


def test_a_pair_that_has_ended_lets_nobody_speak(kernel: Kernel, north: North) -> None:
    skill = skills.skill(kernel, "show empathy")
    said = {"person_id": north.ana, "skill_id": skill, "level": 4}
    mentor = people.viewer(kernel, north.mentor)
    kernel.commit(lambda s: actions.state(s, viewer=mentor, **said))
    pair = next(group for group, roles in mentor.roles.items() if Role.MENTOR in roles and group != north.cohort)
    kernel.commit(
        lambda s: people_actions.leave(
            s, group_id=pair, person_id=north.mentor, role=Role.MENTOR, actor_id=north.mentor
        )
    )
    with pytest.raises(Missing):
        kernel.commit(lambda s: actions.state(s, viewer=mentor, **said))
    with kernel.reading() as session:
        assert [one.level for one in gaps.voices_of(session, north.ana)[skill]] == [4]


@BOTH
def test_the_person_sees_who_said_what_and_nobody_else_does(kernel: Kernel, north: North, client_of: Clients) -> None:
    skills.has(kernel, north.ana, {"show empathy": 2})
    skills.wants(kernel, north.ana, {"show empathy": 5})
    skill = skills.skill(kernel, "show empathy")
    page = f"/people/{encode(north.ana)}/levels"
    mentor = client_of(north.mentor)
    assert "Ana sees each level you state, with your name." in mentor.get(page).text
    answer = mentor.post(page, data={"skill_id": encode(skill), "level": "4"}, follow_redirects=True)
    assert "you said 4" in answer.text
    client_of(north.ben).post(page, data={"skill_id": encode(skill), "level": "3"})
    ana = client_of(north.ana)
    for address in ("/skills/gap", f"/skills/{encode(skill)}"):
        shown = ana.get(address).text
        assert "You say 2." in shown
        assert "Mentor, your mentor, says 4." in shown
        assert "Ben, your buddy, says 3." in shown
    # (1 x 2 + 2 x 3 + 3 x 4) / 6 = 3.33
    assert "You are at 3 of 5: 2 levels to go" in ana.get("/skills/gap").text
    lead = client_of(north.lead).get(f"/people/{encode(north.ana)}/gap").text
    assert "At 3 of 5: 2 levels to go" in lead
    assert "put together from several sides" in lead
    assert "says 4" not in lead
    assert "you said" not in client_of(north.boss).get(page).text


def test_the_person_is_told_once_until_they_have_read_it(kernel: Kernel, north: North, client_of: Clients) -> None:
    page, ana = f"/people/{encode(north.ana)}/levels", client_of(north.ana)
    for label in ("show empathy", "resolve conflicts", "lead others"):
        client_of(north.mentor).post(page, data={"skill_id": encode(skills.skill(kernel, label)), "level": "4"})
    told = ">Mentor said at which level they see you</a>"
    assert ana.get("/notices").text.count(told) == 1
    assert f"/skills/{encode(skills.skill(kernel, 'show empathy'))}" in ana.get("/notices").text
    ana.post("/notices/read")
    client_of(north.mentor).post(page, data={"skill_id": encode(skills.skill(kernel, "lead others")), "level": "3"})
    assert ana.get("/notices").text.count(told) == 2


@BOTH
def test_what_was_said_is_taken_back_and_the_level_is_what_the_others_say(
    kernel: Kernel, north: North, client_of: Clients
) -> None:
    skill = skills.skill(kernel, "show empathy")
    mentor, page = client_of(north.mentor), f"/people/{encode(north.ana)}/levels"
    mentor.post(page, data={"skill_id": encode(skill), "level": "4"})
    answer = mentor.post(f"{page}/{encode(skill)}/remove", follow_redirects=True)
    assert "It is taken back" in answer.text
    assert mentor.post(f"{page}/{encode(skill)}/remove").status_code == 404


def test_a_buddy_and_a_manager_are_shown_no_goals(kernel: Kernel, north: North, client_of: Clients) -> None:
    skills.wants(kernel, north.ana, {"resolve conflicts": 4})
    skills.has(kernel, north.ana, {"show empathy": 4, "lead others": 1})
    page = f"/people/{encode(north.ana)}/levels"
    for who, shown in ((north.mentor, True), (north.ben, False), (north.boss, False)):
        text = client_of(who).get(page).text
        assert ("resolve conflicts" in text) is shown
        assert ("lead others" in text) is False
        assert "show empathy" in text
    assert client_of(north.lead).get(page).status_code == 404


def test_a_level_that_is_none_is_said_and_the_page_stays(kernel: Kernel, north: North, client_of: Clients) -> None:
    skill = skills.skill(kernel, "show empathy")
    answer = client_of(north.mentor).post(
        f"/people/{encode(north.ana)}/levels", data={"skill_id": encode(skill), "level": "9"}
    )
    assert answer.status_code == 422
    assert "A level is a number from 1 to 5." in answer.text
