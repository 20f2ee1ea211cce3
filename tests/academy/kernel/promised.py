"""Jobs of the tests, and what became of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.kernel import jobs
from academy.kernel.app import Kernel
from academy.kernel.jobs import Job
from academy.people.models import Person


def promise(kernel: Kernel, kind: str = "write", payload: dict[str, Any] | None = None, **more: Any) -> None:
    kernel.commit(lambda s: jobs.enqueue(s, kind, payload or {}, **more))


def the_job(kernel: Kernel) -> Job:
    with kernel.reading() as session:
        job = session.scalars(select(Job)).one()
        session.expunge(job)
        return job


def one_more(session: Session, payload: dict[str, Any], _value: Any) -> None:
    """An effect that shows when it happened twice."""
    session.execute(update(Person).where(Person.id == UUID(payload["person"])).values(about=Person.about + "x"))


def effects(kernel: Kernel, person: UUID) -> str:
    with kernel.reading() as session:
        return session.scalars(select(Person.about).where(Person.id == person)).one()
