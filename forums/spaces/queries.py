"""Questions about spaces: what a viewer may read there, and how much of it is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Integer,
    Row,
    ScalarSelect,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    or_,
    select,
    table,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from academy.kernel import clock, log
from academy.kernel.access import Missing
from academy.kernel.db import Instant
from academy.kernel.ids import encode
from academy.kernel.log import Log
from academy.kernel.viewer import Viewer
from academy.notices.queries import unread_count
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Person
from academy.people.policy import Right, granting, groups_below
from academy.people.queries import Face
from forums.spaces.models import Follow, Space
from forums.spaces.policy import LEADING, READERS, visible_spaces

# Posts stand left of spaces, so their class can't be imported here; an unread count needs these columns only.
_posts = table(
    "posts",
    column("space_id", Uuid),
    column("no", Integer),
    column("author_id", Uuid),
    column("removed_at", Instant),
    column("at", Instant),
)


@dataclass(frozen=True)
class SpaceView:
    """A space as one viewer sees it now. `head_seq` and `epoch` are its log's; `follows`: they read along."""

    id: UUID
    group_id: UUID
    kind: str
    title: str
    head_no: int
    head_seq: int
    epoch: str
    follows: bool
    from_seq: int
    until_seq: int | None
    read_no: int
    cursor_rev: int
    may_post: bool
    may_moderate: bool


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


@dataclass(frozen=True)
class Reader:
    """Somebody who may read a space, and as what: their weightiest role, nearest group first."""

    face: Face
    role: str


def _viewed(*more: Any) -> Select[*tuple[Any, ...]]:
    """Select a space as a viewer sees it; what differs from one question to the next are its parameters."""
    return (
        select(
            Space.id,
            Space.group_id,
            Space.kind,
            Space.title,
            Space.head_no,
            Log.head_seq,
            Log.epoch,
            Follow.person_id.label("follower_id"),
            Follow.from_seq,
            Follow.until_seq,
            Follow.read_no,
            Follow.cursor_rev,
            _among("posting").label("may_post"),
            _among("moderating").label("may_moderate"),
            *more,
        )
        .join(Log, Log.id == Space.id)
        .outerjoin(Follow, and_(Follow.space_id == Space.id, Follow.person_id == bindparam("viewer_id")))
        .where(Space.id == bindparam("space_id"), _among("reading"))
    )


def _among(name: str) -> ColumnElement[bool]:
    return Space.group_id.in_(groups_below(bindparam(name, expanding=True)))


def _asked(viewer: Viewer, space_id: UUID) -> dict[str, Any]:
    return {
        "space_id": space_id,
        "viewer_id": viewer.person_id,
        "reading": granting(viewer, Right.READ),
        "posting": granting(viewer, Right.POST),
        "moderating": granting(viewer, Right.MODERATE),
    }


# Built once: every message and every page asks this.
_VIEWED = _viewed()
_LOCKED = _VIEWED.with_for_update(of=Space)


def _view(row: Row[Any]) -> SpaceView:
    return SpaceView(
        id=row.id,
        group_id=row.group_id,
        kind=row.kind,
        title=row.title,
        head_no=row.head_no,
        head_seq=row.head_seq,
        epoch=row.epoch,
        follows=row.follower_id is not None,
        from_seq=row.from_seq or 0,
        until_seq=row.until_seq,
        read_no=row.read_no if row.read_no is not None else row.head_no,
        cursor_rev=row.cursor_rev or 0,
        may_post=bool(row.may_post),
        may_moderate=bool(row.may_moderate),
    )


def space_for(session: Session, viewer: Viewer, space_id: UUID, *, lock: bool = False) -> SpaceView:
    """Find a space that the viewer may read; raises `Missing`. One statement.

    With `lock`, writers to the space wait for each other from here on, so that what is read next in the same
    unit of work is the latest (on SQLite there is one writer anyway).
    """
    row = session.execute(_LOCKED if lock else _VIEWED, _asked(viewer, space_id)).one_or_none()
    if row is None:
        raise Missing
    return _view(row)


def room_for(session: Session, viewer: Viewer, space_id: UUID) -> tuple[SpaceView, list[Reader]]:
    """Find a space that the viewer may read and everybody who may read it, by name; raises `Missing`. One statement."""
    rows = session.execute(_ROOM, _asked(viewer, space_id)).all()
    if not rows:  # whoever may read is among the readers
        raise Missing
    return _view(rows[0]), _weightiest(rows)


def follow(session: Session, viewer: Viewer, log_id: UUID) -> log.Span:
    """Return the span of a space's log that a viewer may read now; raises `Missing`."""
    space = space_for(session, viewer, log_id)
    return log.Span(space.from_seq, space.until_seq)


def _unread(person_id: UUID) -> ColumnElement[int]:
    """Count what is new: the numbers after the reading position, less one's own and removed posts among them.

    Both exceptions are looked up by index, so the count costs no more in a room with ten thousand new posts.
    """
    after = (_posts.c.space_id == Space.id, _posts.c.no > Follow.read_no)
    own = select(func.count()).select_from(_posts).where(*after, _posts.c.author_id == person_id)
    removed = (
        select(func.count())
        .select_from(_posts)
        .where(
            *after, _posts.c.removed_at.is_not(None), or_(_posts.c.author_id.is_(None), _posts.c.author_id != person_id)
        )
    )
    correlated = [q.correlate(Space, Follow).scalar_subquery() for q in (own, removed)]
    return Space.head_no - Follow.read_no - correlated[0] - correlated[1]


