"""Cohorts in the people file: what a cell means, and what to write into one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.people_file.engine import cells
from academy.bridges.people_file.engine.cells import Wrong
from academy.bridges.people_file.engine.sheets import Problem
from academy.bridges.people_file.queries.planning import each
from academy.bridges.people_file.queries.slots import Change, Known
from academy.kernel.ids import encode
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import Group, Membership, Role
from academy.people.policy import Right, grantable, reaches
from cohorts.roster.models import Cohort, CohortState, Waiting

COLUMN = "cohort"
ROLES = (Role.LEARNER, Role.MENTOR, Role.FACILITATOR)

Place = tuple[UUID, str]
"""A cohort and a role in it."""


def plan(session: Session, viewer: Viewer, rows: Sequence[Known]) -> tuple[dict[int, Change], list[Problem]]:
    """Say whom the file would enroll where. A file enrolls and takes nobody out; who is in already stays so."""
    if not rows:
        return {}, []
    names = _cohorts(session, viewer)
    held = each(session, partial(_held, list(names)), [row.person_id for row in rows if not row.new])
    closed = set(session.scalars(select(Cohort.id).where(Cohort.id.in_(list(names)), Cohort.state != CohortState.OPEN)))
    by_name: dict[str, list[UUID]] = defaultdict(list)
    for cohort_id, name in names.items():
        by_name[name.casefold()].append(cohort_id)
        by_name[encode(cohort_id)].append(cohort_id)
    path_of = cache(partial(people.path_of, session))
    changes, problems = {}, []
    for row in rows:
        try:
            places = [_place(entry, row, by_name, names) for entry in cells.entries(row.cells[COLUMN])]
            if not places:
                raise Wrong("A file enrolls people and takes nobody out of a cohort.")
            new = [p for p in dict.fromkeys(places) if p[1] not in held.get((row.person_id, p[0]), ())]
            for cohort_id, role in new:
                if cohort_id in closed:
                    raise Wrong(f"{names[cohort_id]} is closed: nobody new is enrolled. Open it again first.")
                if not grantable(viewer, role, path_of(cohort_id)):
                    raise Wrong(f"You can't make anybody a {role} in {names[cohort_id]}.")
        except Wrong as wrong:
            problems.append(Problem(row.line, COLUMN, str(wrong)))
            continue
        if new:
            after = "; ".join(_written(names[cohort_id], role) for cohort_id, role in new)
            changes[row.line] = Change(COLUMN, "", after, new)
    return changes, problems


def _cohorts(session: Session, viewer: Viewer) -> dict[UUID, str]:
    rows = session.execute(
        select(Group.id, Group.name)
        .join(Cohort, Cohort.id == Group.id)
        .where(reaches(viewer, Right.ENROLL, Group.id))
        .order_by(Group.id)
    )
    return {row.id: row.name for row in rows}


def _held(
    cohort_ids: Sequence[UUID], session: Session, person_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], set[str]]:
    """Return the roles that some people hold in these cohorts now, by (person, cohort)."""
    found: dict[tuple[UUID, UUID], set[str]] = defaultdict(set)
    for row in session.execute(
        select(Membership.person_id, Membership.group_id, Membership.role).where(
            Membership.person_id.in_(person_ids),
            Membership.group_id.in_(cohort_ids),
            Membership.until_at.is_(None),
        )
    ):
        found[row.person_id, row.group_id].add(row.role)
    waiting = select(Waiting.person_id, Waiting.cohort_id).where(
        Waiting.person_id.in_(person_ids), Waiting.cohort_id.in_(cohort_ids)
    )
    for one in session.execute(waiting):  # for a seat: asked again, they still wait
        found[one.person_id, one.cohort_id].add(Role.LEARNER)
    return found


def _place(entry: str, row: Known, by_name: Mapping[str, Sequence[UUID]], names: Mapping[UUID, str]) -> Place:
    """Read `Kestrel` or `Kestrel:mentor`; without a role it is the row's own, if that is one of a cohort's."""
    name, role = entry, ""
    if entry.casefold() not in by_name:
        name, role = cells.rated(entry)
    found = by_name.get(name.casefold(), ())
    if not found:
        raise Wrong(f"No cohort that you enroll into is called “{name[:80]}”.{cells.meant(name, names.values())}")
    if len(found) > 1:
        ids = ", ".join(encode(cohort_id) for cohort_id in found)
        raise Wrong(f"Several cohorts are called “{name[:80]}”: write the id of one ({ids}).")
    if not role:
        own = [word.casefold() for word in cells.entries(row.cells.get("role", "").replace(",", ";"))]
        role = next((word for word in own if word in ROLES), Role.LEARNER.value)
    if role.casefold() not in ROLES:
        raise Wrong(f"In a cohort people are learners, mentors or facilitators, not “{role[:40]}”.")
    return found[0], role.casefold()


def _written(name: str, role: str) -> str:
    return name if role == Role.LEARNER else f"{name}:{role}"


def export(session: Session, viewer: Viewer, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Write where people are enrolled, by the cohort's name, or its id where a name would not lead back to it."""
    names = _cohorts(session, viewer)
    alike: dict[str, int] = defaultdict(int)
    for name in names.values():
        alike[name.casefold()] += 1
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in session.execute(
        select(Membership.person_id, Membership.group_id, Membership.role).where(
            Membership.person_id.in_(person_ids),
            Membership.group_id.in_(list(names)),
            Membership.role.in_(ROLES),
            Membership.until_at.is_(None),
        )
    ):
        name = names[row.group_id]
        plain = alike[name.casefold()] == 1 and not set(name) & set(";:") and name == name.strip()
        found[row.person_id].append(_written(name if plain else encode(row.group_id), row.role))
    return {person_id: "; ".join(sorted(places)) for person_id, places in found.items()}
