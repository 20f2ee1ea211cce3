"""Numbered, replayable event logs: what every space, inbox and workshop delivers over.

A log row holds references, never text: whoever reads joins the current rows, so that a removal or an
erasure stays true for readers who catch up later. The protocol is docs/realtime.md.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import inf
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Integer,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from academy.kernel import clock
from academy.kernel.access import Conflict
from academy.kernel.db import Table, ask, keep
from academy.kernel.ids import anonymous_id, new_id

PAGE = 200
AT_ONCE = 10_000
"""Ids in one statement: databases take so many parameters."""
EVENT = 150
"""Characters of JSON that any event has around its payload, at least."""

Size = Callable[[ColumnElement[UUID]], ColumnElement[int]]


class Log(Table):
    """One sequence of events; `epoch` changes when its history is no longer the one that clients know."""

    __tablename__ = "logs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[str] = mapped_column(String(16))
    head_seq: Mapped[int] = mapped_column(default=0)
    min_seq: Mapped[int] = mapped_column(default=0)


class LogEvent(Table):
    """One durable event; `ref` names the row it is about, whose kind the log's kind and `kind` tell."""

    __tablename__ = "log_events"
    __table_args__ = (UniqueConstraint("send_key"),)

    log_id: Mapped[UUID] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    ref: Mapped[UUID]
    at: Mapped[datetime]
    send_key: Mapped[str | None] = mapped_column(String(64))
    send_digest: Mapped[str | None] = mapped_column(String(64))
    nonce: Mapped[str | None] = mapped_column(String(64))


