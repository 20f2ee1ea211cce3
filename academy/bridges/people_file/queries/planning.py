"""What a people file would change, compared with what there is: asked in a few statements, whatever its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.people_file.engine import cells as reading
from academy.bridges.people_file.engine.cells import Wrong
from academy.bridges.people_file.engine.sheets import Problem, Sheet
from academy.bridges.people_file.queries.finding import Here, here_of, known
from academy.bridges.people_file.queries.slots import Change, Column, Known, Person, Plan
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.people import models as people
from academy.people import queries as people_queries
from academy.people.models import GroupKind, Membership, Role
from academy.people.policy import Right, appointable, grantable
from academy.skills import queries as skills
from academy.skills.models import Skill

K = TypeVar("K")
V = TypeVar("V")
AT_ONCE = 5_000
"""Ids in one statement: databases take so many parameters."""
IN_A_COHORT = frozenset({Role.LEARNER, Role.MENTOR, Role.FACILITATOR})
PLAIN: Mapping[str, Callable[[str], str]] = {
    "name": lambda cell: reading.line(cell, 120, "A name"),
    "pronouns": lambda cell: reading.line(cell, 40, "Pronouns"),
    "zone": reading.zone,
    "locale": reading.locale,
    "external_id": lambda cell: reading.line(cell, 120, "An external id"),
}
"""Columns of one value, and how it is read."""
EMPTIED: Mapping[str, Any] = {"pronouns": "", "external_id": None, "languages": [], "skills": {}, "goals": {}}
"""What "-" makes of the columns that can be emptied."""


def organization_for(session: Session, viewer: Viewer) -> UUID:
    """Return the organization whose people the viewer may bring in and take out; to others it is `Missing`."""
    found = people_queries.organization(session)
    if found is None:
        raise Missing
    people_queries.demand(session, viewer, Right.SETTLE, found.id, known_by=Right.SETTLE)
    return found.id


def homes(session: Session, organization_id: UUID) -> dict[str, UUID]:
    """Return the group in which each role outside cohorts is held.

    Admins and analysts serve the organization. Leads and members belong to the academy where there is one; where
    there are several, a member belongs to the organization, and a lead is appointed in an academy by hand.
    """
    academies = session.scalars(select(people.Group.id).where(people.Group.kind == GroupKind.ACADEMY).limit(2)).all()
    only = academies[0] if len(academies) == 1 else None
    found = {Role.ADMIN: organization_id, Role.ANALYST: organization_id, Role.MEMBER: only or organization_id}
    return {role.value: group for role, group in {**found, **({Role.LEAD: only} if only else {})}.items()}


def plan_for(session: Session, viewer: Viewer, sheet: Sheet, more: Sequence[Column]) -> Plan:
    """Say what a file would do, and everything that is wrong with it at once."""
    organization_id = organization_for(session, viewer)
    problems = list(sheet.problems)
    here = here_of(session, sheet.rows)
    rows = known(sheet.rows, here, problems)
    found = {row.line: _person(row, here) for row in rows}
    for part in (_plain, _languages, _managers):
        for line, change in part(rows, here, session, problems):
            found[line].changes.append(change)
    for name in ("skills", "goals"):
        for line, change in _rated(name, rows, session, problems):
            found[line].changes.append(change)
    for line, change in _roles(rows, session, viewer, organization_id, problems):
        found[line].changes.append(change)
    for column in more:
        changes, wrong = column.plan(session, viewer, [row for row in rows if column.name in row.cells])
        problems += wrong
        for line, change in changes.items():
            found[line].changes.append(change)
    bad = {problem.line for problem in problems}
    people_changed = [p for p in found.values() if (p.new or p.changes) and p.line not in bad]
    return Plan(
        people=people_changed,
        problems=sorted(problems, key=lambda p: (p.line, p.column)),
        unknown=sheet.unknown,
        rows=len(sheet.rows) + len(sheet.problems),
        same=len(found) - len(people_changed) - len(bad & set(found)),
    )


def plan_without_bad_rows(session: Session, viewer: Viewer, sheet: Sheet, more: Sequence[Column]) -> Plan:
    """Say what the good rows of a file would do; a row that leans on a bad one is bad too."""
    problems: list[Problem] = []
    while True:
        plan = plan_for(session, viewer, sheet, more)
        if not plan.problems:
            rows = plan.rows + len({p.line for p in problems})
            return replace(plan, problems=sorted(problems, key=lambda p: (p.line, p.column)), rows=rows)
        problems += plan.problems
        bad = {problem.line for problem in plan.problems}
        sheet = Sheet(sheet.columns, sheet.unknown, [row for row in sheet.rows if row.line not in bad])


def _person(row: Known, here: Here) -> Person:
    return Person(row.line, row.person_id, row.new, here.names[row.person_id], here.labels[row.person_id])


Found = Iterator[tuple[int, Change]]


def _plain(rows: Sequence[Known], here: Here, _session: Session, problems: list[Problem]) -> Found:
    for row in rows:
        for column, read in PLAIN.items():
            cell = row.cells.get(column)
            if cell is None:
                continue
            try:
                value = _emptied(column) if cell == "" else read(cell)
            except Wrong as wrong:
                problems.append(Problem(row.line, column, str(wrong)))
                continue
            there = here.rows.get(row.person_id)
            before = getattr(there, column) if there is not None else None
            if before != value and not (row.new and not value):
                yield row.line, Change(column, before or "", value or "", value)


def _emptied(column: str) -> Any:
    if column not in EMPTIED:
        raise Wrong("This can't be emptied.")
    return EMPTIED[column]


def _languages(rows: Sequence[Known], _here: Here, session: Session, problems: list[Problem]) -> Found:
    asked = [row for row in rows if "languages" in row.cells]
    held = _each(session, people_queries.languages_of, asked)
    for row in asked:
        try:
            value = reading.languages(row.cells["languages"])
        except Wrong as wrong:
            problems.append(Problem(row.line, "languages", str(wrong)))
            continue
        before = held.get(row.person_id, [])
        if before != value:
            yield row.line, Change("languages", "; ".join(before), "; ".join(value), value)


def _managers(rows: Sequence[Known], here: Here, _session: Session, problems: list[Problem]) -> Found:
    """Read who reports to whom, once everybody of the file is known; nobody may end up above themselves."""
    after, changed = dict(here.managers), {}
    for row in rows:
        cell = row.cells.get("manager")
        if cell is None:
            continue
        manager_id = here.by_email.get(cell.casefold()) or here.by_external.get(cell) if cell else None
        if cell and manager_id is None:
            sentence = f"Nobody here or in this file has the address or external id “{cell[:80]}”."
            problems.append(Problem(row.line, "manager", sentence))
            continue
        before = here.managers.get(row.person_id)
        after[row.person_id] = manager_id
        if before != manager_id:
            was, would = (here.labels.get(one, "") if one else "" for one in (before, manager_id))
            changed[row.line] = (row.person_id, Change("manager", was, would, manager_id))
    for line, (person_id, change) in changed.items():
        circle = _circle(person_id, after)
        if circle:
            way = " reports to ".join(here.names[one] for one in circle)
            problems.append(Problem(line, "manager", f"That would be a circle: {way}."))
        else:
            yield line, change


def _circle(person_id: UUID, managers: Mapping[UUID, UUID | None]) -> list[UUID]:
    way, at = [person_id], managers.get(person_id)
    while at is not None and at not in way:
        way.append(at)
        at = managers.get(at)
    return [*way, person_id] if at == person_id else []


def _rated(column: str, rows: Sequence[Known], session: Session, problems: list[Problem]) -> Found:
    """Read skills or goals; the change's work maps a skill to its level, 0 takes it away."""
    asked = [row for row in rows if column in row.cells]
    if not asked:
        return
    labels: dict[UUID, str] = {}
    ids: dict[str, UUID] = {}
    for skill_id, label in session.execute(
        select(Skill.id, Skill.label).where(Skill.kind != "group").order_by(Skill.framework_id, Skill.key)
    ):
        labels[skill_id] = label
        ids.setdefault(label.casefold(), skill_id)
    ask: Any = skills.skills_of if column == "skills" else skills.goals_of
    held = _each(session, ask, asked)
    stated = _each(session, skills.stated_by_organization, asked) if column == "skills" else {}
    suggested: dict[str, str] = {}
    for row in asked:
        levels = {one.skill_id: one.level for one in held.get(row.person_id, [])}
        try:
            wanted = _wanted(row.cells[column], ids, labels, suggested)
        except Wrong as wrong:
            problems.append(Problem(row.line, column, str(wrong)))
            continue
        if not row.cells[column]:
            wanted = dict.fromkeys(levels, 0)
        # What the organization said before is no change, even where others have spoken since and it comes to another.
        before = stated.get(row.person_id, {})
        changed = {
            skill_id: level
            for skill_id, level in wanted.items()
            if levels.get(skill_id, 0) != level and before.get(skill_id) != level
        }
        if changed:
            was, would = (
                "; ".join(f"{labels[i]}:{n[i]}" for i in sorted(changed, key=lambda i: labels[i]) if n.get(i))
                for n in (levels, changed)
            )
            yield row.line, Change(column, was, would, changed)


