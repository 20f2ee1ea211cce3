"""The list of rooms that a viewer may read, whole and in parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, or_, select, true, union_all
from sqlalchemy.orm import Session

from academy.kernel.db import ask
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind
from academy.people.policy import Right, granting, groups_of, reaches_far
from forums.spaces.models import NO_THREAD, Follow, Space
from forums.spaces.queries.views import unread_of


@dataclass(frozen=True)
class RoomLine:
    """A room in the list of rooms. `last_at` is when the newest post came, None for an empty room."""

    id: UUID
    title: str
    kind: str
    group_id: UUID
    unread: int
    last_at: datetime | None
    head_no: int = 0


_KEEPERS = (GroupKind.ORGANIZATION, GroupKind.ACADEMY, GroupKind.COHORT)
"""The kinds of groups whose rooms are read from above, too. No room stands on a board."""


def _readable(viewer: Viewer, *, far: bool) -> ColumnElement[bool]:
    """Select the rooms that a viewer may read; boards' threads are not looked at."""
    around = groups_of(viewer, Right.READ, _KEEPERS, far=far)
    own = select(Group.id).where(Group.id.in_(granting(viewer, Right.READ)), Group.kind == GroupKind.PAIR)
    return and_(Space.group_id.in_(union_all(around, own)), NO_THREAD)


def _lines(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(
        Space.id,
        Space.title,
        Space.kind,
        Space.group_id,
        unread_of(viewer).label("unread"),
        Space.last_at,
        Space.head_no,
    ).outerjoin(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))


def _line(row: Row[Any]) -> RoomLine:
    return RoomLine(row.id, row.title, row.kind, row.group_id, row.unread, row.last_at, row.head_no)


_LIVELIEST = (Space.last_at.desc().nulls_last(), Space.title, Space.id)


@cache
def _all(*, far: bool) -> Prepared:
    return Prepared(lambda viewer: _lines(viewer).where(_readable(viewer, far=far)).order_by(*_LIVELIEST))


def rooms_for(session: Session, viewer: Viewer) -> list[RoomLine]:
    """Return every room that the viewer may read, the liveliest first; threads stand on their boards. One statement.

    For who is in few groups: pages ask for a part (`rooms_page`).
    """
    return [_line(row) for row in ask(session, *_all(far=reaches_far(viewer))(viewer))]


@cache
def _page(*, far: bool, after: bool) -> Prepared:
    """Select part of the rooms, and what is new in these alone."""

    def build(viewer: Viewer) -> Select[*tuple[Any, ...]]:
        found = select(Space.id, Space.title, Space.last_at).where(_readable(viewer, far=far)).cte()
        whom = select(found.c.id)
        if after:
            last = select(found).where(found.c.id == bindparam("after")).subquery()
            quieter = or_(
                found.c.last_at < last.c.last_at, and_(found.c.last_at.is_(None), last.c.last_at.is_not(None))
            )
            alike = and_(
                found.c.last_at.is_not_distinct_from(last.c.last_at),
                or_(found.c.title > last.c.title, and_(found.c.title == last.c.title, found.c.id > last.c.id)),
            )
            # Where the last one is gone, it begins anew.
            whom = whom.outerjoin(last, true()).where(or_(last.c.id.is_(None), quieter, alike))
        first = whom.order_by(found.c.last_at.desc().nulls_last(), found.c.title, found.c.id)
        part = first.limit(bindparam("most")).subquery()
        return _lines(viewer).where(Space.id.in_(select(part.c.id))).order_by(*_LIVELIEST)

    return Prepared(build)


def rooms_page(session: Session, viewer: Viewer, limit: int, after: UUID | None = None) -> Part[RoomLine]:
    """Return part of the rooms that the viewer may read, the liveliest first, from `after` on. One statement."""
    given = {"most": limit + 1, **({"after": after} if after else {})}
    lines = [
        _line(row) for row in ask(session, *_page(far=reaches_far(viewer), after=after is not None)(viewer, **given))
    ]
    return Part(lines[:limit], lines[limit - 1].id if len(lines) > limit else None)


def rooms_part(session: Session, viewer: Viewer, span: Span) -> Part[RoomLine]:
    """Return part of the rooms that the viewer may read, as `span` asks. One statement."""
    found = select(Space.id).where(_readable(viewer, far=reaches_far(viewer))).cte()
    return part(session, _lines(viewer).join(found, found.c.id == Space.id), found.c.id, span, _line)