@dataclass(frozen=True)
class Send:
    """What makes one durable send idempotent: a key nobody else can make, and what was sent with it.

    `former` are the keys that it would have had under the secrets of before.
    """

    key: str
    digest: str
    nonce: str
    former: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One event as read from or written to a log."""

    log_id: UUID
    epoch: str
    seq: int
    kind: str
    actor_id: UUID | None
    ref: UUID
    at: datetime
    nonce: str | None = None


def packed(row: Row) -> dict[str, Any]:
    """Return a row as JSON values, for another process."""
    ids = {"log_id": row.log_id.hex, "actor_id": row.actor_id.hex if row.actor_id else None, "ref": row.ref.hex}
    return {**ids, "epoch": row.epoch, "seq": row.seq, "kind": row.kind, "at": row.at.isoformat(), "nonce": row.nonce}


def unpacked(told: Mapping[str, Any]) -> Row:
    """Return the row that another process packed."""
    actor_id = UUID(told["actor_id"]) if told["actor_id"] else None
    ids = {"log_id": UUID(told["log_id"]), "actor_id": actor_id, "ref": UUID(told["ref"])}
    return Row(**{**told, **ids, "at": datetime.fromisoformat(told["at"])})


@dataclass(frozen=True)
class Span:
    """The part of a log that one follower may read: `from_seq` < seq, and seq ≤ `until_seq` where it is set."""

    from_seq: int = 0
    until_seq: int | None = None

    def holds(self, seq: int) -> bool:
        """Say whether the event with this number lies inside."""
        return seq > self.from_seq and (self.until_seq is None or seq <= self.until_seq)


@dataclass(frozen=True)
class LogKind:
    """How one kind of log is read.

    `follow(session, viewer, log_id)` returns the viewer's span or raises `Missing`.
    `load(session, rows)` returns one payload per row, in order, the same for every viewer.
    `size(ref)` selects how many characters of JSON there are of what an event is about, rather too few than too many;
    None where they are never many.
    """

    name: str
    follow: Callable[[Session, Any, UUID], Span]
    load: Callable[[Session, Sequence[Row]], list[Mapping[str, Any]]]
    size: Size | None = None


@dataclass(frozen=True)
class Page:
    """One page of a log for one follower. `reset` says why the reader must start afresh, if it must."""

    epoch: str
    head: int
    rows: tuple[Row, ...]
    more: bool
    reset: str | None = None


def send_of(secrets: Sequence[str], person_id: UUID, nonce: str, *body: object) -> Send:
    """Make the idempotency key of a durable send: HMAC-SHA256 over person and nonce, under the first secret.

    What is sent again after the secret has changed is known by the keys under the others.
    """
    named = f"send|{person_id}|{nonce}".encode()
    key, *former = (hmac.new(secret.encode(), named, hashlib.sha256).hexdigest() for secret in secrets)
    return Send(key, hashlib.sha256(repr(body).encode()).hexdigest(), nonce, tuple(former))


# Built once: a message is numbered and stored without its statements being put together anew.
_logs, _events = (Table.metadata.tables[name] for name in ("logs", "log_events"))
_BUMP = keep(
    update(_logs)
    .where(_logs.c.id == bindparam("log"))
    .values(head_seq=_logs.c.head_seq + 1)
    .returning(_logs.c.head_seq, _logs.c.epoch)
)
_APPEND = keep(insert(_events))
_SENT = keep(
    select(*_events.c, _logs.c.epoch)
    .join_from(_events, _logs, _logs.c.id == _events.c.log_id)
    .where(_events.c.send_key == bindparam("key"))
)
_AT = keep(select(_logs.c.epoch, _logs.c.head_seq, _logs.c.min_seq).where(_logs.c.id == bindparam("log")))
_KINDS = keep(select(_logs.c.id, _logs.c.kind).where(_logs.c.id.in_(bindparam("logs", expanding=True))))


def open_log(session: Session, *, kind: str, log_id: UUID | None = None) -> UUID:
    """Begin an empty log and return its id."""
    found = log_id or new_id()
    open_logs(session, kind=kind, log_ids=[found])
    return found


def open_logs(session: Session, *, kind: str, log_ids: Sequence[UUID]) -> None:
    """Begin empty logs with these ids. One statement."""
    new = [{"id": i, "kind": kind, "epoch": anonymous_id().hex[:12], "head_seq": 0, "min_seq": 0} for i in log_ids]
    ask(session, insert(_logs), new)


def begin_anew(session: Session) -> None:
    """Give every log another epoch: what its readers know of it is no longer its history, and they start afresh."""
    session.execute(update(Log).values(epoch=anonymous_id().hex[:12]))


def sent_before(session: Session, send: Send | None) -> Row | None:
    """Find the event that the same send made earlier.

    Raises `Conflict` when the nonce came before with another body.
    """
    if send is None:
        return None
    for key in (send.key, *send.former):
        found = ask(session, _SENT, {"key": key}).one_or_none()
        if found is not None:
            break
    else:
        return None
    if found.send_digest != send.digest:
        detail = "This message was already sent with other words. Nothing was changed; send the new one again."
        raise Conflict(detail)
    return Row(found.log_id, found.epoch, found.seq, found.kind, found.actor_id, found.ref, found.at, found.nonce)


def append(
    session: Session,
    log_id: UUID,
    *,
    kind: str,
    ref: UUID,
    actor_id: UUID | None,
    send: Send | None = None,
) -> Row:
    """Add one event at the head; the kernel ships it once the transaction is committed.

    The update takes the log's row lock (PostgreSQL) or stands in the one writing transaction (SQLite),
    so numbers have no gaps and their order is the order of commits.
    """
    head = ask(session, _BUMP, {"log": log_id}).one()
    seq = head.head_seq
    row = Row(log_id, head.epoch, seq, kind, actor_id, ref, clock.now(), send.nonce if send else None)
    ask(
        session,
        _APPEND,
        {
            "log_id": log_id,
            "seq": seq,
            "kind": kind,
            "actor_id": actor_id,
            "ref": ref,
            "at": row.at,
            "send_key": send.key if send else None,
            "send_digest": send.digest if send else None,
            "nonce": row.nonce,
        },
    )
    session.info.setdefault("appended", []).append(row)
    return row


def append_each(session: Session, refs: Mapping[UUID, UUID], *, kind: str, actor_id: UUID | None) -> None:
    """Add one event to each of many logs, given the `ref` of each by log id. Three statements for all."""
    append_all(session, {log_id: [ref] for log_id, ref in refs.items()}, kind=kind, actor_id=actor_id)


def append_all(session: Session, refs: Mapping[UUID, Sequence[UUID]], *, kind: str, actor_id: UUID | None) -> None:
    """Add events to many logs, given the `ref`s of each in order. Three statements where all get as many.

    The rows are locked in the order of their ids, so that two such appends never wait for each other.
    """
    if not refs:
        return
    wanted = sorted(refs)
    for some in _chunks(wanted):
        session.execute(select(Log.id).where(Log.id.in_(some)).order_by(Log.id).with_for_update())
    now = clock.now()
    counts: dict[int, list[UUID]] = defaultdict(list)
    for log_id in wanted:
        counts[len(refs[log_id])].append(log_id)
    rows: list[Row] = []
    for count, alike in counts.items():
        for some in _chunks(alike):
            heads = session.execute(
                update(Log)
                .where(Log.id.in_(some))
                .values(head_seq=Log.head_seq + count)
                .returning(Log.id, Log.head_seq, Log.epoch)
                .execution_options(synchronize_session=False)
            )
            rows += [
                Row(head.id, head.epoch, seq, kind, actor_id, ref, now)
                for head in heads
                for seq, ref in enumerate(refs[head.id], head.head_seq - count + 1)
            ]
    session.execute(
        insert(LogEvent),
        [
            {"log_id": row.log_id, "seq": row.seq, "kind": kind, "actor_id": actor_id, "ref": row.ref, "at": now}
            for row in rows
        ],
    )
    session.info.setdefault("appended", []).extend(rows)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    """Split ids by how many one statement takes."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


