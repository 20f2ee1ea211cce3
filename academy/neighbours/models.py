"""Which skills are near which, and which are had together: computed, and kept until they are computed again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.kernel.db import Table


class SkillNeighbour(Table):
    """A skill near another: its nearness seen from that one in millionths, and the way there.

    `way` holds, for each step, the skill or group that it leads to as [id, name, relation, back]. Rows of one `walk`
    are written little by little and count once its name is the state called walk: nobody waits for so many.
    """

    __tablename__ = "skill_neighbours"

    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True)
    walk: Mapped[str] = mapped_column(String(32), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    near_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), index=True)
    nearness: Mapped[int]
    way: Mapped[list[Any]]


class SkillsTogether(Table):
    """Two skills that enough people here have both, or that a track here practises both. How many is not kept."""

    __tablename__ = "skills_together"

    skill_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True)
    related_id: Mapped[UUID] = mapped_column(ForeignKey("skills.id"), primary_key=True)

    __table_args__ = (Index(None, "related_id"),)


class GraphState(Table):
    """Which version of something computed is here.

    `together` names what is had together, `neighbours` the graph of the nearest skills, `walk` those of their rows
    that count.
    """

    __tablename__ = "graph_states"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