def _wanted(
    cell: str, ids: Mapping[str, UUID], labels: Mapping[UUID, str], suggested: dict[str, str]
) -> dict[UUID, int]:
    """Read `Haskell:3; lead others:2`; what was looked for in vain is looked for once."""
    found = {}
    for entry in reading.entries(cell):
        name, word = (entry, "") if entry.casefold() in ids else reading.rated(entry)
        skill_id = ids.get(name.casefold())
        if skill_id is None:
            if name not in suggested:
                suggested[name] = reading.meant(name, labels.values())
            raise Wrong(f"No skill is called “{name[:80]}”.{suggested[name]}")
        found[skill_id] = reading.level(word, labels[skill_id])
    return found


def _roles(
    rows: Sequence[Known], session: Session, viewer: Viewer, organization_id: UUID, problems: list[Problem]
) -> Found:
    """Read roles outside cohorts: a file gives them and takes none. Whoever is new is a member at least."""
    asked = [row for row in rows if row.new or "role" in row.cells]
    if not asked:
        return
    home = homes(session, organization_id)
    held: dict[UUID, set[str]] = defaultdict(set)
    paths: dict[UUID, Any] = {}
    if any("role" in row.cells for row in asked):
        held.update(_each(session, partial(_held, home), asked))
        paths = {g: people_queries.path_of(session, g) for g in set(home.values())}
    for row in asked:
        try:
            wanted = set(_given(row, viewer, home, held[row.person_id], paths))
        except Wrong as wrong:
            problems.append(Problem(row.line, "role", str(wrong)))
            continue
        new = sorted((wanted | ({Role.MEMBER.value} if row.new else set())) - held[row.person_id])
        if new:
            yield row.line, Change("role", "; ".join(sorted(held[row.person_id])), "; ".join(new), new)


