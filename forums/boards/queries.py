"""Questions about boards: which there are for a viewer, and the threads of one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.orm import Session, aliased

from academy.kernel import log
from academy.kernel.access import Missing
from academy.kernel.db import Instant, ask
from academy.kernel.ids import encode
from academy.kernel.log import Log
from academy.kernel.paging import Part, Span, part
from academy.kernel.prepared import Prepared
from academy.kernel.viewer import Viewer
from academy.people.models import Group, Person
from academy.people.policy import Right, reaches
from academy.people.queries import Face
from forums.boards.engine import Place
from forums.boards.policy import KEEPERS, listed_boards, postable_boards, visible_boards
from forums.posts.models import Post
from forums.spaces.models import IS_THREAD, Board, Follow, Space
from forums.spaces.queries.views import space_for, unread_of

PAGE, MOST = 50, 100
SHOWN = ("all", "unread", "unanswered", "mine", "solved")


@dataclass(frozen=True)
class BoardLine:
    """A board as a list shows it: who keeps it, when something last came, and what is new in followed threads."""

    id: UUID
    name: str
    about: str
    keeper_id: UUID
    keeper: str
    closed: bool
    last_at: datetime | None
    unread: int


@dataclass(frozen=True)
class BoardView:
    """A board as one viewer sees it. `epoch` and `head_seq` are its log's."""

    id: UUID
    name: str
    about: str
    keeper_id: UUID
    keeper: str
    keeper_kind: str
    closed: bool
    epoch: str
    head_seq: int
    may_post: bool
    may_moderate: bool


@dataclass(frozen=True, kw_only=True)
class ThreadLine:
    """A thread as its board lists it to one viewer."""

    id: UUID
    title: str
    author: Face | None
    replies: int
    last_at: datetime
    last_by: str
    unread: int
    follows: bool
    pinned: bool
    locked: bool
    solved: bool

    @property
    def place(self) -> Place:
        """Return where it stands in the list."""
        return Place(self.pinned, self.last_at, self.id)


@dataclass(frozen=True, kw_only=True)
class ThreadView(ThreadLine):
    """A thread on its own, with its board and the post that solved it."""

    board: UUID
    answer: UUID | None
    may_post: bool
    may_moderate: bool


_keeper = aliased(Group)


def boards_for(
    session: Session,
    viewer: Viewer,
    *,
    group_id: UUID | None = None,
    limit: int | None = None,
    after: UUID | None = None,
) -> list[BoardLine]:
    """Return the boards that a viewer may read, by keeper and name; of one keeper with `group_id`. Two statements.

    At most `limit` of them, those after the board `after`.
    """
    order = (_keeper.created_at, _keeper.id, Group.name, Board.id)
    query = (
        select(
            Board.id,
            Group.name,
            Board.about,
            Board.closed_at,
            _keeper.id.label("keeper_id"),
            _keeper.name.label("keeper"),
            _latest(pinned=False).label("last_at"),
            _latest(pinned=True).label("last_pinned_at"),
        )
        .join(Group, Group.id == Board.id)
        .join(_keeper, _keeper.id == Group.parent_id)
        .where(listed_boards(viewer))
        .order_by(*order)
        .limit(limit)
    )
    if group_id is not None:
        query = query.where(Group.parent_id == group_id)
    if after is not None:
        own, above = aliased(Group), aliased(Group)
        there = select(above.created_at, above.id, own.name, own.id).join(above, above.id == own.parent_id)
        query = query.where(tuple_(*order) > there.where(own.id == after).scalar_subquery())
    rows = session.execute(query).all()
    new = _unread_by_board(session, viewer) if rows else {}
    return [
        BoardLine(
            id=r.id,
            name=r.name,
            about=r.about,
            keeper_id=r.keeper_id,
            keeper=r.keeper,
            closed=r.closed_at is not None,
            last_at=max((at for at in (r.last_at, r.last_pinned_at) if at is not None), default=None),
            unread=new.get(r.id, 0),
        )
        for r in rows
    ]