def _followed(viewer: Viewer, what: Any) -> Select[Any]:
    return (
        select(what)
        .select_from(Space)
        .join(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))
        .where(Follow.until_seq.is_(None), visible_spaces(viewer))
    )


def unread_total(viewer: Viewer) -> ScalarSelect[int]:
    """Select how many posts are new to the viewer in all spaces that they follow."""
    # A sum is a decimal on PostgreSQL until it is told otherwise.
    return _followed(viewer, cast(func.coalesce(func.sum(_unread(viewer.person_id)), 0), Integer)).scalar_subquery()


def rooms_for(session: Session, viewer: Viewer) -> list[RoomLine]:
    """Return every space that the viewer may read, the liveliest first. One statement."""
    last = select(_posts.c.at).where(_posts.c.space_id == Space.id, _posts.c.no == Space.head_no).correlate(Space)
    unread = case((and_(Follow.person_id.is_not(None), Follow.until_seq.is_(None)), _unread(viewer.person_id)), else_=0)
    rows = session.execute(
        select(
            Space.id,
            Space.title,
            Space.kind,
            Space.group_id,
            Space.head_no,
            unread.label("unread"),
            last.scalar_subquery().label("last_at"),
        )
        .outerjoin(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))
        .where(visible_spaces(viewer))
        .order_by(Space.title, Space.id)
    ).all()
    lines = [RoomLine(r.id, r.title, r.kind, r.group_id, r.unread, r.last_at, r.head_no) for r in rows]
    return sorted(lines, key=lambda line: line.last_at.timestamp() if line.last_at else 0.0, reverse=True)


def position_for(session: Session, viewer: Viewer, space_id: UUID) -> dict[str, Any]:
    """Return what the viewer's other tabs are told when they have read on: position, revision and counts."""
    row = session.execute(
        _followed(viewer, Follow.read_no)
        .add_columns(Follow.cursor_rev, _unread(viewer.person_id).label("unread"), unread_total(viewer).label("total"))
        .where(Space.id == space_id)
    ).one_or_none()
    if row is None:
        raise Missing
    return {
        "space": encode(space_id),
        "no": row.read_no,
        "rev": row.cursor_rev,
        "unread": row.unread,
        "total": row.total,
        "inbox": unread_count(session, viewer),
    }


_READER = (
    Person.id.label("reader_id"),
    Person.name,
    Person.pronouns,
    Person.zone,
    Membership.role,
    GroupAncestor.depth,
)


def _now() -> BindParameter[datetime]:
    """Ask what time it is when the statement runs, so that it can be built once."""
    return bindparam(None, callable_=clock.now, type_=Instant, unique=True)


def _readers(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.join(GroupAncestor, GroupAncestor.group_id == Space.group_id)
        .join(Group, Group.id == GroupAncestor.group_id)
        .join(Membership, Membership.group_id == GroupAncestor.ancestor_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            or_(GroupAncestor.depth == 0, Group.kind != GroupKind.PAIR),
            Membership.role.in_(READERS),
            Membership.from_at <= _now(),
            or_(Membership.until_at.is_(None), Membership.until_at > _now()),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Person.id)
    )


_ROOM = _readers(_viewed(*_READER))
_READERS = _readers(select(*_READER).select_from(Space).where(Space.id == bindparam("space_id")))


def _weightiest(rows: Sequence[Row[Any]]) -> list[Reader]:
    best: dict[UUID, tuple[tuple[int, int], Reader]] = {}
    for r in rows:
        weight = (r.depth, LEADING.index(r.role) if r.role in LEADING else len(LEADING))
        if r.reader_id not in best or weight < best[r.reader_id][0]:
            best[r.reader_id] = (weight, Reader(Face(r.reader_id, r.name, r.pronouns, r.zone), r.role))
    return [reader for _, reader in best.values()]


def people_in(session: Session, space_id: UUID) -> list[Reader]:
    """Return everybody who may read a space, by name. The caller has checked the right to see it."""
    return _weightiest(session.execute(_READERS, {"space_id": space_id}).all())


def leading_role(
    person_id: InstrumentedAttribute[UUID | None], group_id: InstrumentedAttribute[UUID]
) -> ScalarSelect[str]:
    """Select the role that a room shows beside somebody's name (lead, facilitator or mentor), null for others."""
    membership, ancestor, group = aliased(Membership), aliased(GroupAncestor), aliased(Group)
    weight = case(*((membership.role == role, i) for i, role in enumerate(LEADING)), else_=len(LEADING))
    return (
        select(membership.role)
        .join(ancestor, ancestor.ancestor_id == membership.group_id)
        .join(group, group.id == ancestor.group_id)
        .where(
            ancestor.group_id == group_id,
            membership.person_id == person_id,
            or_(ancestor.depth == 0, group.kind != GroupKind.PAIR),
            membership.role.in_(LEADING),
            membership.from_at <= _now(),
            or_(membership.until_at.is_(None), membership.until_at > _now()),
        )
        .order_by(ancestor.depth, weight)
        .limit(1)
        .scalar_subquery()
    )


def following(session: Session, space_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of the people given read along in a space at present."""
    found = session.scalars(
        select(Follow.person_id).where(
            Follow.space_id == space_id, Follow.person_id.in_(person_ids), Follow.until_seq.is_(None)
        )
    )
    return set(found)


def spaces_of(session: Session, group_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the first space of each group, by group."""
    rows = session.execute(
        select(Space.group_id, Space.id).where(Space.group_id.in_(group_ids)).order_by(Space.id.desc())
    )
    return {row.group_id: row.id for row in rows}
