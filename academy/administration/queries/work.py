"""Work that is promised, and mail: what waits, what failed and what was sent. Callers have checked who asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from academy.kernel import clock, mail
from academy.kernel.jobs import EVERY, Job
from academy.kernel.mail import SentMail
from academy.people.models import Person

MOST = 100
PAGE = 50


@dataclass(frozen=True)
class Work:
    """One job that is not done. `running` says that a runner has it in hand."""

    id: UUID
    kind: str
    attempts: int
    run_at: datetime
    failed_at: datetime | None
    running: bool
    recurring: bool
    error: str
    recipient: str
    about: str


@dataclass(frozen=True)
class Load:
    """How many jobs there are in each state."""

    waiting: int
    running: int
    set_aside: int


@dataclass(frozen=True)
class Sent:
    """One letter that was taken."""

    id: UUID
    at: datetime
    about: str
    recipient: str


def load_of(session: Session, *, kind: str = "") -> Load:
    """Count what is not done, of one kind of work or of all. One statement."""
    now = clock.now()
    free = or_(Job.lease_until.is_(None), Job.lease_until <= now)
    query = select(
        func.count(case((and_(Job.failed_at.is_(None), free), 1))).label("waiting"),
        func.count(case((Job.lease_until > now, 1))).label("running"),
        func.count(case((Job.failed_at.is_not(None), 1))).label("set_aside"),
    ).where(Job.done_at.is_(None))
    row = session.execute(query.where(Job.kind == kind) if kind else query).one()
    return Load(row.waiting, row.running, row.set_aside)


def open_work(session: Session, *, kind: str = "") -> list[Work]:
    """Return what is not done, what was set aside first, then by when it is due; at most 100. One statement."""
    query = (
        select(Job)
        .where(Job.done_at.is_(None))
        .order_by(Job.failed_at.is_(None), Job.failed_at.desc(), Job.error.is_(None), Job.run_at, Job.id)
        .limit(MOST)
    )
    now = clock.now()
    return [
        Work(
            id=job.id,
            kind=job.kind,
            attempts=job.attempts,
            run_at=job.run_at,
            failed_at=job.failed_at,
            running=job.lease_until is not None and job.lease_until > now,
            recurring=(job.unique_key or "").startswith(EVERY),
            error=job.error or "",
            recipient=mail.masked(str(job.payload.get("to_address", ""))) if job.kind == mail.KIND else "",
            about=str(job.payload.get("about", "")) if job.kind == mail.KIND else "",
        )
        for job in session.scalars(query.where(Job.kind == kind) if kind else query)
    ]


def sent_mail(session: Session, *, address: str = "", before: UUID | None = None) -> tuple[list[Sent], bool]:
    """Return a page of the mail log, newest first, perhaps of one address, and whether there is more."""
    query = select(SentMail).order_by(SentMail.id.desc()).limit(PAGE + 1)
    if address:
        query = query.where(SentMail.digest == mail.digest_of(address))
    if before is not None:
        query = query.where(SentMail.id < before)
    rows = list(session.scalars(query))
    return [Sent(r.id, r.at, r.about, r.recipient) for r in rows[:PAGE]], len(rows) > PAGE


def address_of(session: Session, person_id: UUID) -> str:
    """Return somebody's address, "" for nobody's."""
    return session.scalar(select(Person.email).where(Person.id == person_id)) or ""
