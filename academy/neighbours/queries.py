"""The skill graph with the academy's own relations, and what is computed from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from academy.neighbours.models import GraphState, SkillNeighbour, SkillsTogether
from academy.people.models import Person
from academy.skills import queries as skills
from academy.skills.models import Framework, PersonSkill, Skill, SkillLink

TOGETHER, NEIGHBOURS, WALK = "together", "neighbours", "walk"


@dataclass(frozen=True)
class Step:
    """One step of a way: the skill or group that it leads to, and the relation; `back` when that one states it."""

    id: UUID
    label: str
    relation: str
    back: bool


@dataclass(frozen=True)
class NearSkill:
    """A skill near another one, its nearness in millionths and the way there; the last step is the skill itself."""

    id: UUID
    label: str
    nearness: int
    way: tuple[Step, ...]


@dataclass(frozen=True)
class GoTogether:
    """A slot: what the academy itself says goes together, beside what its people have.

    `find(session)` returns lists of keys of skills, one for each thing that names some, such as a track. Nothing in
    them is of anybody in particular: a single one is enough to join two skills.
    """

    find: Callable[[Session], list[list[str]]]


def graph_version(session: Session) -> str:
    """Name the content of the skill graph: of the frameworks, and of what people have together. One statement."""
    own = select(GraphState.name, GraphState.version, literal("")).where(GraphState.name == TOGETHER)
    rows = session.execute(union_all(select(Framework.key, Framework.version, Framework.digest), own))
    return "+".join("-".join(part for part in row if part) for row in sorted(tuple(row) for row in rows))


def state(session: Session, name: str) -> str:
    """Return which version of something computed is here, '' for none."""
    return session.scalar(select(GraphState.version).where(GraphState.name == name)) or ""


def graph(session: Session) -> dict[str, Any]:
    """Return the whole skill graph as `matching.types.GraphData`: plain names and relations."""
    found = skills.graph(session)
    keys = {row.id: row.key for row in session.execute(select(Skill.id, Skill.key))}
    pairs = session.execute(select(SkillsTogether.skill_id, SkillsTogether.related_id))
    own = [[keys[row.skill_id], keys[row.related_id], TOGETHER] for row in pairs]
    return {**found, "version": graph_version(session), "edges": [*found["edges"], *own]}


def links(session: Session) -> list[tuple[UUID, UUID, str]]:
    """Return every relation of the whole graph. One statement; callers keep it for as long as the version holds."""
    own = select(SkillsTogether.skill_id, SkillsTogether.related_id, literal(TOGETHER))
    rows = session.execute(union_all(select(SkillLink.skill_id, SkillLink.related_id, SkillLink.relation), own))
    return [(row[0], row[1], row[2]) for row in rows]


def seeds(session: Session) -> list[tuple[UUID, str, str]]:
    """Return (id, key, name) of each skill and group."""
    rows = session.execute(select(Skill.id, Skill.key, Skill.label, Skill.kind).order_by(Skill.key))
    return [(row.id, row.key, row.label) for row in rows]


def seekable(session: Session) -> list[str]:
    """Return the key of each skill that has neighbours: no group."""
    return list(session.scalars(select(Skill.key).where(Skill.kind != "group").order_by(Skill.key)))


def held_together(session: Session) -> list[list[str]]:
    """Return the keys of each person's skills, of everybody with an open account, without saying whose they are."""
    rows = session.execute(
        select(PersonSkill.person_id, Skill.key)
        .join(Skill, Skill.id == PersonSkill.skill_id)
        .join(Person, Person.id == PersonSkill.person_id)
        .where(Person.deactivated_at.is_(None))
    )
    found: dict[UUID, list[str]] = {}
    for row in rows:
        found.setdefault(row.person_id, []).append(row.key)
    return list(found.values())


def named_together(session: Session, slots: Iterable[GoTogether]) -> list[list[str]]:
    """Return the keys of skills that go together by what the academy itself says, one list for each such thing."""
    return [keys for slot in slots for keys in slot.find(session)]


def near(session: Session, skill_id: UUID) -> list[NearSkill]:
    """Return the skills nearest to one, the nearest first. One statement."""
    rows = session.execute(
        select(SkillNeighbour.near_id, Skill.label, SkillNeighbour.nearness, SkillNeighbour.way)
        .join(Skill, Skill.id == SkillNeighbour.near_id)
        .where(
            SkillNeighbour.skill_id == skill_id,
            SkillNeighbour.walk == select(GraphState.version).where(GraphState.name == WALK).scalar_subquery(),
            Skill.gone_at.is_(None),
        )
        .order_by(SkillNeighbour.position)
    )
    return [
        NearSkill(
            row.near_id, row.label, row.nearness, tuple(Step(UUID(i), label, r, back) for i, label, r, back in row.way)
        )
        for row in rows
    ]


def labels(session: Session, skill_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of skills and groups. One statement."""
    rows = session.execute(select(Skill.id, Skill.label).where(Skill.id.in_(skill_ids)))
    return {row.id: row.label for row in rows}
