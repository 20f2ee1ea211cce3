"""Verbs on framework files: apply one."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from academy.bridges.framework_file.engine import FrameworkSheet, prefix_of
from academy.bridges.framework_file.events import FrameworkBroughtIn
from academy.bridges.framework_file.queries.planning import Plan, organization_for, plan_for
from academy.bridges.people_file import actions as files
from academy.bridges.people_file.models import FRAMEWORK
from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.neighbours import actions as neighbours
from academy.skills.models import Framework, Skill, SkillLink


def keep(session: Session, *, viewer: Viewer, name: str, body: bytes) -> UUID:
    """Keep a file until its sender confirms it, an hour at most."""
    organization_for(session, viewer)
    return files.keep(session, viewer=viewer, name=name, body=body, purpose=FRAMEWORK)


def bring_in(session: Session, *, viewer: Viewer, sheet: FrameworkSheet) -> Plan:
    """Make a framework what a file says, as a whole; what is so already makes no event and no change.

    Nothing that is in use is deleted: a skill that the file no longer has, and that anything refers to, stays and is
    marked as gone. Raises `Invalid` when rows are bad.
    """
    plan = plan_for(session, viewer, sheet)
    if plan.problems:
        detail = f"{plan.bad_rows} of {sheet.rows} rows can't be used, so nothing was changed. Mend them and try again."
        raise Invalid(detail, errors={"file": [f"Line {p.line}: {p.sentence}" for p in plan.problems]})
    if plan.idle:
        return plan
    framework = _framework(session, plan)
    _nodes(session, plan, framework)
    _links(session, plan)
    _name(session, plan, framework)
    emit(
        session,
        FrameworkBroughtIn(
            actor_id=viewer.person_id,
            framework=sheet.key,
            added=len(plan.added),
            changed=len(plan.changed),
            removed=len(plan.removed),
            kept=len(plan.kept),
        ),
    )
    neighbours.compute(session)
    return plan


def _framework(session: Session, plan: Plan) -> UUID:
    sheet = plan.sheet
    said = {"version": sheet.version, "name": sheet.name, "licence": sheet.licence}
    if plan.framework_id is not None:
        session.execute(update(Framework).where(Framework.id == plan.framework_id).values(**said))
        return plan.framework_id
    made = new_id()
    session.execute(insert(Framework).values(id=made, key=sheet.key, **said))
    return made


def _nodes(session: Session, plan: Plan, framework_id: UUID) -> None:
    prefix, rows = prefix_of(plan.sheet.key), []
    for node in plan.added:
        plan.ids[node.key] = new_id()
        said: dict[str, Any] = {"key": prefix + node.key, "label": node.label, "kind": node.kind, "gone_at": None}
        rows.append({"id": plan.ids[node.key], "framework_id": framework_id, **said})
    if rows:
        session.execute(insert(Skill), rows)
    for change in plan.changed:
        said = {"label": change.node.label, "kind": change.node.kind, "gone_at": None}
        session.execute(update(Skill).where(Skill.id == change.id).values(**said))
    for skill_id, _ in plan.kept:
        session.execute(update(Skill).where(Skill.id == skill_id).values(gone_at=clock.now()))
    gone = [skill_id for skill_id, _ in plan.removed]
    neighbours.forget(session, gone)
    for at in range(0, len(gone), neighbours.AT_ONCE):
        part = gone[at : at + neighbours.AT_ONCE]
        session.execute(delete(SkillLink).where(SkillLink.skill_id.in_(part)))
        session.execute(delete(SkillLink).where(SkillLink.related_id.in_(part)))
        session.execute(delete(Skill).where(Skill.id.in_(part)))


def _name(session: Session, plan: Plan, framework_id: UUID) -> None:
    """Name what the framework says now: the file, and what is gone and kept beside it."""
    gone = session.scalars(
        select(Skill.key).where(Skill.framework_id == framework_id, Skill.gone_at.is_not(None)).order_by(Skill.key)
    ).all()
    digest = hashlib.sha256("\n".join([plan.sheet.digest, *gone]).encode()).hexdigest()[:12]
    session.execute(update(Framework).where(Framework.id == framework_id).values(digest=digest))


def _links(session: Session, plan: Plan) -> None:
    for skill_id, related_id, relation in plan.unlinked:
        session.execute(
            delete(SkillLink).where(
                SkillLink.skill_id == skill_id, SkillLink.related_id == related_id, SkillLink.relation == relation
            )
        )
    ids = plan.ids
    rows = [{"skill_id": ids[a], "related_id": ids[b], "relation": relation} for a, b, relation in plan.linked]
    if rows:
        session.execute(insert(SkillLink), rows)
