"""Occupations: found by name, with the skills they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from academy.careers import engine
from academy.careers.engine import Gap
from academy.careers.models import Occupation, OccupationSkill, TargetRole
from academy.kernel.access import Missing
from academy.kernel.expressions import any_case
from academy.kernel.viewer import Viewer
from academy.skills.models import Framework, PersonSkill, Skill


@dataclass(frozen=True)
class Hit:
    """An occupation found by name; `framework` names who describes it."""

    id: UUID
    label: str
    framework: str
    licence: str = ""


_HIT = (Occupation.id, Occupation.label, Framework.name)


def search(session: Session, text: str, limit: int = 30) -> list[Hit]:
    """Find occupations whose name contains every word; names that begin with it come first, then short ones."""
    words = text.lower().split()[:6]
    if not words:
        return []
    name = any_case(Occupation.label, plain=text.isascii())
    rows = session.execute(
        select(*_HIT)
        .join(Framework, Framework.id == Occupation.framework_id)
        .where(*(name.contains(word, autoescape=True) for word in words))
        .order_by(
            case((name.startswith(" ".join(words), autoescape=True), 0), else_=1),
            func.length(Occupation.label),
            Occupation.label,
            Occupation.id,
        )
        .limit(limit)
    )
    return [Hit(*row) for row in rows]


def names(session: Session) -> list[tuple[UUID, str]]:
    """Return (id, name) of every occupation. The same for everybody, so callers keep it."""
    rows = session.execute(select(Occupation.id, Occupation.label).order_by(Occupation.label, Occupation.id))
    return [(row.id, row.label) for row in rows]


def count(session: Session) -> int:
    """Return how many occupations there are."""
    return session.scalar(select(func.count()).select_from(Occupation)) or 0


def occupation_for(session: Session, viewer: Viewer, occupation_id: UUID) -> tuple[Hit, list[Gap], bool]:
    """Return an occupation, the viewer's gap to each skill it asks for, and whether it is their target role.

    Two statements; raises `Missing`.
    """
    aimed = (
        select(TargetRole.person_id)
        .where(TargetRole.person_id == viewer.person_id, TargetRole.occupation_id == occupation_id)
        .exists()
    )
    row = session.execute(
        select(*_HIT, Framework.licence, aimed.label("aimed"))
        .join(Framework, Framework.id == Occupation.framework_id)
        .where(Occupation.id == occupation_id)
    ).one_or_none()
    if row is None:
        raise Missing
    asked = session.execute(
        select(Skill.id, Skill.label, OccupationSkill.level, PersonSkill.level.label("now"))
        .join(OccupationSkill, OccupationSkill.skill_id == Skill.id)
        .outerjoin(PersonSkill, and_(PersonSkill.skill_id == Skill.id, PersonSkill.person_id == viewer.person_id))
        .where(OccupationSkill.occupation_id == occupation_id)
    ).all()
    levels = {one.id: one.now for one in asked if one.now is not None}
    found = engine.gaps([(one.id, one.label, one.level) for one in asked], levels)
    return Hit(row.id, row.label, row.name, row.licence), found, bool(row.aimed)
