"""The ways from one skill to another: one place, so that what is near is the same wherever it is asked."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session, aliased

from academy.careers.engine import Step
from academy.neighbours.models import GraphState, SkillNeighbour
from academy.neighbours.queries import WALK
from academy.skills.models import Skill, SkillLink

CLOSE = {"essential": 1.0, "optional": 0.8, "broader_skill": 0.6, "broader_group": 0.3}
WORTH = 10_000
"""The nearness, in millionths, below which a skill is not called near."""


def steps_between(session: Session, starts: Collection[UUID], ends: Collection[UUID]) -> list[Step]:
    """Return the ways from some skills to others, over the skills nearest to those. Two statements.

    What the framework puts right beside each other counts too, so that nothing is lost while what is nearest is being
    computed, or where a skill has many beside it.
    """
    if not starts or not ends:
        return []
    return [*_beside(session, starts, ends), *_nearest(session, starts, ends)]


def _nearest(session: Session, starts: Collection[UUID], ends: Collection[UUID]) -> list[Step]:
    rows = session.execute(
        select(
            SkillNeighbour.skill_id, Skill.label, SkillNeighbour.near_id, SkillNeighbour.nearness, SkillNeighbour.way
        )
        .join(Skill, Skill.id == SkillNeighbour.skill_id)
        .where(
            SkillNeighbour.skill_id.in_(set(starts)),
            SkillNeighbour.near_id.in_(set(ends)),
            SkillNeighbour.nearness >= WORTH,
            SkillNeighbour.walk == select(GraphState.version).where(GraphState.name == WALK).scalar_subquery(),
        )
    )
    found = []
    for row in rows:
        names = [row.label, *(label for _id, label, _relation, _back in row.way)]
        links = tuple(
            (start, relation, bool(back), end)
            for start, (_id, end, relation, back) in zip(names, row.way, strict=False)
        )
        found.append(Step(row.skill_id, row.near_id, row.nearness / 1_000_000, links))
    return found


def _beside(session: Session, starts: Collection[UUID], ends: Collection[UUID]) -> list[Step]:
    a, b = aliased(Skill), aliased(Skill)
    ways = [
        select(
            *(a.id.label("start_id"), a.label.label("start"), b.id.label("end_id"), b.label.label("end")),
            *(SkillLink.relation, literal(back).label("back")),
        )
        .join(a, a.id == here)
        .join(b, b.id == there)
        .where(here.in_(set(starts)), there.in_(set(ends)))
        for back, here, there in (
            (0, SkillLink.skill_id, SkillLink.related_id),
            (1, SkillLink.related_id, SkillLink.skill_id),
        )
    ]
    return [
        Step(r.start_id, r.end_id, CLOSE.get(r.relation, 0.3), ((r.start, r.relation, bool(r.back), r.end),))
        for r in session.execute(union_all(*ways))
    ]
