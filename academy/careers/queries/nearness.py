"""The ways from one skill to another: one place, so that what is near is the same wherever it is asked."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session, aliased

from academy.careers.engine import Step
from academy.skills.models import Skill, SkillLink

CLOSE = {"essential": 1.0, "optional": 0.8, "broader_skill": 0.6, "broader_group": 0.3}


def steps_between(session: Session, starts: Collection[UUID], ends: Collection[UUID]) -> list[Step]:
    """Return the ways from some skills to others: what the framework puts beside each other. One statement."""
    if not starts or not ends:
        return []
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
