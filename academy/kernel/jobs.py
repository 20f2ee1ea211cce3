"""The outbox: work promised inside a transaction and done after it, once in effect.

A job is a row in its caller's transaction, so it exists exactly if that transaction was committed. A
runner leases due jobs and takes each through three steps: `read` (a snapshot), `outside` (the world: mail,
a solver; no transaction open) and `apply` (one transaction, in which the job is also marked done). What
`apply` does therefore happens once; what `outside` does may happen twice after a crash, so it must carry
its own identity, as mail does with its Message-ID.

What was done is cleaned up after 30 days, what was set aside after 90. A row with a unique key stays, emptied:
were it removed, the same promise could be made, and kept, a second time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import (
    ColumnElement,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock, telemetry
from academy.kernel.db import Table, ask, key, learn
from academy.kernel.ids import new_id

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=120)
BACKOFF = (5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)  # seconds before the second, third, … attempt
BATCH = 20
KEPT_DONE, KEPT_FAILED = timedelta(days=30), timedelta(days=90)
CLEANED = 2000  # rows at a time: whoever writes meanwhile waits for it
NOBODY_CAME_BACK = "No runner came back from this job."
EVERY = "every:"  # begins the unique keys of what is done again and again


class Job(Table):
    """One promised piece of work."""

    __tablename__ = "jobs"
    __table_args__ = (UniqueConstraint("unique_key"), Index(None, "done_at", "failed_at", "run_at"))

    id: Mapped[key]
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    unique_key: Mapped[str | None] = mapped_column(String(200))
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease: Mapped[UUID | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class JobKind:
    """How one kind of job is done. See the module's text for the three steps.

    `read(session, payload)` returns a plain value, or None when nothing is left to do.
    `outside(kernel, job_id, value)` returns a plain value for `apply`.
    `apply(session, payload, value)` runs in the transaction that marks the job done.
    """

    name: str
    apply: Callable[[Session, dict[str, Any], Any], None] | None = None
    read: Callable[[Session, dict[str, Any]], Any] | None = None
    outside: Callable[[Kernel, UUID, Any], Any] | None = None
    forget: bool = False
    """Empty the payload once the job is done, because it holds words or addresses of people."""
    every: timedelta | None = None
    """Do it again so long after it was done: one row for ever, promised when a runner begins, never set aside."""


@dataclass(frozen=True)
class Leased:
    """A job in this runner's hands until its lease ends."""

    id: UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    lease: UUID
    until: datetime


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
) -> None:
    """Promise a job from within a transaction; a second promise under the same `unique_key` is the first."""
    enqueue_each(session, kind, [(payload, unique_key)], run_at=run_at)


def enqueue_each(
    session: Session, kind: str, each: Sequence[tuple[dict[str, Any], str | None]], *, run_at: datetime | None = None
) -> None:
    """Promise jobs of one kind, given by payload and unique key, as `enqueue` does. One statement for all."""
    if kind in session.info.get("muted", ()) or not each:
        return
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    now = clock.now()
    fixed = {"kind": kind, "run_at": run_at or now, "attempts": 0, "created_at": now}
    rows = [{"id": new_id(), "payload": payload, "unique_key": key, **fixed} for payload, key in each]
    ask(session, insert(Job).on_conflict_do_nothing(index_elements=["unique_key"]), rows)
    session.info["jobs"] = True


