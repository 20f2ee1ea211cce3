"""What academies need, beside what somebody aims at, and in numbers that name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from academy.careers import engine
from academy.careers.engine import Aim, Sides, Wanted
from academy.careers.models import Need
from academy.careers.policy import academies, members_of
from academy.careers.queries.nearness import steps_between
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind
from academy.people.policy import Right, reaches
from academy.people.queries import demand
from academy.skills.models import Goal, PersonSkill, Skill
from academy.skills.queries import goals_of, skills_of


def needs_for(session: Session, viewer: Viewer) -> list[Wanted]:
    """Return what the viewer's academies need, by academy and skill. One statement."""
    rows = session.execute(
        select(Skill.id, Skill.label, Need.level, Need.people, Group.name)
        .join(Need, Need.skill_id == Skill.id)
        .join(Group, Group.id == Need.group_id)
        .where(academies(viewer))
        .order_by(Group.name, Skill.label, Skill.id)
    )
    return [Wanted(*row) for row in rows]


def sides_for(session: Session, viewer: Viewer) -> tuple[list[Wanted], Sides]:
    """Lay the viewer's goals beside what their academies need. Five statements; nobody else is asked about."""
    me = viewer.person_id
    needs = needs_for(session, viewer)
    goals = [Aim(goal.skill_id, goal.label, goal.level) for goal in goals_of(session, [me])[me]]
    levels = {held.skill_id: (held.label, held.level) for held in skills_of(session, [me])[me]}
    starts = {goal.skill_id for goal in goals} | set(levels)
    steps = steps_between(session, starts, {need.skill_id for need in needs})
    return needs, engine.sides(goals, levels, needs, steps)


@dataclass(frozen=True)
class NeedLine:
    """A need with how many people have the skill at its level and how many want it, in fives; 0 for fewer."""

    skill_id: UUID
    label: str
    level: int
    people: int
    have: int
    want: int


def settled_for(session: Session, viewer: Viewer, group_id: UUID) -> tuple[str, list[NeedLine]]:
    """Return an academy's name and its needs, for whoever says them; to others `Missing` or refused.

    People are counted who belong to the academy or its cohorts. A number is rounded down to fives and fewer than
    five are not told, so that nobody's goals show in it. Three statements.
    """
    demand(session, viewer, Right.NEED, group_id)
    people = members_of(group_id).scalar_subquery()
    have, want = (
        select(func.count())
        .select_from(table)
        .where(table.skill_id == Need.skill_id, table.person_id.in_(people), *more)
        .correlate(Need)
        .scalar_subquery()
        for table, more in ((PersonSkill, [PersonSkill.level >= Need.level]), (Goal, []))
    )
    name = session.scalars(select(Group.name).where(Group.id == group_id)).one()
    rows = session.execute(
        select(Skill.id, Skill.label, Need.level, Need.people, have.label("have"), want.label("want"))
        .join(Need, Need.skill_id == Skill.id)
        .where(Need.group_id == group_id)
        .order_by(Skill.label, Skill.id)
    )
    return name, [NeedLine(r.id, r.label, r.level, r.people, engine.about(r.have), engine.about(r.want)) for r in rows]


def settles_for(session: Session, viewer: Viewer, right: Right) -> list[tuple[UUID, str]]:
    """Return the academies where the viewer holds a right, by name. One statement."""
    rows = session.execute(
        select(Group.id, Group.name)
        .where(Group.kind == GroupKind.ACADEMY, reaches(viewer, right, Group.id))
        .order_by(Group.name, Group.id)
    )
    return [(row.id, row.name) for row in rows]
