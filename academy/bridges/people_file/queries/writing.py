"""The people there are, as the rows of a people file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.people_file.engine.sheets import COLUMNS
from academy.bridges.people_file.queries.planning import each, homes, organization_for
from academy.bridges.people_file.queries.slots import Column
from academy.kernel.viewer import Viewer
from academy.people import queries as people_queries
from academy.people.models import Membership, Person
from academy.skills import queries as skills

AT_ONCE = 500


def people_for(session: Session, viewer: Viewer) -> list[UUID]:
    """Return everybody with an open account, by name; only admins of the organization may ask."""
    organization_for(session, viewer)
    return list(
        session.scalars(select(Person.id).where(Person.deactivated_at.is_(None)).order_by(Person.name, Person.id))
    )


def columns(more: Sequence[Column]) -> list[str]:
    """Return every column, in the order in which they are written."""
    return [*COLUMNS, *(column.name for column in more)]


def rows_for(
    session: Session, viewer: Viewer, person_ids: Sequence[UUID], more: Sequence[Column]
) -> Iterator[Mapping[str, str]]:
    """Yield each person's row; five hundred people are read at once, so that memory stays small."""
    home = homes(session, organization_for(session, viewer))
    addresses = {row.id: row.email for row in session.execute(select(Person.id, Person.email))}
    for start in range(0, len(person_ids), AT_ONCE):
        yield from _some(session, viewer, person_ids[start : start + AT_ONCE], more, home, addresses)


def _some(
    session: Session,
    viewer: Viewer,
    ids: Sequence[UUID],
    more: Sequence[Column],
    home: Mapping[str, UUID],
    addresses: Mapping[UUID, str],
) -> Iterator[Mapping[str, str]]:
    rows = {
        row.id: row
        for row in session.execute(
            select(
                Person.id,
                Person.email,
                Person.name,
                Person.external_id,
                Person.zone,
                Person.locale,
                Person.pronouns,
                Person.manager_id,
            ).where(Person.id.in_(ids))
        )
    }
    spoken = each(session, people_queries.languages_of, ids)
    held, wanted = each(session, skills.skills_of, ids), each(session, skills.goals_of, ids)
    roles = _roles(session, ids, home)
    others = {column.name: column.export(session, viewer, ids) for column in more}
    for person_id in ids:
        row = rows[person_id]
        yield {
            "email": row.email,
            "name": row.name,
            "external_id": row.external_id or "",
            "zone": row.zone,
            "locale": row.locale,
            "pronouns": row.pronouns,
            "languages": "; ".join(spoken[person_id]),
            "manager": addresses.get(row.manager_id, ""),
            "skills": _levels(held[person_id]),
            "goals": _levels(wanted[person_id]),
            "role": "; ".join(sorted(roles[person_id])),
            **{name: found.get(person_id, "") for name, found in others.items()},
        }


def _levels(found: Sequence[Any]) -> str:
    return "; ".join(f"{one.label}:{one.level}" for one in found)


def _roles(session: Session, ids: Sequence[UUID], home: Mapping[str, UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    for row in session.execute(
        select(Membership.person_id, Membership.role, Membership.group_id).where(
            Membership.person_id.in_(ids),
            Membership.group_id.in_(set(home.values())),
            Membership.until_at.is_(None),
        )
    ):
        if home.get(row.role) == row.group_id:
            found[row.person_id].add(row.role)
    return found
