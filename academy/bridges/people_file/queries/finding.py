"""Whom the rows of a people file are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from academy.bridges.people_file.engine import cells as reading
from academy.bridges.people_file.engine.cells import Wrong
from academy.bridges.people_file.engine.sheets import Problem, Row
from academy.bridges.people_file.queries.slots import Known
from academy.kernel.ids import new_id
from academy.people import models as people

CALLED = ("email", "external_id", "manager")
"""The columns whose cells call somebody."""
MOST_CALLED = 3_000
"""Of a file that calls more people than this, everybody is looked at."""


@dataclass
class Here:
    """The people there are, and who they would be after this file, by what a row may call them."""

    rows: dict[UUID, Any]
    by_email: dict[str, UUID]
    by_external: dict[str, UUID]
    managers: dict[UUID, UUID | None]
    names: dict[UUID, str]
    labels: dict[UUID, str] = field(default_factory=dict)


def here_of(session: Session, file: Sequence[Row]) -> Here:
    """Find the people whom a file calls by something, and all above them; of a long file, everybody."""
    table = people.Person
    query = select(
        table.id,
        table.email,
        table.email_key,
        table.external_id,
        table.name,
        table.pronouns,
        table.zone,
        table.locale,
        table.manager_id,
        table.deactivated_at,
    )
    called = {word for row in file for column in CALLED for word in [row.cells.get(column)] if word}
    if len(called) <= MOST_CALLED:
        query = query.where(table.id.in_(_called_and_above(called)))
    rows = session.execute(query).all()
    return Here(
        rows={row.id: row for row in rows},
        by_email={row.email_key: row.id for row in rows},
        by_external={row.external_id: row.id for row in rows if row.external_id},
        managers={row.id: row.manager_id for row in rows},
        names={row.id: row.name for row in rows},
        labels={row.id: row.email for row in rows},
    )


def _called_and_above(called: Collection[str]) -> Select[UUID]:
    """Select the people with these addresses or external ids, those they report to, and so on to the top."""
    words = [word for word in called if "\0" not in word]  # nobody is called so, and PostgreSQL refuses it
    named, above = people.Person, aliased(people.Person)
    found = (
        select(named.id, named.manager_id)
        .where(or_(named.email_key.in_([word.casefold() for word in words]), named.external_id.in_(words)))
        .cte(recursive=True)
    )
    found = found.union(select(above.id, above.manager_id).join(found, found.c.manager_id == above.id))
    return select(found.c.id)


def known(rows: Sequence[Row], here: Here, problems: list[Problem]) -> list[Known]:
    """Find out whom each row is about: by external id, then by address; somebody new needs an address and a name.

    A row that names nobody is read on as somebody's who is new: its problem holds it up, and its other cells are said
    to be wrong in the same round.
    """
    found: list[Known] = []
    seen: dict[UUID, int] = {}
    for row in rows:
        try:
            one = _whose(row, here)
        except Wrong as wrong:
            problems.append(Problem(row.line, "email", str(wrong)))
            one = Known(row.line, new_id(), new=True, cells=row.cells)
            here.names[one.person_id] = here.labels[one.person_id] = ""
        if one.person_id in seen:
            sentence = f"This person is in line {seen[one.person_id]} already."
            problems.append(Problem(row.line, "email", sentence))
            continue
        seen[one.person_id] = row.line
        found.append(one)
    return found


def _whose(row: Row, here: Here) -> Known:
    email, external = row.cells.get("email", ""), row.cells.get("external_id", "")
    if not email and not external:
        raise Wrong("This row says nobody's address and no external id.")
    email_key = reading.address(email).casefold() if email else ""
    by_email, by_external = here.by_email.get(email_key), here.by_external.get(external)
    if by_email and by_external and by_email != by_external:
        raise Wrong("The address is one person's and the external id another's.")
    person_id = by_external or by_email
    if person_id is None:
        if not email or not row.cells.get("name"):
            raise Wrong("Nobody here is called so, and somebody new needs an address and a name.")
        person_id = new_id()
        here.by_email[email_key], here.labels[person_id] = person_id, email
        here.names[person_id] = row.cells["name"]
        if external:
            here.by_external[external] = person_id
        return Known(row.line, person_id, new=True, cells=row.cells)
    there = here.rows.get(person_id)
    if there is None:
        return Known(row.line, person_id, new=True, cells=row.cells)
    if there.deactivated_at is not None:
        raise Wrong("This account is closed.")
    if by_external and email and by_email is None:
        raise Wrong(f"This person signs in as {there.email}. A file changes no address: they change it themselves.")
    if external:
        here.by_external.setdefault(external, person_id)
    return Known(row.line, person_id, new=False, cells=row.cells)
