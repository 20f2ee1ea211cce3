"""Questions about spaces: what a viewer may read there, and how much of it is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
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
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from academy.kernel import log
from academy.kernel.access import Missing
from academy.kernel.db import Instant, ask, keep
from academy.kernel.expressions import each_of
from academy.kernel.ids import encode
from academy.kernel.log import Log
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.notices.queries import unread_count
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Person
from academy.people.policy import Right, belonging, below, boards_around, granting
from academy.people.queries import Face
from forums.spaces.models import IS_THREAD, NO_THREAD, Board, Follow, Space
from forums.spaces.policy import LEADING, READERS, board_readers, now, visible_spaces

THREAD = "thread"

# Posts stand left of spaces, so their class can't be imported here; an unread count needs these columns only.
_posts = table(
    "posts",
    column("space_id", Uuid),
    column("no", Integer),
    column("author_id", Uuid),
    column("removed_at", Instant),
)


@dataclass(frozen=True)
class SpaceView:
    """A space as one viewer sees it now. `head_seq` and `epoch` are its log's; `follows`: they read along.

    Of a thread: `author_id` began it, `board` names its board (`group_id`), `solved_no` numbers the post that
    answers it, and where it is `locked`, or its board closed, nothing is added. `slow` are the seconds that members
    wait before they write again, 0 for none.
    """

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
    author_id: UUID | None = None
    board: str = ""
    board_closed: bool = False
    pinned: bool = False
    locked: bool = False
    solved_no: int | None = None
    slow: int = 0

    @property
    def is_thread(self) -> bool:
        """Say whether this is a thread of a board."""
        return self.kind == THREAD


class Reader(NamedTuple):
    """Somebody who may read a space, and as what: their weightiest role, nearest group first."""

    face: Face
    role: str


_board, _asked_for = aliased(Group), aliased(Space)
# The group of the space that is asked for: what is asked of it is asked once, not for each of a room's readers.
_here = select(_asked_for.group_id).where(_asked_for.id == bindparam("space_id")).scalar_subquery()


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
            below(each_of("moderating"), _here).label("may_moderate"),
            Space.author_id,
            Space.pinned,
            Space.locked_at,
            Space.solved_no,
            Space.slow,
            _board.name.label("board"),
            Board.closed_at,
            *more,
        )
        .join(Log, Log.id == Space.id)
        .outerjoin(Board, Board.id == Space.group_id)
        .outerjoin(_board, _board.id == Board.id)
        .outerjoin(Follow, and_(Follow.space_id == Space.id, Follow.person_id == bindparam("viewer_id")))
        .where(Space.id == bindparam("space_id"), _among("reading"))
    )


def _among(name: str) -> ColumnElement[bool]:
    """Select by a right that flows down, or by belonging to those whom a board is for: they read and write there."""
    return or_(
        below(each_of(name), _here),
        _here.in_(boards_around(each_of("belonging"))),
    )


def _asked(viewer: Viewer, space_id: UUID) -> dict[str, Any]:
    return {
        "space_id": space_id,
        "viewer_id": viewer.person_id,
        "reading": granting(viewer, Right.READ),
        "posting": granting(viewer, Right.POST),
        "moderating": granting(viewer, Right.MODERATE),
        "belonging": belonging(viewer, Right.READ),
    }


# Built once: every message and every page asks this.
_VIEWED = keep(_viewed())
_LOCKED = keep(_VIEWED.with_for_update(of=Space))


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
        may_post=bool(row.may_post) and row.locked_at is None and row.closed_at is None,
        may_moderate=bool(row.may_moderate),
        author_id=row.author_id,
        board=row.board or "",
        board_closed=row.closed_at is not None,
        pinned=row.pinned,
        locked=row.locked_at is not None,
        solved_no=row.solved_no,
        slow=row.slow,
    )


def space_for(session: Session, viewer: Viewer, space_id: UUID, *, lock: bool = False) -> SpaceView:
    """Find a space that the viewer may read; raises `Missing`. One statement.

    With `lock`, writers to the space wait for each other from here on, so that what is read next in the same
    unit of work is the latest (on SQLite there is one writer anyway).
    """
    row = ask(session, _LOCKED if lock else _VIEWED, _asked(viewer, space_id)).one_or_none()
    if row is None:
        raise Missing
    return _view(row)


def room_for(session: Session, viewer: Viewer, space_id: UUID) -> tuple[SpaceView, list[Reader]]:
    """Find a space that the viewer may read and everybody who may read it, by name; raises `Missing`. One statement.

    Nobody is listed beside a thread: a board may be for ten thousand.
    """
    rows = ask(session, _ROOM, _asked(viewer, space_id)).all()
    if not rows:  # whoever may read a room is among its readers
        return space_for(session, viewer, space_id), []
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


def unread_of(viewer: Viewer) -> ColumnElement[int]:
    """Count what is new to the viewer in a space that `Follow` is joined to; nothing where they do not follow."""
    reads_along = and_(Follow.person_id.is_not(None), Follow.until_seq.is_(None))
    return case((reads_along, _unread(viewer.person_id)), else_=0)


def _followed(viewer: Viewer, what: Any) -> Select[Any]:
    return (
        select(what)
        .select_from(Space)
        .join(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))
        .where(Follow.until_seq.is_(None), visible_spaces(viewer))
    )


def _new(viewer: Viewer, of: ColumnElement[bool]) -> ScalarSelect[int]:
    # A sum is a decimal on PostgreSQL until it is told otherwise.
    total = cast(func.coalesce(func.sum(_unread(viewer.person_id)), 0), Integer)
    return _followed(viewer, total).where(of).scalar_subquery()


def unread_total(viewer: Viewer) -> ScalarSelect[int]:
    """Select how many posts are new to the viewer in all rooms that they follow."""
    return _new(viewer, NO_THREAD)


def unread_in_threads(viewer: Viewer) -> ScalarSelect[int]:
    """Select how many posts are new to the viewer in all threads that they follow."""
    return _new(viewer, IS_THREAD)


_POSITION = Prepared(
    lambda viewer: (
        _followed(viewer, Follow.read_no)
        .add_columns(
            Follow.cursor_rev,
            _unread(viewer.person_id).label("unread"),
            unread_total(viewer).label("total"),
            unread_in_threads(viewer).label("boards"),
        )
        .where(Space.id == bindparam("space_id"))
    )
)


def position_for(session: Session, viewer: Viewer, space_id: UUID) -> dict[str, Any]:
    """Return what the viewer's other tabs are told when they have read on: position, revision and counts.

    Raises `Missing` for who does not follow the space, as readers of a thread need not.
    """
    row = ask(session, *_POSITION(viewer, space_id=space_id)).one_or_none()
    if row is None:
        raise Missing
    return {
        "space": encode(space_id),
        "no": row.read_no,
        "rev": row.cursor_rev,
        "unread": row.unread,
        "total": row.total,
        "boards": row.boards,
        "inbox": unread_count(session, viewer),
    }


_READER = (
    *(Person.id.label("reader_id"), Person.name, Person.pronouns, Person.zone),
    *(Membership.role, GroupAncestor.depth),
)


def _readers(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        query.join(GroupAncestor, GroupAncestor.group_id == Space.group_id)
        .join(Group, Group.id == GroupAncestor.group_id)
        .join(Membership, Membership.group_id == GroupAncestor.ancestor_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            or_(GroupAncestor.depth == 0, Group.kind != GroupKind.PAIR),
            Membership.role.in_(READERS),
            Membership.from_at <= now(),
            or_(Membership.until_at.is_(None), Membership.until_at > now()),
            Person.deactivated_at.is_(None),
        )
        .order_by(Person.name, Person.id)
    )


_ROOM = keep(_readers(_viewed(*_READER)).where(NO_THREAD))
_READERS = keep(_readers(select(*_READER).select_from(Space).where(Space.id == bindparam("space_id"))))


def _weightiest(rows: Sequence[Row[Any]]) -> list[Reader]:
    best: dict[UUID, tuple[tuple[int, int], Reader]] = {}
    for r in rows:
        weight = (r.depth, LEADING.index(r.role) if r.role in LEADING else len(LEADING))
        if r.reader_id not in best or weight < best[r.reader_id][0]:
            best[r.reader_id] = (weight, Reader(Face(r.reader_id, r.name, r.pronouns, r.zone), r.role))
    return [reader for _, reader in best.values()]


def people_in(session: Session, space_id: UUID) -> list[Reader]:
    """Return everybody who may read a space, by name. The caller has checked the right to see it."""
    return _weightiest(ask(session, _READERS, {"space_id": space_id}).all())


_BOARD_READERS = board_readers()


def nameable_in(session: Session, space: SpaceView, body: str) -> list[tuple[UUID, str]]:
    """Return (person, name) of whom a text in a space may name: its readers; in a thread those whose name it holds."""
    if not space.is_thread:
        return [(reader.face.id, reader.face.name) for reader in people_in(session, space.id)]
    return named_on(session, space.group_id, body)


def named_on(session: Session, board_id: UUID, body: str) -> list[tuple[UUID, str]]:
    """Return (person, name) of those whom a board is for and whose name a text holds after an @."""
    if "@" not in body:
        return []
    rows = session.execute(_BOARD_READERS, {"board_id": board_id, "body": body.replace("\\", "")})
    return [(row.id, row.name) for row in rows]


def following(session: Session, space_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of the people given read along in a space at present."""
    found = session.scalars(
        select(Follow.person_id).where(
            Follow.space_id == space_id, Follow.person_id.in_(person_ids), Follow.until_seq.is_(None)
        )
    )
    return set(found)