@cache
def _following(size: Size | None) -> Select[*tuple[Any, ...]]:
    """Select a part of a log, each event with about how many characters there are of what it is about."""
    characters = literal_column("0", Integer) if size is None else func.coalesce(size(_events.c.ref), 0)
    return keep(
        select(
            *(_events.c.seq, _events.c.kind, _events.c.actor_id, _events.c.ref, _events.c.at, _events.c.nonce),
            characters.label("characters"),
        )
        .where(
            _events.c.log_id == bindparam("log"),
            _events.c.seq > bindparam("above"),
            _events.c.seq <= bindparam("upto"),
        )
        .order_by(_events.c.seq)
        .limit(bindparam("limit", type_=Integer))
    )


def page(
    session: Session,
    log_id: UUID,
    *,
    span: Span,
    since: int,
    epoch: str | None,
    limit: int = PAGE,
    size: Size | None = None,
    room: float = inf,
) -> Page:
    """Read what follows `since` inside a follower's span, at most `limit` events. Two statements.

    Of events that would, by their `size`, take more than `room` characters only the first are returned, those that may
    fit, and one in any case: whoever loads what they are about holds no more than about that.

    `epoch` is the one that the reader knows, None for a first look. A reader whose history is not ours
    (another epoch, a number beyond the head, a number below what is kept) is told to start afresh.
    """
    log = ask(session, _AT, {"log": log_id}).one()
    head = log.head_seq if span.until_seq is None else min(log.head_seq, span.until_seq)
    reset = None
    if epoch is not None and epoch != log.epoch:
        reset = "epoch"
    elif since > head:
        reset = "ahead"
    elif max(since, span.from_seq) < log.min_seq:
        reset = "trimmed"
    if reset:
        return Page(log.epoch, head, (), more=False, reset=reset)
    above = max(since, span.from_seq)
    found = ask(session, _following(size), {"log": log_id, "above": above, "upto": head, "limit": limit + 1}).all()
    rows: list[Row] = []
    known: set[UUID] = set()  # what several events are about is loaded once
    total = 0
    for event in found[:limit]:
        seq, kind, actor_id, ref, at, nonce, characters = tuple[Any, ...](event)
        total += EVENT + (0 if ref in known else characters)
        if rows and total > room:
            break
        known.add(ref)
        rows.append(Row(log_id, log.epoch, seq, kind, actor_id, ref, at, nonce))
    return Page(log.epoch, head, tuple(rows), more=len(found) > len(rows))


def kinds_of(session: Session, log_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the kind of each log that exists."""
    return {row.id: row.kind for row in ask(session, _KINDS, {"logs": list(log_ids)})}


def heads_of(session: Session, log_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the head of each log that exists."""
    found = session.execute(select(Log.id, Log.head_seq).where(Log.id.in_(log_ids)))
    return {row.id: row.head_seq for row in found}