def _latest(*, pinned: bool) -> Any:
    """Select when a board's last post came: two looks at the end of an index, however many threads there are."""
    return (
        select(func.max(Space.last_at, type_=Instant))
        .where(Space.group_id == Board.id, Space.pinned == literal(pinned))
        .correlate(Board)
        .scalar_subquery()
    )


def _unread_by_board(session: Session, viewer: Viewer) -> dict[UUID, int]:
    rows = session.execute(
        select(Space.group_id, cast(func.sum(unread_of(viewer)), Integer).label("new"))
        .join(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))
        .where(IS_THREAD)
        .group_by(Space.group_id)
    )
    return {row.group_id: row.new for row in rows}


def _boards(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Board.id,
            Group.name,
            Board.about,
            _keeper.id.label("keeper_id"),
            _keeper.name.label("keeper"),
            _keeper.kind.label("keeper_kind"),
            Board.closed_at,
            Log.epoch,
            Log.head_seq,
            postable_boards(viewer).label("may_post"),
            reaches(viewer, Right.MODERATE, Board.id).label("may_moderate"),
        )
        .join(Group, Group.id == Board.id)
        .join(_keeper, _keeper.id == Group.parent_id)
        .join(Log, Log.id == Board.id)
        .where(visible_boards(viewer))
    )


_BOARD = Prepared(lambda viewer: _boards(viewer).where(Board.id == bindparam("board_id")))
_LOCKED = Prepared(lambda viewer: _boards(viewer).where(Board.id == bindparam("board_id")).with_for_update(of=Board))


def board_for(session: Session, viewer: Viewer, board_id: UUID, *, lock: bool = False) -> BoardView:
    """Find a board that the viewer may read; raises `Missing`. One statement.

    With `lock`, whoever begins a thread on it waits for the others, as with `space_for`.
    """
    row = ask(session, *(_LOCKED if lock else _BOARD)(viewer, board_id=board_id)).one_or_none()
    if row is None:
        raise Missing
    return BoardView(
        id=row.id,
        name=row.name,
        about=row.about,
        keeper_id=row.keeper_id,
        keeper=row.keeper,
        keeper_kind=row.keeper_kind,
        closed=row.closed_at is not None,
        epoch=row.epoch,
        head_seq=row.head_seq,
        may_post=bool(row.may_post),
        may_moderate=bool(row.may_moderate),
    )


def keepers_for(session: Session, viewer: Viewer) -> list[tuple[UUID, str]]:
    """Return the groups for which the viewer may open boards, the wider first, as (id, name)."""
    rows = session.execute(
        select(Group.id, Group.name)
        .where(Group.kind.in_(KEEPERS), reaches(viewer, Right.MODERATE, Group.id))
        .order_by(Group.created_at, Group.name, Group.id)
    )
    return [(row.id, row.name) for row in rows]


_last = aliased(Person)


def threads_in(
    session: Session,
    viewer: Viewer,
    board_id: UUID,
    *,
    show: str = "all",
    words: str = "",
    after: Place | None = None,
    limit: int = PAGE,
) -> tuple[list[ThreadLine], Place | None]:
    """Return a page of a board's threads and the place to go on from, if there is more. One statement.

    Pinned ones come first, then those where something came last. `show` is one of SHOWN; `words` must all be
    in the title. The board is one that `board_for` returned.
    """
    if words or after is not None:
        query = _listed(viewer, board_id, show, words).limit(limit + 1)
        rows = session.execute(query if after is None else query.where(_beyond(after))).all()
    else:
        rows = ask(session, *_listing(show)(viewer, board_id=board_id, most=limit + 1)).all()
    lines = [_line(row) for row in rows[:limit]]
    return lines, lines[-1].place if len(rows) > limit else None


@cache
def _listing(show: str) -> Prepared:
    return Prepared(lambda viewer: _listed(viewer, bindparam("board_id", type_=Uuid()), show).limit(bindparam("most")))


def _listed(viewer: Viewer, board_id: Any, show: str, words: str = "") -> Select[*tuple[Any, ...]]:
    query = _threads(viewer, board_id, show, words)
    return query.order_by(Space.pinned.desc(), Space.last_at.desc(), Space.id.desc())


