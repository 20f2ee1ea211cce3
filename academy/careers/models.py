"""Occupations and the skills they ask for, target roles, an academy's needs, and opportunities."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Occupation(Table):
    """A job as a framework describes it; `key` is the framework's own name for it."""

    __tablename__ = "occupations"
    __table_args__ = (UniqueConstraint("framework_id", "key"),)

    id: Mapped[key]
    framework_id: Mapped[UUID] = mapped_column(ForeignKey("frameworks.id"))
    key: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(200), index=True)


class OccupationSkill(Table):
    """A skill that an occupation asks for, at a level from 1 to 5."""

    __tablename__ = "occupation_skills"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupations.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]


class TargetRole(Table):
    """The occupation that somebody aims at; at most one."""

    __tablename__ = "target_roles"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    occupation_id: Mapped[UUID] = mapped_column(ForeignKey("occupations.id"), index=True)
    at: Mapped[datetime]


class Need(Table):
    """A skill that an academy needs: at which level, and how many people should have it."""

    __tablename__ = "needs"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        CheckConstraint("people > 0", name="people"),
    )

    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
    people: Mapped[int]
    at: Mapped[datetime]


class Opportunity(Table):
    """Something to do with one's skills in an academy: a project, a post, a task. Open until its day, or closed."""

    __tablename__ = "opportunities"

    id: Mapped[key]
    group_id: Mapped[UUID] = mapped_column(ForeignKey("groups.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    body_md: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[int]
    closes_on: Mapped[date]
    """The last day on which it is open, in every zone."""
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class OpportunitySkill(Table):
    """A skill that an opportunity asks for, at a level from 1 to 5."""

    __tablename__ = "opportunity_skills"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunities.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
