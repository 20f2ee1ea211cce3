"""A framework as it is written to a file, and which frameworks there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from academy.bridges.framework_file import engine
from academy.bridges.framework_file.queries.planning import organization_for
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.skills.models import Framework, Skill, SkillLink


@dataclass(frozen=True)
class KeptFramework:
    """A framework that is here: how many skills and groups it has, and how many are gone and kept."""

    id: UUID
    key: str
    version: str
    name: str
    skills: int
    groups: int
    gone: int


def frameworks_for(session: Session, viewer: Viewer) -> list[KeptFramework]:
    """Return the frameworks that are here, by name."""
    organization_for(session, viewer)
    there = Skill.gone_at.is_(None)
    rows = session.execute(
        select(
            *(Framework.id, Framework.key, Framework.version, Framework.name),
            func.coalesce(func.sum(case((there & (Skill.kind != "group"), 1), else_=0)), 0),
            func.coalesce(func.sum(case((there & (Skill.kind == "group"), 1), else_=0)), 0),
            func.count(Skill.gone_at),
        )
        .outerjoin(Skill, Skill.framework_id == Framework.id)
        .group_by(Framework.id, Framework.key, Framework.version, Framework.name)
        .order_by(Framework.name, Framework.id)
    )
    return [KeptFramework(*row) for row in rows]


def framework_for(session: Session, viewer: Viewer, framework_id: UUID) -> Framework:
    """Find a framework that the viewer keeps."""
    organization_for(session, viewer)
    found = session.get(Framework, framework_id)
    if found is None:
        raise Missing
    return found


def id_of(session: Session, key: str) -> UUID:
    """Find a framework by its key; raises `Missing`."""
    found = session.scalar(select(Framework.id).where(Framework.key == key).order_by(Framework.version.desc()).limit(1))
    if found is None:
        raise Missing
    return found


def rows_for(session: Session, viewer: Viewer, framework_id: UUID) -> tuple[str, Iterator[dict[str, str]]]:
    """Return a framework's key and the rows of its file; what is gone and kept is left out."""
    found = framework_for(session, viewer, framework_id)
    begins = len(engine.prefix_of(found.key))
    nodes = session.execute(
        select(Skill.key, Skill.label, Skill.kind).where(Skill.framework_id == found.id, Skill.gone_at.is_(None))
    ).all()
    one, other = aliased(Skill), aliased(Skill)
    links = session.execute(
        select(one.key, other.key, SkillLink.relation)
        .join(one, one.id == SkillLink.skill_id)
        .join(other, other.id == SkillLink.related_id)
        .where(one.framework_id == found.id, one.gone_at.is_(None), other.gone_at.is_(None))
    ).all()
    head = {"key": found.key, "label": found.name, "version": found.version, "licence": found.licence}
    return found.key, engine.rows(
        head,
        [(key[begins:], label, kind) for key, label, kind in nodes],
        [(key[begins:], related[begins:], relation) for key, related, relation in links],
    )
