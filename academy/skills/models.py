"""Frameworks of skills, who has which, and who wants which."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table, key


class Framework(Table):
    """A classification of skills in one version, such as ESCO 1.2.0.

    One that came as a file keeps a `digest` of what it says, so that another content is never taken for this one.
    """

    __tablename__ = "frameworks"
    __table_args__ = (UniqueConstraint("key", "version"),)

    id: Mapped[key]
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    licence: Mapped[str] = mapped_column(String(400))
    digest: Mapped[str] = mapped_column(String(16), default="")


class Skill(Table):
    """One skill, knowledge area or group of skills; `key` is the framework's own name for it.

    Keys are told apart over all frameworks: those of ESCO stand as they are, others begin with their framework's. What
    a newer file of the framework no longer has, and people have or want, stays and is marked with `gone_at`.
    """

    __tablename__ = "skills"
    __table_args__ = (UniqueConstraint("framework_id", "key"),)

    id: Mapped[key]
    framework_id: Mapped[UUID] = mapped_column(ForeignKey("frameworks.id"))
    key: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(300), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    gone_at: Mapped[datetime | None]


class SkillLink(Table):
    """A relation that the framework states between two skills: essential, optional, broader_skill, broader_group."""

    __tablename__ = "skill_links"

    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True)
    related_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    relation: Mapped[str] = mapped_column(String(20), primary_key=True)


class SkillStatement(Table):
    """What one voice says of one person's skill: themselves, somebody beside them, their organization or their work.

    One row for one voice: a new word replaces the earlier one. Where nobody in particular speaks (the organization,
    shown work), `said_by_id` is empty.
    """

    __tablename__ = "skill_statements"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        UniqueConstraint("person_id", "skill_id", "source", "said_by_id"),
        Index(None, "at"),
    )

    id: Mapped[key]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), index=True)
    source: Mapped[str] = mapped_column(String(20))
    said_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    level: Mapped[int]
    at: Mapped[datetime]


class PersonSkill(Table):
    """A skill that somebody has, at the proficiency level from 1 to 5 that all statements come to.

    `source` is who says so, or `several`; `at` is when something was last said.
    """

    __tablename__ = "person_skills"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
    source: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


class Goal(Table):
    """A level of a skill that somebody wants to reach."""

    __tablename__ = "goals"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
    at: Mapped[datetime]