def _held(home: Mapping[str, UUID], session: Session, person_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    """Return the roles that people hold outside cohorts, where this file would give them."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for row in session.execute(
        select(Membership.person_id, Membership.role, Membership.group_id).where(
            Membership.person_id.in_(person_ids),
            Membership.group_id.in_(set(home.values())),
            Membership.until_at.is_(None),
        )
    ):
        if home.get(row.role) == row.group_id:
            found[row.person_id].add(row.role)
    return found


def _given(
    row: Known, viewer: Viewer, home: Mapping[str, UUID], held: set[str], paths: Mapping[UUID, Any]
) -> Iterator[str]:
    """Read the roles of a row that are held outside cohorts; those of a cohort are read with the cohort."""
    if row.cells.get("role") == "":
        raise Wrong("A file gives roles and takes none away.")
    for word in reading.entries(row.cells.get("role", "").replace(",", ";")):
        role = word.casefold()
        if role not in set(Role):
            raise Wrong(f"“{word[:40]}” is no role.{reading.meant(role, list(Role))}")
        if role in IN_A_COHORT:
            if "cohort" not in row.cells:
                raise Wrong(f"The role {role} is held in a cohort: name it in the column cohort.")
            continue
        if role not in home:
            raise Wrong(f"There are several academies: give the role {role} on the page of one.")
        if role not in held and not grantable(viewer, role, paths[home[role]]):
            raise Wrong(_not_given(role, may_appoint=appointable(viewer, role, paths[home[role]], row.person_id)))
        yield role


def _not_given(role: str, *, may_appoint: bool) -> str:
    if may_appoint:
        return f"A file can't give the role {role} for you. Appoint them by hand: Administration, Roles."
    return f"You can't give the role {role}: it has rights that you don't have yourself."


def _each(session: Session, ask: Callable[[Session, Sequence[UUID]], Any], rows: Sequence[Known]) -> dict[UUID, Any]:
    """Ask about everybody of these rows who is here already, so many at once as a statement takes."""
    ids = [row.person_id for row in rows if not row.new]
    return each(session, ask, ids)


def each(session: Session, ask: Callable[[Session, Sequence[UUID]], Mapping[K, V]], ids: Sequence[UUID]) -> dict[K, V]:
    """Ask about many people, so many at once as a statement takes."""
    found: dict[K, V] = {}
    for start in range(0, len(ids), AT_ONCE):
        found.update(ask(session, ids[start : start + AT_ONCE]))
    return found
