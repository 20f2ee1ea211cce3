"""People files in tests: planned, brought in, written out."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import func, select

from academy.bridges.people_file import actions
from academy.bridges.people_file.engine import sheets
from academy.bridges.people_file.queries import planning, writing
from academy.bridges.people_file.queries.slots import Column, Plan
from academy.kernel.app import Kernel
from academy.kernel.ledger import Entry
from academy.people.models import Membership, Person, PersonLanguage
from academy.skills.models import Goal, PersonSkill
from tests.factories import people

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def sheet_of(kernel: Kernel, text: str | bytes) -> sheets.Sheet:
    body = text.encode() if isinstance(text, str) else text
    return sheets.read(body, {c.name: c.also for c in kernel.slots(Column)})


def plan(kernel: Kernel, admin: UUID, text: str | bytes) -> Plan:
    with kernel.reading() as session:
        viewer = people.viewer(kernel, admin)
        return planning.plan_for(session, viewer, sheet_of(kernel, text), kernel.slots(Column))


def bring(kernel: Kernel, admin: UUID, text: str | bytes, *, skip: bool = False) -> Plan:
    body = text.encode() if isinstance(text, str) else text
    viewer = people.viewer(kernel, admin)
    return kernel.commit(
        lambda s: actions.bring_in(
            s,
            viewer=viewer,
            sheet=sheet_of(kernel, body),
            more=kernel.slots(Column),
            body=body,
            skip_bad_rows=skip,
            proved=True,
        )
    )


def export(kernel: Kernel, admin: UUID) -> str:
    viewer, more = people.viewer(kernel, admin), kernel.slots(Column)
    ids = kernel.commit(lambda s: actions.take_out(s, viewer=viewer))
    with kernel.reading() as session:
        return "".join(sheets.write(writing.columns(more), writing.rows_for(session, viewer, ids, more)))


def said(plan: Plan) -> list[tuple[int, str, str]]:
    return [(p.line, p.column, p.sentence) for p in plan.problems]


def person(kernel: Kernel, email: str) -> Person:
    with kernel.reading() as session:
        return session.scalars(select(Person).where(Person.email_key == email.casefold())).one()


def everything(kernel: Kernel) -> dict[str, int]:
    tables = (Person, PersonLanguage, PersonSkill, Goal, Membership, Entry)
    with kernel.reading() as session:
        return {t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}
