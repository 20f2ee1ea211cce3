"""The board of opportunities: filled by leads, read by members with what is left for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from academy.bridges.person_data import actions as erasing
from academy.careers import actions
from academy.careers.queries import opportunities
from academy.kernel import clock
from academy.kernel.access import Conflict, Missing, Refused
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.paging import Span
from tests.academy.careers.conftest import North
from tests.factories import careers, people, skills

Clients = Callable[[UUID], FlaskClient]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def form(**more: str) -> dict[str, str]:
    day = opportunities.today() + timedelta(days=20)
    return {
        "title": "Host the forum",
        "body": "Two hours a *week*.\n\n- with Ben",
        "skills": "show empathy: 4\nresolve conflicts",
        "closes_on": day.isoformat(),
        "contact": "Boss",
        **more,
    }


@BOTH
def test_a_lead_fills_the_board_and_each_member_sees_what_is_left_for_them(
    kernel: Kernel, north: North, client_of: Clients
) -> None:
    answer = client_of(north.lead).post("/opportunities", data=form(group=encode(north.academy)))
    assert answer.status_code == 303
    skills.has(kernel, north.ana, {"show empathy": 3})
    ana = client_of(north.ana)
    page = ana.get(answer.location).text
    assert "<em>week</em>" in page
    assert "4 levels to go for you" in page  # 1 + 3
    assert "Boss" in page
    assert "4 levels to go for you" in ana.get("/opportunities").text
    skills.has(kernel, north.ana, {"resolve conflicts": 2}, source="evidence")
    assert "2 levels to go for you" in ana.get(answer.location).text
    skill = skills.skill(kernel, "resolve conflicts")
    assert "level 3: one to go" in ana.get(f"/skills/{encode(skill)}").text
    assert client_of(north.stranger).get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "A title has 1 to 160 characters."),
        ("closes_on", "someday", "Choose a day, such as 2027-03-31."),
        ("closes_on", "2020-01-01", "This day is over."),
        ("skills", "emphaty: 3", "Did you mean"),
        ("skills", "show empathy: nine", "a level from 1 to 5"),
        ("contact", "Stranger", "Nobody of this academy is called so."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    north: North, client_of: Clients, field: str, typed: str, said: str
) -> None:
    sent = form(group=encode(north.academy), body="My own words.") | {field: typed}
    answer = client_of(north.lead).post("/opportunities", data=sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert "My own words." in answer.text
    assert typed in answer.text


def test_somebody_who_may_not_learns_nothing_of_who_is_there(north: North, client_of: Clients) -> None:
    answers = {
        client_of(north.ana).post("/opportunities", data=form(group=encode(north.academy), contact=name)).status_code
        for name in ("Boss", "Nobody at all")
    }
    assert answers == {404}


@BOTH
def test_it_is_written_anew_from_the_version_that_was_read(kernel: Kernel, north: North, client_of: Clients) -> None:
    made = careers.opportunity(kernel, north.lead, north.academy, {"show empathy": 4})
    lead, url = client_of(north.lead), f"/opportunities/{encode(made)}"
    assert "show empathy: 4" in lead.get(f"{url}/edit").text
    assert lead.post(f"{url}/edit", data=form(version="1", title="Another title")).status_code == 303
    assert "Another title" in lead.get(url).text
    answer = lead.post(f"{url}/edit", data=form(version="1", title="A third title"))
    assert answer.status_code == 409
    assert "it is now “Another title”" in answer.text
    assert "A third title" in answer.text
    assert 'name="version" value="2"' in answer.text
    with pytest.raises(Conflict):
        kernel.commit(
            lambda s: actions.change_opportunity(
                s,
                viewer=people.viewer(kernel, north.lead),
                opportunity_id=made,
                version=1,
                written=careers.written(kernel, north.lead, {"show empathy": 2}),
            )
        )


@BOTH
def test_a_closed_one_says_so_and_is_opened_again(kernel: Kernel, north: North, client_of: Clients) -> None:
    made = careers.opportunity(kernel, north.lead, north.academy, {"show empathy": 4})
    lead, ana, url = client_of(north.lead), client_of(north.ana), f"/opportunities/{encode(made)}"
    lead.post(f"{url}/close", data={"on": "1"})
    assert "This is closed" in ana.get(url).text
    assert "Host the forum" not in ana.get("/opportunities").text
    assert "Host the forum" in ana.get("/opportunities?show=closed").text
    lead.post(f"{url}/close", data={"on": "0"})
    assert "Host the forum" in ana.get("/opportunities").text


def test_it_closes_by_itself_after_its_day(kernel: Kernel, north: North) -> None:
    careers.opportunity(kernel, north.lead, north.academy, {"show empathy": 4})
    viewer = people.viewer(kernel, north.ana)

    def open_now() -> int:
        with kernel.reading() as session:
            return len(opportunities.opportunities_for(session, viewer, Span(), is_open=True).items)

    assert open_now() == 1
    with clock.travel(clock.now() + timedelta(days=22)):
        assert open_now() == 0


@pytest.mark.parametrize("who", ["ana", "mentor", "facilitator", "admin", "stranger"])
def test_only_a_lead_fills_it(kernel: Kernel, north: North, who: str) -> None:
    with pytest.raises((Missing, Refused)):
        careers.opportunity(kernel, getattr(north, who), north.academy, {"show empathy": 4})


def test_whoever_left_is_not_named_as_whom_to_ask(kernel: Kernel, north: North, client_of: Clients) -> None:
    made = careers.opportunity(kernel, north.lead, north.academy, {"show empathy": 4})
    kernel.commit(lambda s: erasing.erase_careers(s, north.lead))
    assert "Nobody is named right now." in client_of(north.ana).get(f"/opportunities/{encode(made)}").text


def test_programs_read_it_with_what_is_left_for_the_caller(kernel: Kernel, north: North, client_of: Clients) -> None:
    made = careers.opportunity(kernel, north.lead, north.academy, {"show empathy": 4})
    skills.has(kernel, north.ana, {"show empathy": 1})
    ana = client_of(north.ana)
    [line] = ana.get("/api/v1/opportunities?open=true").json["items"]
    assert (line["id"], line["remaining"], line["open"]) == (encode(made), 3, True)
    assert line["skills"] == [
        {
            "skill": encode(skills.skill(kernel, "show empathy")),
            "label": "show empathy",
            "level": 4,
            "own": 1,
            "remaining": 3,
        }
    ]
    one = ana.get(f"/api/v1/opportunities/{encode(made)}").json
    assert (one["body"], one["contact"]["name"]) == ("Two hours a *week*.", "Lead")
    assert ana.get("/api/v1/opportunities?open=false").json["items"] == []
