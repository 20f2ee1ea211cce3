"""Requests that are sent again: the effect happens once, and the answer is the same again for a day.

The answer is kept in the transaction of the effect, so that there is either both or neither. Of two that come at
once the second waits for the first: on SQLite as there is one writer, on PostgreSQL at the row's primary key, after
which its unit of work begins anew and finds the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import String, Text, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.db import Table
from academy.kernel.jobs import JobKind

KEPT = timedelta(days=1)


class IdempotentRequest(Table):
    """What was answered to a request under a key that its sender chose. `fingerprint` tells it from another one.

    The person is no foreign key: a row lives for a day, and outlives nobody.
    """

    __tablename__ = "idempotent_requests"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Asking:
    """A request that its sender may send again: whose it is, their key, and a hash of what was sent."""

    person_id: UUID
    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What is answered; `again` says that it was answered before."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    again: bool = False


def once(session: Session, asking: Asking | None, work: Callable[[], Answer]) -> Answer:
    """Do `work` unless this very request was answered within a day, then return that answer.

    Without `asking` it is simply done. Raises `Invalid` when the key came before with another request. What `work`
    refuses is not kept: it may succeed when it is sent again.
    """
    if asking is None:
        return work()
    mine = (IdempotentRequest.person_id == asking.person_id, IdempotentRequest.key == asking.key)
    now = clock.now()
    before = session.execute(select(IdempotentRequest).where(*mine)).scalar_one_or_none()
    if before is not None and before.at > now - KEPT:
        if before.fingerprint != asking.fingerprint:
            raise another_request()
        return Answer(before.status, before.body, dict(before.headers), again=True)
    session.execute(delete(IdempotentRequest).where(*mine))
    blank = {"fingerprint": asking.fingerprint, "status": 0, "headers": {}, "body": "", "at": now}
    # Before the work: who comes at the same time waits here and not after having done it too.
    session.execute(insert(IdempotentRequest).values(person_id=asking.person_id, key=asking.key, **blank))
    answer = replace(work(), again=False)
    kept = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    session.execute(update(IdempotentRequest).where(*mine).values(**kept).execution_options(synchronize_session=False))
    return answer


def another_request() -> Invalid:
    """Return the refusal of a key that came before with another request."""
    detail = "This Idempotency-Key was sent before with another request. Nothing was done; make a new key."
    return Invalid(detail, errors={"Idempotency-Key": [detail]})


def _forget(session: Session, _payload: dict[str, Any], _value: None) -> None:
    session.execute(delete(IdempotentRequest).where(IdempotentRequest.at <= clock.now() - KEPT))


FORGET = JobKind("once.forget", apply=_forget, every=timedelta(hours=1))
"""Forget what was answered more than a day ago."""