def _beyond(place: Place) -> ColumnElement[bool]:
    there = (literal(place.pinned, Boolean), literal(place.last_at, Instant), literal(place.thread_id, Uuid))
    return tuple_(Space.pinned, Space.last_at, Space.id) < tuple_(*there)


def threads_part(
    session: Session, viewer: Viewer, board_id: UUID, span: Span, *, show: str = "all", words: str = ""
) -> Part[ThreadLine]:
    """Return part of a board's threads, those begun last first: a walk meets each once. One statement.

    The board is one that `board_for` returned.
    """
    return part(session, _threads(viewer, board_id, show, words), Space.id, span, _line)


def thread_for(session: Session, viewer: Viewer, thread_id: UUID, *, lock: bool = False) -> ThreadView:
    """Find a thread that the viewer may read; raises `Missing`. Two statements. With `lock`, as `space_for`."""
    space = space_for(session, viewer, thread_id, lock=lock)
    if not space.is_thread:
        raise Missing
    answer = select(Post.id).where(Post.space_id == Space.id, Post.no == Space.solved_no).correlate(Space)
    query = _threads(viewer, space.group_id).add_columns(answer.scalar_subquery().label("answer"))
    row = session.execute(query.where(Space.id == thread_id)).one()
    return ThreadView(
        **vars(_line(row)),
        board=space.group_id,
        answer=row.answer,
        may_post=space.may_post,
        may_moderate=space.may_moderate,
    )


def _threads(viewer: Viewer, board_id: Any, show: str = "all", words: str = "") -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Space.id,
            Space.title,
            Space.author_id,
            Person.name.label("author"),
            Person.pronouns,
            Person.zone,
            Space.replies,
            Space.last_at,
            _last.name.label("last_by"),
            unread_of(viewer).label("unread"),
            Follow.person_id.label("follower_id"),
            Space.pinned,
            Space.locked_at,
            Space.solved_no,
        )
        .outerjoin(Person, Person.id == Space.author_id)
        .outerjoin(_last, _last.id == Space.last_by)
        .outerjoin(Follow, and_(Follow.space_id == Space.id, Follow.person_id == viewer.person_id))
        .where(Space.group_id == board_id, *_shown(viewer, show))
    )
    for word in words.lower().split()[:6]:
        query = query.where(func.lower(Space.title).contains(word, autoescape=True))
    return query


def _line(r: Row[Any]) -> ThreadLine:
    return ThreadLine(
        id=r.id,
        title=r.title,
        author=Face(r.author_id, r.author, r.pronouns, r.zone) if r.author_id else None,
        replies=r.replies,
        last_at=r.last_at,
        last_by=r.last_by or "",
        unread=r.unread,
        follows=r.follower_id is not None,
        pinned=r.pinned,
        locked=r.locked_at is not None,
        solved=r.solved_no is not None,
    )


def _shown(viewer: Viewer, show: str) -> list[ColumnElement[bool]]:
    if show == "unread":
        follow = aliased(Follow)  # few are followed, and only these are looked at
        followed = select(follow.space_id).where(follow.person_id == viewer.person_id, follow.until_seq.is_(None))
        return [Space.id.in_(followed), unread_of(viewer) > 0]
    if show == "unanswered":
        return [Space.replies == 0]
    if show == "mine":
        return [Space.author_id == viewer.person_id]
    if show == "solved":
        return [Space.solved_no.is_not(None)]
    return []


# The log of a board: a thread that was begun


def follow(session: Session, viewer: Viewer, log_id: UUID) -> log.Span:
    """Let whoever may read a board hear of its new threads."""
    board_for(session, viewer, log_id)
    return log.Span()


def load(session: Session, rows: Sequence[log.Row]) -> list[Mapping[str, Any]]:
    """Return what goes over the wire of threads that were begun: their titles as they are now."""
    titles = {
        row.id: row.title
        for row in session.execute(select(Space.id, Space.title).where(Space.id.in_([row.ref for row in rows])))
    }
    return [{"thread": encode(row.ref), "title": titles.get(row.ref, "")} for row in rows]
