"""Questions about skills: who has which, who wants which, and the graph that the matcher walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from academy.kernel.access import Missing
from academy.kernel.paging import Part, Span, part
from academy.kernel.viewer import Viewer
from academy.skills.models import Framework, Goal, PersonSkill, Skill, SkillLink

_SKILL_ID = attrgetter("skill_id")


@dataclass(frozen=True)
class HeldSkill:
    """A skill that somebody has, at a level from 1 to 5, and who says so."""

    skill_id: UUID
    key: str
    label: str
    level: int
    source: str


@dataclass(frozen=True)
class WantedSkill:
    """A skill that somebody wants at a level."""

    skill_id: UUID
    key: str
    label: str
    level: int


@dataclass(frozen=True)
class SkillHit:
    """A skill found by name."""

    id: UUID
    label: str
    kind: str


def skills_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[HeldSkill]]:
    """Return each person's skills, by name. One statement."""
    found: dict[UUID, list[HeldSkill]] = {person_id: [] for person_id in person_ids}
    for row in session.execute(
        select(
            PersonSkill.person_id, PersonSkill.skill_id, Skill.key, Skill.label, PersonSkill.level, PersonSkill.source
        )
        .join(Skill, Skill.id == PersonSkill.skill_id)
        .where(PersonSkill.person_id.in_(set(person_ids)))
        .order_by(Skill.label)
    ):
        found[row.person_id].append(HeldSkill(row.skill_id, row.key, row.label, row.level, row.source))
    return found


def goals_of(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, list[WantedSkill]]:
    """Return each person's goals, by name. One statement."""
    found: dict[UUID, list[WantedSkill]] = {person_id: [] for person_id in person_ids}
    for row in session.execute(
        select(Goal.person_id, Goal.skill_id, Skill.key, Skill.label, Goal.level)
        .join(Skill, Skill.id == Goal.skill_id)
        .where(Goal.person_id.in_(set(person_ids)))
        .order_by(Skill.label)
    ):
        found[row.person_id].append(WantedSkill(row.skill_id, row.key, row.label, row.level))
    return found


_HELD = (PersonSkill.skill_id, Skill.key, Skill.label, PersonSkill.level, PersonSkill.source)
_WANTED = (Goal.skill_id, Skill.key, Skill.label, Goal.level)


def _held(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*_HELD).join(Skill, Skill.id == PersonSkill.skill_id).where(PersonSkill.person_id == viewer.person_id)


def _wanted(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*_WANTED).join(Skill, Skill.id == Goal.skill_id).where(Goal.person_id == viewer.person_id)


def held_for(session: Session, viewer: Viewer, span: Span) -> Part[HeldSkill]:
    """Return part of the skills that the viewer has. One statement."""
    return part(session, _held(viewer), PersonSkill.skill_id, span, lambda row: HeldSkill(*row), _SKILL_ID)


def wanted_for(session: Session, viewer: Viewer, span: Span) -> Part[WantedSkill]:
    """Return part of the skills that the viewer wants. One statement."""
    return part(session, _wanted(viewer), Goal.skill_id, span, lambda row: WantedSkill(*row), _SKILL_ID)


def held_by(session: Session, viewer: Viewer, skill_id: UUID) -> HeldSkill:
    """Return a skill that the viewer has; raises `Missing`."""
    row = session.execute(_held(viewer).where(PersonSkill.skill_id == skill_id)).one_or_none()
    if row is None:
        raise Missing
    return HeldSkill(*row)


def wanted_by(session: Session, viewer: Viewer, skill_id: UUID) -> WantedSkill:
    """Return a skill that the viewer wants; raises `Missing`."""
    row = session.execute(_wanted(viewer).where(Goal.skill_id == skill_id)).one_or_none()
    if row is None:
        raise Missing
    return WantedSkill(*row)


def skills_part(session: Session, span: Span) -> Part[SkillHit]:
    """Return part of all skills that somebody can have. One statement."""
    query = select(Skill.id, Skill.label, Skill.kind).where(Skill.kind != "group")
    return part(session, query, Skill.id, span, lambda row: SkillHit(*row))


def skill(session: Session, skill_id: UUID) -> SkillHit:
    """Find a skill that somebody can have; raises `Missing`."""
    row = session.execute(
        select(Skill.id, Skill.label, Skill.kind).where(Skill.id == skill_id, Skill.kind != "group")
    ).one_or_none()
    if row is None:
        raise Missing
    return SkillHit(*row)


def search(session: Session, text: str, limit: int = 10) -> list[SkillHit]:
    """Find skills whose name contains every word of `text`; names that begin with it come first, then short ones."""
    words = text.lower().split()[:6]
    if not words:
        return []
    name = func.lower(Skill.label)
    rows = session.execute(
        select(Skill.id, Skill.label, Skill.kind)
        .where(Skill.kind != "group", *(name.contains(word, autoescape=True) for word in words))
        .order_by(
            case((name.startswith(" ".join(words), autoescape=True), 0), else_=1), func.length(Skill.label), Skill.label
        )
        .limit(limit)
    )
    return [SkillHit(row.id, row.label, row.kind) for row in rows]


def ids_by_label(session: Session, labels: Sequence[str]) -> dict[str, UUID]:
    """Return the skills with exactly these names."""
    rows = session.execute(select(Skill.label, Skill.id).where(Skill.label.in_(set(labels)), Skill.kind != "group"))
    return {row.label: row.id for row in rows}


def graph_version(session: Session) -> str:
    """Name the content of the skill graph: the same name always means the same skills and relations."""
    rows = session.execute(select(Framework.key, Framework.version).order_by(Framework.key, Framework.version))
    return "+".join(f"{row.key}-{row.version}" for row in rows)


def graph(session: Session) -> dict[str, Any]:
    """Return the whole skill graph as `matching.types.GraphData`: plain names and relations."""
    nodes = session.execute(select(Skill.id, Skill.key, Skill.label, Skill.kind)).all()
    keys = {row.id: row.key for row in nodes}
    links = session.execute(select(SkillLink.skill_id, SkillLink.related_id, SkillLink.relation))
    return {
        "version": graph_version(session),
        "nodes": [[row.key, row.label, row.kind] for row in nodes],
        "edges": [[keys[row.skill_id], keys[row.related_id], row.relation] for row in links],
    }


def licences(session: Session) -> list[str]:
    """Return the line that each framework's licence asks to be shown."""
    return list(session.scalars(select(Framework.licence).order_by(Framework.key)))
