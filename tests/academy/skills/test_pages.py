"""One's own skills and goals: found by name, said at a level, taken back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode, new_id
from academy.skills import queries
from academy.skills.models import Framework, Skill
from tests.factories import people


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel, "Ana")


@pytest.fixture
def mine(client_of: Callable[[UUID], FlaskClient], ana: UUID) -> FlaskClient:
    return client_of(ana)


@pytest.fixture
def skills(kernel: Kernel) -> dict[str, UUID]:
    def make(session):
        framework = Framework(id=new_id(), key="test", version="1", name="Test", licence="Made for tests.")
        session.add(framework)
        session.flush()
        labels = {
            "active listening": "skill",
            "listening to music": "skill",
            "100% cotton": "knowledge",
            "listening": "group",
        }
        rows = [
            Skill(id=new_id(), framework_id=framework.id, key=label, label=label, kind=kind)
            for label, kind in labels.items()
        ]
        session.add_all(rows)
        return {row.label: row.id for row in rows}

    return kernel.commit(make)


def held(kernel: Kernel, person: UUID) -> list[tuple[str, int, str]]:
    with kernel.reading() as session:
        return [(s.label, s.level, s.source) for s in queries.skills_of(session, [person])[person]]


def goals(kernel: Kernel, person: UUID) -> list[tuple[str, int]]:
    with kernel.reading() as session:
        return [(g.label, g.level) for g in queries.goals_of(session, [person])[person]]


def test_a_skill_is_found_by_its_words_in_any_order(mine: FlaskClient, skills: dict[str, UUID]) -> None:
    page = mine.get("/me/skills?q=LISTENING++active").text
    assert ">active listening</a></b>" in page
    assert ">listening to music</a></b>" not in page


def test_a_group_of_skills_is_not_a_skill(mine: FlaskClient, skills: dict[str, UUID]) -> None:
    page = mine.get("/me/skills?q=listening").text
    assert ">listening to music</a></b>" in page
    assert ">listening</a></b>" not in page
    assert mine.post("/me/skills", data={"skill_id": encode(skills["listening"]), "level": 3}).status_code == 404


@pytest.mark.parametrize(
    ("q", "found"), [("%", True), ("_", False), ("100%", True), ("\\", False), ("' OR 1=1 --", False)]
)
def test_what_is_typed_is_no_pattern(mine: FlaskClient, skills: dict[str, UUID], q: str, found: bool) -> None:
    page = mine.get("/me/skills", query_string={"q": q}).text
    assert ("100% cotton" in page) is found
    assert "active listening" not in page.split("<main")[1]


def test_a_name_that_nothing_has_is_said_kindly_and_as_text(mine: FlaskClient, skills: dict[str, UUID]) -> None:
    page = mine.get("/me/skills", query_string={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "Try a shorter or a more common word" in page


def test_a_skill_is_added_changed_and_taken_back(
    mine: FlaskClient, ana: UUID, kernel: Kernel, skills: dict[str, UUID]
) -> None:
    skill = encode(skills["active listening"])
    answer = mine.post("/me/skills", data={"skill_id": skill, "level": "4"})
    assert (answer.status_code, answer.location) == (303, "/me/skills")
    assert held(kernel, ana) == [("active listening", 4, "self")]
    assert "You say so" in mine.get("/me/skills").text
    mine.post("/me/skills", data={"skill_id": skill, "level": "2"})
    assert held(kernel, ana) == [("active listening", 2, "self")]
    mine.post(f"/me/skills/{skill}/remove")
    assert held(kernel, ana) == []


def test_a_goal_is_added_changed_and_taken_back(
    mine: FlaskClient, ana: UUID, kernel: Kernel, skills: dict[str, UUID]
) -> None:
    skill = encode(skills["active listening"])
    mine.post("/me/goals", data={"skill_id": skill, "level": "4"})
    mine.post("/me/goals", data={"skill_id": skill, "level": "5"})
    assert goals(kernel, ana) == [("active listening", 5)]
    mine.post(f"/me/goals/{skill}/remove")
    assert goals(kernel, ana) == []


@pytest.mark.parametrize("path", ["/me/skills", "/me/goals"])
@pytest.mark.parametrize("level", ["0", "6", "-1", "three", "3.5", "99999999999999999999"])
def test_a_level_beyond_one_to_five_is_refused(
    mine: FlaskClient, ana: UUID, kernel: Kernel, skills: dict[str, UUID], path: str, level: str
) -> None:
    sent = {"skill_id": encode(skills["active listening"]), "level": level}
    assert mine.post(path, data=sent).status_code == 422
    assert (held(kernel, ana), goals(kernel, ana)) == ([], [])


@pytest.mark.parametrize("path", ["/me/skills", "/me/goals"])
def test_a_skill_that_there_is_not_is_missing(mine: FlaskClient, skills: dict[str, UUID], path: str) -> None:
    assert mine.post(path, data={"skill_id": encode(new_id()), "level": "3"}).status_code == 404
    assert mine.post(path, data={"skill_id": "made up", "level": "3"}).status_code == 422


def test_nobody_speaks_for_another(mine: FlaskClient, kernel: Kernel, skills: dict[str, UUID]) -> None:
    ben = people.person(kernel)
    sent = {
        "skill_id": encode(skills["active listening"]),
        "level": "3",
        "person_id": encode(ben),
        "source": "evidence",
    }
    mine.post("/me/skills", data=sent)
    assert held(kernel, ben) == []
    with kernel.reading() as session:
        assert session.scalars(select(Skill.label).where(Skill.id == skills["active listening"])).one()


@pytest.mark.parametrize(
    "path", ["/me/skills", "/me/goals", f"/me/skills/{'a' * 26}/remove", f"/me/goals/{'a' * 26}/remove"]
)
def test_signed_out_nothing_is_taken(client: FlaskClient, path: str) -> None:
    assert client.post(path).status_code == 401
