"""Nearest skills are computed by the matcher, kept as rows and shown; what people have together moves them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from academy.kernel import clock, offload
from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.kernel.jobs import Job
from academy.neighbours import actions, jobs, queries
from academy.neighbours.models import SkillNeighbour, SkillsTogether
from academy.people import actions as people_actions
from academy.skills.models import Framework, Skill, SkillLink
from tests.factories import people, skills

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def house(kernel: Kernel) -> dict[str, UUID]:
    """A small framework: four skills under a group, two of them joined, and one that stands alone."""
    ids = {
        name: UUID(int=number) for number, name in enumerate(("group", "ask", "listen", "lead", "write", "alone"), 1)
    }

    def make(session: Session) -> None:
        framework = Framework(id=UUID(int=99), key="house", version="1", name="House", licence="")
        session.add(framework)
        session.flush()
        session.add_all(
            Skill(id=i, framework_id=framework.id, key=f"house:{n}", label=n, kind="group" if n == "group" else "skill")
            for n, i in ids.items()
        )
        session.flush()
        session.add_all(
            SkillLink(skill_id=ids[name], related_id=ids["group"], relation="broader_group")
            for name in ("ask", "listen", "lead", "write")
        )
        session.add(SkillLink(skill_id=ids["ask"], related_id=ids["listen"], relation="essential"))

    kernel.commit(make)
    return ids


def walk(kernel: Kernel) -> None:
    """Do what waits: the graph changed, so nearest skills are computed."""
    kernel.commit(actions.compute)
    kernel.runner.run_due()


def near(kernel: Kernel, skill_id: UUID) -> list[queries.NearSkill]:
    with kernel.reading() as session:
        return queries.near(session, skill_id)


def count(kernel: Kernel) -> None:
    """Count what people have together, as happens daily, and do what follows."""
    kind = next(kind for kind in jobs.JOBS if kind.name == "neighbours.together")
    assert kind.read is not None
    assert kind.outside is not None
    assert kind.apply is not None
    with kernel.reading() as session:
        found = kind.outside(kernel, UUID(int=0), kind.read(session, {}))
    kernel.commit(lambda session: kind.apply and kind.apply(session, {}, found))
    kernel.runner.run_due()


def states(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return session.scalars(select(func.count()).select_from(Job).where(Job.kind == "neighbours.again")).one()


@BOTH
def test_nearest_skills_are_rows_with_the_way_to_each_and_no_group(kernel: Kernel, house: dict[str, UUID]) -> None:
    walk(kernel)
    found = near(kernel, house["ask"])
    assert [one.label for one in found] == ["listen", "lead", "write"]
    assert found[0].way == (queries.Step(house["listen"], "listen", "essential", back=False),)
    assert [step.label for step in found[1].way] == ["group", "lead"]
    assert [step.back for step in found[1].way] == [False, True]
    assert found[0].nearness > found[1].nearness > 0
    assert near(kernel, house["alone"]) == []


def test_another_graph_replaces_the_rows_and_the_same_one_is_not_walked_again(
    kernel: Kernel, house: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(kernel)
    before = near(kernel, house["ask"])
    calls = []
    solve = offload.solve
    monkeypatch.setattr(offload, "solve", lambda *args, **more: calls.append(args[0]) or solve(*args, **more))
    walk(kernel)
    assert calls == []

    def change(session: Session) -> None:
        link = session.scalars(select(SkillLink).where(SkillLink.relation == "essential")).one()
        session.delete(link)
        framework = session.scalars(select(Framework)).one()
        framework.version = "2"

    kernel.commit(change)
    walk(kernel)
    assert jobs.WALK in calls
    assert [one.label for one in near(kernel, house["ask"])] == ["lead", "listen", "write"]
    assert near(kernel, house["ask"]) != before


def test_an_answer_about_a_graph_of_before_is_not_kept(kernel: Kernel, house: dict[str, UUID]) -> None:
    walk(kernel)
    before = near(kernel, house["ask"])
    known = {"house:ask": (house["ask"], "ask"), "house:write": (house["write"], "write")}
    late = {"house:ask": [["house:write", 900_000, [["house:write", "essential", False]]]]}
    kernel.commit(lambda s: actions.write_near(s, "late", late, known))
    assert near(kernel, house["ask"]) == before  # written, and nothing that counts
    assert kernel.commit(lambda s: actions.keep_near(s, "another version", "late")) is False
    assert near(kernel, house["ask"]) == before
    with kernel.reading() as session:
        assert "late" not in session.scalars(select(SkillNeighbour.walk).distinct()).all()


@BOTH
def test_what_five_people_have_both_joins_two_skills_and_four_do_not(kernel: Kernel, house: dict[str, UUID]) -> None:
    walk(kernel)
    who = [people.person(kernel) for _ in range(5)]
    for person in who[:4]:
        skills.has(kernel, person, {"alone": 3, "write": 3})
    count(kernel)
    assert near(kernel, house["alone"]) == []
    skills.has(kernel, who[4], {"alone": 1, "write": 5})
    count(kernel)
    found = near(kernel, house["alone"])
    assert found[0].label == "write"
    assert found[0].way == (queries.Step(house["write"], "write", "together", back=False),)
    with kernel.reading() as session:
        assert queries.graph_version(session).startswith("house-1+together-")
        assert ["house:alone", "house:write", "together"] in queries.graph(session)["edges"]
    promised = states(kernel)
    count(kernel)
    assert states(kernel) == promised  # nothing new, so nothing is computed again
    kernel.commit(lambda s: people_actions.deactivate(s, person_id=who[4], at=clock.now(), actor_id=who[0]))
    count(kernel)
    assert near(kernel, house["alone"]) == []
    with kernel.reading() as session:
        assert session.scalars(select(func.count()).select_from(SkillsTogether)).one() == 0


def test_a_skill_shows_its_nearest_with_the_way_in_words(
    kernel: Kernel, house: dict[str, UUID], client_of: Callable[[UUID], FlaskClient]
) -> None:
    page = f"/skills/{encode(house['ask'])}"
    client = client_of(people.person(kernel))
    assert "Nearest skills" not in client.get(page).text
    walk(kernel)
    said = client.get(page).text
    assert "Nearest skills" in said
    assert f'needs <a href="/skills/{encode(house["listen"])}">listen</a>' in said
    assert "is in the group <a" in said
    assert "of 100" in said


def test_the_shipped_framework_is_walked_as_a_job_and_survives_another_runner(kernel: Kernel) -> None:
    skills.esco(kernel)
    walk(kernel)
    with kernel.reading() as session:
        rows = session.scalars(select(func.count()).select_from(SkillNeighbour)).one()
        groups = select(Skill.id).where(Skill.kind == "group")
        assert session.scalars(select(SkillNeighbour.near_id).where(SkillNeighbour.near_id.in_(groups))).all() == []
    assert rows > 15_000
    offload.stop()
    assert near(kernel, skills.skill(kernel, "Haskell"))
