"""Levels of before become statements, and go back to one level with one source."""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import text

from academy.kernel import clock
from academy.kernel.db import Database
from academy.people.models import Person
from academy.skills.models import Framework, PersonSkill, Skill, SkillStatement
from tests.contracts.test_migrations import BOTH, alembic

BEFORE = "0018"


def person(name: str, manager_id: UUID | None = None) -> Person:
    mail = f"{name}@example.org"
    return Person(id=uuid4(), email=mail, email_key=mail, name=name, created_at=clock.now(), manager_id=manager_id)


@BOTH
def test_levels_and_who_says_so_survive_both_ways(database_url: str) -> None:
    database = Database(database_url)
    framework = Framework(id=uuid4(), key="test", version="1", name="Test", licence="For tests.")
    boss = person("boss")
    ana = person("ana", boss.id)
    sources = ("self", "manager", "organization", "evidence")
    known = {
        source: Skill(id=uuid4(), framework_id=framework.id, key=source, label=source, kind="skill")
        for source in sources
    }

    def work(session) -> None:
        session.add_all([framework, boss])
        session.flush()
        session.add_all([ana, *known.values()])
        session.flush()
        for level, source in enumerate(sources, 1):
            row = {"person_id": ana.id, "skill_id": known[source].id, "level": level, "at": clock.now()}
            session.add(PersonSkill(**row, source=source))

    ids = {source: skill.id for source, skill in known.items()}
    ana_id, boss_id = ana.id, boss.id
    database.unit_of_work(work)
    database.engine.dispose()
    alembic(database_url, "downgrade", BEFORE)
    alembic(database_url, "upgrade", "head")
    with database.reading() as session:
        said = {row.source: row for row in session.query(SkillStatement)}
        assert {source: (row.level, row.said_by_id) for source, row in said.items()} == {
            "self": (1, ana_id),
            "manager": (2, boss_id),
            "organization": (3, None),
            "evidence": (4, None),
        }

    def several(session) -> None:
        found = {"person_id": ana_id, "skill_id": ids["self"], "level": 5, "at": clock.now()}
        session.add(SkillStatement(id=uuid4(), source="mentor", said_by_id=boss_id, **found))
        session.flush()
        session.execute(text("UPDATE person_skills SET level = 4, source = 'several' WHERE source = 'self'"))

    database.unit_of_work(several)
    database.engine.dispose()
    alembic(database_url, "downgrade", BEFORE)
    with database.engine.connect() as connection:
        kept = connection.execute(text("SELECT source, level FROM person_skills ORDER BY level, source")).all()
    assert [tuple(row) for row in kept] == [("manager", 2), ("organization", 3), ("evidence", 4), ("mentor", 4)]
    database.engine.dispose()
    alembic(database_url, "upgrade", "head")
    database.engine.dispose()
