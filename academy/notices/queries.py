"""Questions about notices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.orm import Session

from academy.kernel import log
from academy.kernel.access import Missing
from academy.kernel.ids import encode
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.notices.models import Notice

PAGE = 50


@dataclass(frozen=True)
class Told:
    """The words of a notice: a title, a line that may be empty, and where it leads."""

    title: str
    line: str
    url: str
    icon: str = "bell"


Teller = Callable[[Session, Viewer, Sequence[Notice]], Mapping[UUID, Told]]


@dataclass(frozen=True)
class NoticeKind:
    """A slot: how notices of one kind are told.

    `tell(session, viewer, notices)` returns the words by notice id; a notice whose subject is gone, or no
    longer the viewer's to see, is left out. The inbox says of it that there was something, until it is read:
    what the badge counts can be found.
    """

    name: str
    tell: Teller


@dataclass(frozen=True)
class Entry:
    """A notice as the inbox shows it; without words when what it was about is gone."""

    id: UUID
    at: datetime
    unread: bool
    told: Told | None


def unread_total(viewer: Viewer) -> ScalarSelect[int]:
    """Count, as SQL, what the viewer has not read: the badge of the navigation."""
    return (
        select(func.count())
        .select_from(Notice)
        .where(Notice.person_id == viewer.person_id, Notice.read_at.is_(None))
        .scalar_subquery()
    )


def unread_count(session: Session, viewer: Viewer) -> int:
    """Count what the viewer has not read."""
    return session.scalar(select(unread_total(viewer))) or 0


def _inbox(viewer: Viewer) -> Select[Notice]:
    found = select(Notice).where(Notice.person_id == viewer.person_id).order_by(Notice.id.desc())
    return found.limit(bindparam("limit", type_=Integer))


_NEWEST = Prepared(_inbox)
_OLDER = Prepared(lambda viewer: _inbox(viewer).where(Notice.id < bindparam("before")))


def inbox_for(
    session: Session, viewer: Viewer, kinds: Sequence[NoticeKind], *, before: UUID | None = None, limit: int = PAGE
) -> tuple[list[Entry], UUID | None]:
    """Return a page of the viewer's inbox, newest first, and the id to go on from, if there is more."""
    asked, more = (_NEWEST, {}) if before is None else (_OLDER, {"before": before})
    found = list(session.scalars(*asked(viewer, limit=limit + 1, **more)))
    tellers = {kind.name: kind.tell for kind in kinds}
    # Kinds that share a teller are told in one call, which saves a statement for each.
    by_teller: dict[Teller, list[Notice]] = defaultdict(list)
    for notice in found[:limit]:
        if notice.kind in tellers:
            by_teller[tellers[notice.kind]].append(notice)
    told: dict[UUID, Told] = {}
    for tell, notices in by_teller.items():
        told.update(tell(session, viewer, notices))
    shown = [n for n in found[:limit] if n.id in told or n.read_at is None]
    entries = [Entry(n.id, n.at, n.read_at is None, told.get(n.id)) for n in shown]
    return entries, found[limit - 1].id if len(found) > limit else None


def notice_for(session: Session, viewer: Viewer, notice_id: UUID) -> Notice:
    """Find one of the viewer's own notices."""
    found = session.get(Notice, notice_id)
    if found is None or found.person_id != viewer.person_id:
        raise Missing
    return found


def follow(_session: Session, viewer: Viewer, log_id: UUID) -> log.Span:
    """Let everybody follow their own inbox and nobody another's."""
    if log_id != viewer.person_id:
        raise Missing
    return log.Span()


def load(session: Session, rows: Sequence[log.Row]) -> list[Mapping[str, Any]]:
    """Return what goes over the wire of a notice: that it is there; its words are read from the inbox."""
    kinds = {
        row.id: row.kind
        for row in session.execute(select(Notice.id, Notice.kind).where(Notice.id.in_([r.ref for r in rows])))
    }
    return [{"id": encode(row.ref), "kind": kinds.get(row.ref, "")} for row in rows]
