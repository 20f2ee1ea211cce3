"""How far somebody is from their goals and from their target role, and who says at which level they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from academy.careers import engine
from academy.careers.engine import Gap
from academy.careers.models import Occupation, OccupationSkill, TargetRole
from academy.kernel.viewer import Viewer
from academy.people.models import Person
from academy.people.queries import Face
from academy.skills.engine import Said
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillStatement


@dataclass(frozen=True)
class Voice:
    """One statement of a level; `face` is who made it, None for nobody in particular."""

    source: str
    level: int
    at: datetime
    face: Face | None

    @property
    def said(self) -> Said:
        """Return it as what levels are combined from."""
        return Said(self.source, self.face.id if self.face else None, self.level, self.at)


@dataclass(frozen=True)
class Target:
    """The occupation that somebody aims at."""

    occupation_id: UUID
    label: str
    framework: str


@dataclass(frozen=True)
class Gaps:
    """Gaps to somebody's goals and to their target role, the largest first."""

    goals: list[Gap]
    role: list[Gap]
    target: Target | None


def gaps_of(session: Session, person_id: UUID) -> Gaps:
    """Return how far somebody is from what they aim at. Two statements. The caller has checked who asks."""
    own = and_(PersonSkill.skill_id == Skill.id, PersonSkill.person_id == person_id)
    goals = session.execute(
        select(Skill.id, Skill.label, Goal.level, PersonSkill.level.label("now"), PersonSkill.source)
        .join(Goal, Goal.skill_id == Skill.id)
        .outerjoin(PersonSkill, own)
        .where(Goal.person_id == person_id)
    ).all()
    asked = session.execute(
        select(
            *(Occupation.id.label("occupation_id"), Occupation.label.label("occupation"), Framework.name),
            *(Skill.id, Skill.label, OccupationSkill.level, PersonSkill.level.label("now"), PersonSkill.source),
        )
        .join(TargetRole, TargetRole.occupation_id == Occupation.id)
        .join(Framework, Framework.id == Occupation.framework_id)
        .join(OccupationSkill, OccupationSkill.occupation_id == Occupation.id)
        .join(Skill, Skill.id == OccupationSkill.skill_id)
        .outerjoin(PersonSkill, own)
        .where(TargetRole.person_id == person_id)
    ).all()
    levels = {row.id: row.now for row in (*goals, *asked) if row.now is not None}
    sources = {row.id: row.source for row in (*goals, *asked) if row.now is not None}
    target = Target(asked[0].occupation_id, asked[0].occupation, asked[0].name) if asked else None
    return Gaps(
        engine.gaps([(row.id, row.label, row.level) for row in goals], levels, sources),
        engine.gaps([(row.id, row.label, row.level) for row in asked], levels, sources),
        target,
    )


def voices_of(
    session: Session, person_id: UUID, *, skill_id: UUID | None = None, by: UUID | None = None
) -> dict[UUID, list[Voice]]:
    """Return what was said of somebody's skills, the newest first; of one skill, or by one voice. One statement."""
    query = (
        select(
            *(SkillStatement.skill_id, SkillStatement.source, SkillStatement.level, SkillStatement.at),
            *(Person.id, Person.name, Person.pronouns, Person.zone),
        )
        .outerjoin(Person, Person.id == SkillStatement.said_by_id)
        .where(SkillStatement.person_id == person_id)
        .order_by(SkillStatement.at.desc(), SkillStatement.id)
    )
    if skill_id is not None:
        query = query.where(SkillStatement.skill_id == skill_id)
    if by is not None:
        query = query.where(SkillStatement.said_by_id == by)
    found: dict[UUID, list[Voice]] = defaultdict(list)
    for row in session.execute(query):
        face = Face(row.id, row.name, row.pronouns, row.zone) if row.id else None
        found[row.skill_id].append(Voice(row.source, row.level, row.at, face))
    return found


@dataclass(frozen=True)
class Line:
    """A skill of somebody, as whoever states its level sees it: the level shown, and what the viewer said of it."""

    skill_id: UUID
    label: str
    shown: int | None
    said: int | None


def lines_for(session: Session, viewer: Viewer, person_id: UUID, *, from_level: int, goals: bool) -> list[Line]:
    """Return the skills of somebody that the viewer may know of, by name. One statement.

    Those from a level on stand on the person's page; those of which the viewer said something are theirs; goals
    are among them only for who may see them.
    """
    said = and_(
        SkillStatement.skill_id == Skill.id,
        SkillStatement.person_id == person_id,
        SkillStatement.said_by_id == viewer.person_id,
    )
    own = and_(PersonSkill.skill_id == Skill.id, PersonSkill.person_id == person_id)
    wanted = select(Goal.skill_id).where(Goal.person_id == person_id)
    shown = or_(PersonSkill.level >= from_level, SkillStatement.id.is_not(None))
    rows = session.execute(
        select(Skill.id, Skill.label, PersonSkill.level, SkillStatement.level.label("said"))
        .outerjoin(PersonSkill, own)
        .outerjoin(SkillStatement, said)
        .where(or_(shown, Skill.id.in_(wanted)) if goals else shown)
        .order_by(Skill.label, Skill.id)
    )
    return [
        Line(row.id, row.label, row.level if goals or (row.level or 0) >= from_level else None, row.said)
        for row in rows
    ]
