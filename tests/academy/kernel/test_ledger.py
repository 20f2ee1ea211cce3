"""The ledger: the database itself lets it only grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from academy.kernel import telemetry
from academy.kernel.app import Kernel
from academy.kernel.events import Event, emit
from academy.kernel.ledger import Entry, Subject, subjects_of
from academy.people.models import Role
from tests.factories import people

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@dataclass(frozen=True, kw_only=True)
class ThingsHappened(Event):
    recorded: ClassVar[tuple[str, ...] | None] = ("who", "at", "role", "several", "nothing")
    who: UUID
    at: datetime
    role: Role
    several: tuple[UUID, ...]
    nothing: None = None


def entries(kernel: Kernel) -> int:
    with kernel.reading() as session:
        return session.scalar(select(func.count()).select_from(Entry)) or 0


@pytest.fixture
def ana(kernel: Kernel) -> UUID:
    return people.person(kernel)


def test_an_entry_cannot_be_changed(kernel: Kernel, ana: UUID) -> None:
    before = entries(kernel)
    assert before > 0
    with pytest.raises(DBAPIError, match="the ledger only grows"):
        kernel.commit(lambda s: s.execute(update(Entry).values(kind="something else")))
    with kernel.reading() as session:
        assert "something else" not in session.scalars(select(Entry.kind)).all()


def test_an_entry_cannot_be_removed(kernel: Kernel, ana: UUID) -> None:
    before = entries(kernel)
    with pytest.raises(DBAPIError, match="the ledger only grows"):
        kernel.commit(lambda s: s.execute(delete(Entry)))
    assert entries(kernel) == before


def test_the_ledger_cannot_be_emptied(kernel: Kernel, ana: UUID) -> None:
    before = entries(kernel)
    statement = "DELETE FROM ledger" if kernel.database.embedded else "TRUNCATE ledger CASCADE"
    with pytest.raises(DBAPIError, match="the ledger only grows"):
        kernel.commit(lambda s: s.execute(text(statement)))
    assert entries(kernel) == before


def test_facts_are_plain_values(kernel: Kernel, ana: UUID) -> None:
    other = UUID("00010203-0405-0607-0809-0a0b0c0d0e0f")
    event = ThingsHappened(
        actor_id=ana, who=other, at=datetime(2026, 11, 21, 9, tzinfo=UTC), role=Role.LEAD, several=(other,)
    )
    with telemetry.serving("request-1234"):
        kernel.commit(lambda s: emit(s, event))
    with kernel.reading() as session:
        entry = session.scalars(select(Entry).where(Entry.kind == "ThingsHappened")).one()
        assert (entry.actor_id, entry.request_id) == (ana, "request-1234")
        assert entry.facts == {
            "who": "00010203-0405-0607-0809-0a0b0c0d0e0f",
            "at": "2026-11-21T09:00:00+00:00",
            "role": "lead",
            "several": ["00010203-0405-0607-0809-0a0b0c0d0e0f"],
            "nothing": None,
        }


def test_what_was_undone_is_not_in_the_ledger(kernel: Kernel, ana: UUID) -> None:
    before = entries(kernel)

    def undone(session):
        emit(session, ThingsHappened(actor_id=ana, who=ana, at=datetime.now(UTC), role=Role.LEAD, several=()))
        session.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kernel.commit(undone)
    assert entries(kernel) == before


def test_an_entry_is_found_by_the_people_and_groups_it_is_about(kernel: Kernel, ana: UUID) -> None:
    group = people.group(kernel)
    people.member(kernel, group, ana)
    with kernel.reading() as session:
        joined = session.scalars(select(Entry.id).where(Entry.kind == "MemberJoined")).one()
        found = session.scalars(select(Subject.subject_id).where(Subject.entry_id == joined)).all()
    assert sorted(found) == sorted([ana, group])


def test_only_people_and_groups_are_subjects_and_each_once(database_url: str) -> None:
    one, other = "00010203-0405-0607-0809-0a0b0c0d0e0f", "00010203-0405-0607-0809-0a0b0c0d0e10"
    facts = {"person_ids": [one, other], "cohort_id": one, "space_id": other, "learner_id": None, "role": "lead"}
    assert subjects_of(facts) == [UUID(one), UUID(other)]


def test_whom_an_entry_is_about_cannot_be_changed(kernel: Kernel, ana: UUID) -> None:
    with pytest.raises(DBAPIError, match="the ledger only grows"):
        kernel.commit(lambda s: s.execute(delete(Subject)))
