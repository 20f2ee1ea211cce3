"""What a framework file would change, compared with what there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.framework_file.engine import FrameworkSheet, Node, prefix_of
from academy.bridges.people_file.engine.sheets import Problem
from academy.kernel.access import Missing
from academy.kernel.db import Table
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.policy import Right
from academy.skills.models import Framework, Skill, SkillLink

AT_ONCE = 5_000
"""Ids in one statement: databases take so many parameters."""
COMPUTED = frozenset({"skill_links", "skill_neighbours", "skills_together"})
"""Tables that refer to skills and say nothing about anybody: what they hold goes with the skill."""

Link = tuple[UUID, UUID, str]


@dataclass
class Change:
    """A row that would be another: what it says now, and what the file says."""

    node: Node
    id: UUID
    label: str
    kind: str
    back: bool
    """It was gone, and the file has it again."""


@dataclass
class Plan:
    """What a framework file would do, and everything that is wrong with it."""

    sheet: FrameworkSheet
    problems: list[Problem]
    framework_id: UUID | None = None
    version: str = ""
    head: bool = False
    """Name, version or licence of the framework would be others."""
    added: list[Node] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[tuple[UUID, str]] = field(default_factory=list)
    kept: list[tuple[UUID, str]] = field(default_factory=list)
    """Skills that the file no longer has, and that are in use: they stay, and are offered to nobody new."""
    linked: list[tuple[str, str, str]] = field(default_factory=list)
    unlinked: list[Link] = field(default_factory=list)
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def new(self) -> bool:
        """Whether there is no framework of this key yet."""
        return self.framework_id is None

    @property
    def idle(self) -> bool:
        """Whether everything is as the file says already."""
        things = (self.added, self.changed, self.removed, self.kept, self.linked, self.unlinked)
        return not (self.new or self.head or any(things))

    @property
    def bad_rows(self) -> int:
        """Count the rows that something is wrong with."""
        return len({problem.line for problem in self.problems})


def organization_for(session: Session, viewer: Viewer) -> UUID:
    """Return the organization whose frameworks the viewer keeps; to others it is `Missing`."""
    found = people.organization(session)
    if found is None:
        raise Missing
    people.demand(session, viewer, Right.KEEP_SKILLS, found.id, known_by=Right.KEEP_SKILLS)
    return found.id


def plan_for(session: Session, viewer: Viewer, sheet: FrameworkSheet) -> Plan:
    """Say what a file would do. A few statements, whatever its length, and a few more for each skill it lacks."""
    organization_for(session, viewer)
    plan = Plan(sheet, list(sheet.problems))
    if plan.problems:
        return plan
    here = session.scalar(select(Framework).where(Framework.key == sheet.key).order_by(Framework.version.desc()))
    if here is None:
        plan.added, plan.linked = list(sheet.nodes.values()), sorted(sheet.links)
        return plan
    plan.framework_id, plan.version = here.id, here.version
    plan.head = (here.name, here.version, here.licence) != (sheet.name, sheet.version, sheet.licence)
    _nodes(session, plan)
    _links(session, plan)
    return plan


def _nodes(session: Session, plan: Plan) -> None:
    sheet, begins = plan.sheet, len(prefix_of(plan.sheet.key))
    rows = session.execute(
        select(Skill.id, Skill.key, Skill.label, Skill.kind, Skill.gone_at).where(
            Skill.framework_id == plan.framework_id
        )
    ).all()
    lacking: dict[UUID, str] = {}
    for row in rows:
        key = row.key[begins:]
        plan.ids[key] = row.id
        node = sheet.nodes.get(key)
        if node is None:
            if row.gone_at is None:
                lacking[row.id] = row.label
        elif (node.label, node.kind) != (row.label, row.kind) or row.gone_at is not None:
            plan.changed.append(Change(node, row.id, row.label, row.kind, back=row.gone_at is not None))
    plan.added = [node for key, node in sheet.nodes.items() if key not in plan.ids]
    grouped = [change for change in plan.changed if change.node.kind == "group" != change.kind]
    used = in_use(session, [*lacking, *(change.id for change in grouped)])
    for change in grouped:
        if change.id in used:
            sentence = f"“{change.label}” is in use as a {change.kind}, so it can't become a group."
            plan.problems.append(Problem(change.node.line, "kind", sentence))
    by_name = sorted(lacking.items(), key=lambda one: (one[1], one[0]))
    plan.removed = [one for one in by_name if one[0] not in used]
    plan.kept = [one for one in by_name if one[0] in used]


def _links(session: Session, plan: Plan) -> None:
    """Compare relations. Those of a skill that is gone and kept stay, so that who has it is still near to others."""
    ids = plan.ids
    there = {key: skill_id for key, skill_id in ids.items() if key in plan.sheet.nodes}
    keys = {skill_id: key for key, skill_id in there.items()}
    rows = session.execute(
        select(SkillLink.skill_id, SkillLink.related_id, SkillLink.relation)
        .join(Skill, Skill.id == SkillLink.skill_id)
        .where(Skill.framework_id == plan.framework_id)
    )
    known = set()
    for row in rows:
        if row.skill_id in keys and row.related_id in keys:
            link = (keys[row.skill_id], keys[row.related_id], row.relation)
            known.add(link)
            if link not in plan.sheet.links:
                plan.unlinked.append((row.skill_id, row.related_id, row.relation))
    plan.linked = sorted(plan.sheet.links - known)


def in_use(session: Session, skill_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these skills something refers to that nobody would want to lose, in whatever table it is."""
    found: set[UUID] = set()
    wanted = sorted(skill_ids)
    columns = [
        column
        for table in Table.metadata.sorted_tables
        if table.name not in COMPUTED
        for column in table.columns
        if any(reference.column.table.name == Skill.__tablename__ for reference in column.foreign_keys)
    ]
    for part in _parts(wanted):
        for column in columns:
            found.update(session.scalars(select(column).where(column.in_(part)).distinct()))
    return found


def _parts(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))