def lease_due(session: Session, *, limit: int = BATCH) -> list[Leased]:
    """Take due jobs for this runner; on PostgreSQL other runners skip the rows that are being taken.

    A job whose attempts are used up without ever coming back ends its runner each time: it is set aside.
    """
    now = clock.now()
    due = (
        select(Job)
        .where(
            Job.done_at.is_(None),
            Job.failed_at.is_(None),
            Job.run_at <= now,
            or_(Job.lease_until.is_(None), Job.lease_until <= now),
        )
        .order_by(Job.run_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = []
    for job in session.scalars(due):
        if job.attempts > len(BACKOFF):
            job.failed_at, job.lease, job.lease_until = now, None, None
            job.error = NOBODY_CAME_BACK
            continue
        job.lease = new_id()
        job.lease_until = now + LEASE
        job.attempts += 1
        taken.append(Leased(job.id, job.kind, dict(job.payload), job.attempts, job.lease, job.lease_until))
    return taken


def _in_hand(job: Leased) -> ColumnElement[bool]:
    """Say, as SQL, that a job is still its runner's to do: nobody has done, forgotten or taken it meanwhile."""
    return and_(Job.id == job.id, Job.lease == job.lease, Job.done_at.is_(None))


def hold(session: Session, job: Leased) -> bool:
    """Lengthen a lease that has grown old in this runner's hands; says whether it is still this runner's."""
    longer = update(Job).where(_in_hand(job)).values(lease_until=clock.now() + LEASE)
    return session.execute(longer.returning(Job.id)).one_or_none() is not None


def put_back(session: Session, taken: Sequence[Leased]) -> None:
    """Give up jobs that were taken and not begun, as if they had never been."""
    session.execute(
        update(Job)
        .where(Job.lease.in_([job.lease for job in taken]))
        .values(lease=None, lease_until=None, attempts=Job.attempts - 1)
    )


def finish(session: Session, job: Leased, *, forget: bool = False, every: timedelta | None = None) -> bool:
    """Mark a job done if this runner still holds it, or put it off until its next turn; says whether it did."""
    now = clock.now()
    new: dict[str, Any] = {"payload": {}} if forget else {}
    new |= {"done_at": now} if every is None else {"run_at": now + every, "attempts": 0}
    done = update(Job).where(_in_hand(job)).values(lease=None, lease_until=None, error=None, **new)
    return session.execute(done.returning(Job.id)).one_or_none() is not None


def fail(session: Session, job: Leased, error: str, *, every: timedelta | None = None) -> None:
    """Put a job back for later; when its attempts are used up, set it aside, or wait for its next turn."""
    last = job.attempts > len(BACKOFF)
    now = clock.now()
    again = now + timedelta(seconds=BACKOFF[min(job.attempts, len(BACKOFF)) - 1])
    new: dict[str, Any] = {"run_at": again, "failed_at": now if last else None}
    if last and every is not None:
        new = {"run_at": now + every, "attempts": 0}
    session.execute(
        update(Job)
        .where(Job.id == job.id, Job.lease == job.lease)
        .values(lease=None, lease_until=None, error=error[:2000], **new)
    )


def promise_turns(session: Session, kinds: Sequence[JobKind]) -> None:
    """Promise what is done again and again; what is promised already stays as it is."""
    for kind in kinds:
        if kind.every is not None:
            enqueue(session, kind.name, {}, unique_key=f"{EVERY}{kind.name}")


def _free(now: datetime) -> ColumnElement[bool]:
    """Say, as SQL, that a job is open and in no runner's hands."""
    return and_(Job.done_at.is_(None), or_(Job.lease_until.is_(None), Job.lease_until <= now))


def retry(session: Session, job_id: UUID | None = None) -> list[UUID]:
    """Make a job that went wrong due now, with all its attempts before it, or each one set aside; return which.

    What has never been tried has its time, such as a reminder or the end of an offer, and keeps it.
    """
    now = clock.now()
    aside = Job.failed_at.is_not(None)
    which = aside if job_id is None else and_(Job.id == job_id, or_(aside, Job.attempts > 0))
    again = session.scalars(
        update(Job)
        .where(which, _free(now))
        .values(run_at=now, failed_at=None, attempts=0, lease=None, lease_until=None)
        .returning(Job.id)
    ).all()
    session.info["jobs"] = bool(again) or session.info.get("jobs", False)
    return list(again)


def set_aside(session: Session, job_id: UUID) -> bool:
    """Stop trying a job that went wrong; says whether it was so. What is done again and again can't be stopped."""
    now = clock.now()
    aside = session.execute(
        update(Job)
        .where(
            Job.id == job_id,
            Job.failed_at.is_(None),
            Job.attempts > 0,
            _free(now),
            or_(Job.unique_key.is_(None), Job.unique_key.not_like(f"{EVERY}%")),
        )
        .values(failed_at=now, lease=None, lease_until=None)
        .returning(Job.id)
    )
    return aside.one_or_none() is not None


def forget(session: Session, kinds: Sequence[str], *, name: str, values: Sequence[str]) -> None:
    """Let nothing be done any more by open jobs of these kinds whose payload `name`s one of these: it is gone."""
    about = Job.payload[name].as_string().in_(values)
    gone = update(Job).where(Job.kind.in_(kinds), Job.done_at.is_(None), about)
    session.execute(gone.values(done_at=clock.now(), payload={}).execution_options(synchronize_session=False))


def _clean(session: Session, _payload: dict[str, Any], _value: None) -> None:
    now = clock.now()
    old = or_(
        Job.done_at < now - KEPT_DONE,
        and_(Job.done_at.is_(None), Job.failed_at < now - KEPT_FAILED),
    )
    gone = select(Job.id).where(old, Job.unique_key.is_(None)).limit(CLEANED)
    session.execute(delete(Job).where(Job.id.in_(gone)))
    full = or_(cast(Job.payload, Text) != "{}", Job.done_at.is_(None))
    emptied = select(Job.id).where(old, Job.unique_key.is_not(None), full).limit(CLEANED)
    session.execute(
        update(Job).where(Job.id.in_(emptied)).values(payload={}, error=None, done_at=func.coalesce(Job.done_at, now))
    )
    if session.connection().dialect.name == "sqlite":
        learn(session)


CLEAN = JobKind("jobs.clean", apply=_clean, every=timedelta(hours=1))


class Runner:
    """Does due jobs one after the other; sleeps until woken or until the next look."""

    def __init__(self, kernel: Kernel, kinds: Sequence[JobKind], *, look_every: float = 2.0) -> None:
        """Take the kinds of all features; `look_every` is in seconds."""
        self._kernel = kernel
        self._kinds = {kind.name: kind for kind in kinds}
        self._look_every = look_every
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether jobs are done inside this process."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Run inside this process, in a thread (a green one under gevent)."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="jobs", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look for due jobs now."""
        self._wake.set()

    def stop(self, timeout: float = 5.0) -> None:
        """End after the job in hand."""
        self._stopped.set()
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def run(self) -> None:
        """Do due jobs until stopped."""
        promised = False
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                promised = promised or self.promise()
                busy = self.run_due() > 0
            except Exception:
                logger.exception("jobs_unavailable")
                busy = False
            if not busy:
                self._wake.wait(self._look_every)

    def promise(self) -> bool:
        """Promise what is done again and again."""
        self._kernel.commit(partial(promise_turns, kinds=list(self._kinds.values())))
        return True

    def run_due(self) -> int:
        """Do what is due now, including what that makes due; return how many jobs were taken."""
        count = 0
        while not self._stopped.is_set():
            leased = self._kernel.commit(lease_due)
            if not leased:
                return count
            for place, job in enumerate(leased):
                if self._stopped.is_set():
                    rest = leased[place:]
                    self._kernel.commit(partial(put_back, taken=rest))
                    return count
                count += 1
                with telemetry.serving():
                    self._do(job)
        return count

    def _do(self, job: Leased) -> None:
        kernel = self._kernel
        try:
            # Jobs taken together wait for each other: what has waited long is held anew, or left to whom has it.
            if clock.now() > job.until - LEASE / 2 and not kernel.commit(lambda session: hold(session, job)):
                return
            kind = self._kinds[job.kind]
            value: Any = None
            if kind.read is not None:
                with kernel.reading() as session:
                    if session.scalar(select(Job.id).where(_in_hand(job))) is None:  # taken back since it was leased
                        return
                    value = kind.read(session, job.payload)
            nothing_left = kind.read is not None and value is None
            if kind.outside is not None and not nothing_left:
                value = kind.outside(kernel, job.id, value)

            def whole(session: Session) -> None:
                if (
                    finish(session, job, forget=kind.forget, every=kind.every)
                    and kind.apply is not None
                    and not nothing_left
                ):
                    kind.apply(session, job.payload, value)

            kernel.commit(whole)
            if kernel.metrics is not None:
                kernel.metrics.job(job.kind, done=True)
        except Exception as error:
            logger.exception("job_failed", job=str(job.id), kind=job.kind, attempts=job.attempts)
            problem = f"{type(error).__name__}: {error}"
            kind_of = self._kinds.get(job.kind)
            every = kind_of.every if kind_of else None
            kernel.commit(lambda session: fail(session, job, problem, every=every))
            if kernel.metrics is not None:
                kernel.metrics.job(job.kind, done=False)
