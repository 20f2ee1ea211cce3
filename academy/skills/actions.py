"""Verbs on frameworks, skills and goals."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.skills.events import GoalSet, SkillSet
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink

DATA = Path(__file__).parent / "data"
SOURCES = ("self", "manager", "evidence", "organization")
LOWEST, HIGHEST = 1, 5

ESCO = {
    "key": "esco",
    "version": "1.2.0",
    "name": "ESCO",
    "licence": (
        "This service uses the ESCO classification of the European Commission. The extract was modified: columns "
        "dropped, integer keys added, alternative labels and descriptions left out, unlabelled skills left out."
    ),
}


def load_framework(session: Session) -> bool:
    """Load the built-in ESCO extract if it is not there; says whether it was new."""
    known = session.scalar(
        select(Framework.id).where(Framework.key == ESCO["key"], Framework.version == ESCO["version"])
    )
    if known:
        return False
    framework = Framework(id=new_id(), **ESCO)
    session.add(framework)
    session.flush()
    ids: dict[str, UUID] = {}
    skills = []
    with (DATA / "esco-1.2.0-nodes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ids[row["key"]] = new_id()
            skills.append(
                {
                    "id": ids[row["key"]],
                    "framework_id": framework.id,
                    "key": row["key"],
                    "label": row["label"],
                    "kind": row["kind"],
                }
            )
    session.execute(insert(Skill), skills)
    with (DATA / "esco-1.2.0-edges.csv").open(encoding="utf-8", newline="") as file:
        links = [
            {"skill_id": ids[row["a"]], "related_id": ids[row["b"]], "relation": row["relation"]}
            for row in csv.DictReader(file)
        ]
    session.execute(insert(SkillLink), links)
    return True


def set_skill(
    session: Session,
    *,
    person_id: UUID,
    skill_id: UUID,
    level: int,
    source: str = "self",
    actor_id: UUID | None = None,
) -> None:
    """Say that somebody has a skill at a level from 1 to 5; a new word replaces the earlier one.

    `actor_id` is who says so where it is not the person; the entry point has checked their right to.
    """
    _check(session, skill_id, level)
    if source not in SOURCES:
        detail = "A skill is stated by oneself, a manager, the organization or evidence."
        raise Invalid(detail, errors={"source": [detail]})
    session.merge(PersonSkill(person_id=person_id, skill_id=skill_id, level=level, source=source, at=clock.now()))
    emit(session, SkillSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=level))


def drop_skill(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a skill off somebody's profile."""
    session.execute(delete(PersonSkill).where(PersonSkill.person_id == person_id, PersonSkill.skill_id == skill_id))
    emit(session, SkillSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=0))


def set_goal(session: Session, *, person_id: UUID, skill_id: UUID, level: int, actor_id: UUID | None = None) -> None:
    """Say that somebody wants a skill at a level from 1 to 5."""
    _check(session, skill_id, level)
    session.merge(Goal(person_id=person_id, skill_id=skill_id, level=level, at=clock.now()))
    emit(session, GoalSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=level))


def drop_goal(session: Session, *, person_id: UUID, skill_id: UUID, actor_id: UUID | None = None) -> None:
    """Take a goal back."""
    session.execute(delete(Goal).where(Goal.person_id == person_id, Goal.skill_id == skill_id))
    emit(session, GoalSet(actor_id=actor_id or person_id, person_id=person_id, skill_id=skill_id, level=0))


def _check(session: Session, skill_id: UUID, level: int) -> None:
    if not LOWEST <= level <= HIGHEST:
        detail = "A level is a number from 1 to 5."
        raise Invalid(detail, errors={"level": [detail]})
    if session.scalar(select(Skill.id).where(Skill.id == skill_id, Skill.kind != "group")) is None:
        raise Missing
