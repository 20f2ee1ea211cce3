"""Verbs on spaces and on who follows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Invalid
from academy.kernel.db import Table, ask, keep
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.log import Log
from academy.kernel.viewer import Viewer
from academy.people.models import Membership
from academy.people.queries import roles_of
from forums.spaces.events import SpaceOpened, SpaceRead, SpaceSlowed
from forums.spaces.models import NO_THREAD, Follow, Space
from forums.spaces.policy import BELONGING, READERS, SLOW, require_care, visible_spaces
from forums.spaces.queries.views import THREAD, SpaceView, space_for

LOG = "space"

# Built once, on the table: it comes with every message.
_follows = Table.metadata.tables["follows"]
_READ_ON = keep(
    update(_follows)
    .where(
        _follows.c.space_id == bindparam("space"),
        _follows.c.person_id == bindparam("person"),
        _follows.c.read_no < bindparam("wanted"),
    )
    .values(read_no=bindparam("wanted"))
    .returning(_follows.c.read_no, _follows.c.cursor_rev)
)


def open_space(
    session: Session, *, group_id: UUID, kind: str = "room", title: str, actor_id: UUID | None = None
) -> Space:
    """Give a group a place to talk; who is in the group now follows it. The caller has checked the right to.

    A thread is followed by its author alone, from their first post on, and by whoever replies or asks to.
    """
    thread = kind == THREAD
    space = Space(id=new_id(), group_id=group_id, kind=kind, title=title, head_no=0)
    if thread:
        space.author_id, space.last_at, space.last_by = actor_id, clock.now(), actor_id
    log.open_log(session, kind=LOG, log_id=space.id)
    session.add(space)
    session.flush()
    if not thread:
        _follow_all(session, space.id, group_id)
    emit(session, SpaceOpened(actor_id=actor_id, space_id=space.id, group_id=group_id, kind=kind))
    return space


def _follow_all(session: Session, space_id: UUID, group_id: UUID) -> None:
    now = clock.now()
    members = session.scalars(
        select(Membership.person_id)
        .where(
            Membership.group_id == group_id,
            Membership.role.in_(READERS),
            Membership.from_at <= now,
            or_(Membership.until_at.is_(None), Membership.until_at > now),
        )
        .distinct()
    ).all()
    for person_id in members:
        follow(session, space_id=space_id, person_id=person_id, read_no=0)


def rename_room(session: Session, *, group_id: UUID, title: str) -> None:
    """Call a group's room what the group is called. The caller has checked the right to."""
    session.execute(update(Space).where(Space.group_id == group_id, Space.kind == "room").values(title=title))


def retitle(session: Session, *, space_id: UUID, title: str) -> None:
    """Call a space something else, as when somebody whom it was named after has left."""
    session.execute(update(Space).where(Space.id == space_id).values(title=title))


def lock(session: Session, *, space_id: UUID) -> None:
    """Let nothing be added to a space any more; whoever has it open sees so at once."""
    locked = update(Space).where(Space.id == space_id, Space.locked_at.is_(None)).values(locked_at=clock.now())
    if session.scalar(locked.returning(Space.id)) is not None:
        log.append(session, space_id, kind="lock", ref=space_id, actor_id=None)


def set_slow(session: Session, *, viewer: Viewer, space_id: UUID, seconds: int) -> None:
    """Let members of a space write once in so many seconds, or with 0 as often as they like."""
    space = space_for(session, viewer, space_id, lock=True)
    require_care(may_moderate=space.may_moderate)
    if seconds not in SLOW:
        detail = "This is not one of the intervals that can be chosen."
        raise Invalid(detail, errors={"seconds": [detail]})
    if space.slow != seconds:
        session.execute(update(Space).where(Space.id == space_id).values(slow=seconds))
        log.append(session, space_id, kind="slow", ref=space_id, actor_id=viewer.person_id)
        emit(session, SpaceSlowed(actor_id=viewer.person_id, space_id=space_id, seconds=seconds))


def follow(session: Session, *, space_id: UUID, person_id: UUID, read_no: int) -> None:
    """Let somebody who may read a space follow it from its beginning, read up to `read_no`."""
    session.execute(
        insert(Follow).values(space_id=space_id, person_id=person_id, from_seq=0, read_no=read_no, cursor_rev=0)
    )


def set_read(session: Session, *, viewer: Viewer, space_id: UUID, no: int, rev: int | None = None) -> tuple[int, int]:
    """Move the viewer's reading position and return it as (no, rev).

    The position is the greatest (rev, no) that was ever sent, so tabs agree whatever the order in which they
    are heard. Reading on names the revision it knows, or none; marking as unread is an explicit setting under
    the next revision, and what comes later from an older revision changes nothing. To read a thread is not to
    follow it; to mark it as unread is.
    """
    space = space_for(session, viewer, space_id)
    if not space.follows:
        if space.is_thread and not rev:
            return max(0, min(no, space.head_no)), 0
        follow(session, space_id=space_id, person_id=viewer.person_id, read_no=space.head_no)
    wanted = max(0, min(no, space.head_no))
    row: Row[Any] | None
    if rev is None:
        row = ask(session, _READ_ON, {"space": space_id, "person": viewer.person_id, "wanted": wanted}).one_or_none()
    else:
        newer = or_(Follow.cursor_rev < rev, and_(Follow.cursor_rev == rev, Follow.read_no < wanted))
        moved = update(Follow).where(Follow.space_id == space_id, Follow.person_id == viewer.person_id, newer)
        moved = moved.values(read_no=wanted, cursor_rev=rev)
        row = ask(session, moved.returning(Follow.read_no, Follow.cursor_rev)).one_or_none()
    if row is not None:
        _read(session, viewer, space_id, row.read_no)
        return row.read_no, row.cursor_rev
    now = session.execute(
        select(Follow.read_no, Follow.cursor_rev).where(
            Follow.space_id == space_id, Follow.person_id == viewer.person_id
        )
    ).one()
    return now.read_no, now.cursor_rev


def read_on(session: Session, *, viewer: Viewer, space: SpaceView, no: int) -> None:
    """Count a space that the viewer follows, as it was found in this unit of work, as read up to `no`."""
    wanted = min(no, space.head_no)
    if wanted <= space.read_no:
        return
    asked = {"space": space.id, "person": viewer.person_id, "wanted": wanted}
    if ask(session, _READ_ON, asked).one_or_none() is not None:
        _read(session, viewer, space.id, wanted)


def _read(session: Session, viewer: Viewer, space_id: UUID, no: int) -> None:
    emit(session, SpaceRead(actor_id=viewer.person_id, space_id=space_id, person_id=viewer.person_id, no=no))


class Joined(NamedTuple):
    """Somebody who joined a group in a role."""

    group_id: UUID
    person_id: UUID
    role: str
    actor_id: UUID | None


def admit(session: Session, *, joined: Sequence[Joined]) -> None:
    """Let people who joined groups follow their spaces, and read again where their reading had ended.

    Old posts are open to them and count as read: nobody begins with a hundred things to catch up on. A few
    statements for all, and a few for each who has been there before.
    """
    come = [one for one in joined if one.role in BELONGING]
    told: dict[UUID | None, dict[UUID, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    opened = {*_read_again(session, {one.person_id for one in come}), *_read_along(session, come)}
    actors = {one.person_id: one.actor_id for one in come}
    for space_id, person_id in sorted(opened):
        told[actors[person_id]][space_id].append(person_id)
    for actor_id, refs in told.items():
        log.append_all(session, refs, kind="member", actor_id=actor_id)


def _read_again(session: Session, person_ids: Collection[UUID]) -> Iterator[tuple[UUID, UUID]]:
    """Let people read again what a role opens to them anew; gives their rooms, as (space, person)."""
    left = select(Follow.person_id).where(Follow.person_id.in_(person_ids), Follow.until_seq.is_not(None)).distinct()
    for person_id in session.scalars(left).all():
        opened = select(Space.id).where(Space.id == Follow.space_id, visible_spaces(_present(session, person_id)))
        again = session.scalars(
            update(Follow)
            .where(Follow.person_id == person_id, Follow.until_seq.is_not(None), opened.exists())
            .values(until_seq=None)
            .returning(Follow.space_id)
            .execution_options(synchronize_session=False)
        ).all()
        yield from ((space_id, person_id) for space_id in _rooms(session, again))


def _read_along(session: Session, joined: Sequence[Joined]) -> set[tuple[UUID, UUID]]:
    """Let people follow the rooms of groups that they joined as readers; returns what is new, as (space, person)."""
    readers: dict[UUID, set[UUID]] = defaultdict(set)
    for one in joined:
        if one.role in READERS:
            readers[one.group_id].add(one.person_id)
    if not readers:
        return set()
    rooms = session.execute(
        select(Space.id, Space.group_id, Space.head_no).where(Space.group_id.in_(readers), NO_THREAD)
    ).all()
    followed = select(Follow.space_id, Follow.person_id).where(
        Follow.space_id.in_([room.id for room in rooms]), Follow.person_id.in_(set().union(*readers.values()))
    )
    before = {(row.space_id, row.person_id) for row in session.execute(followed)}
    new = {(room.id, i): room.head_no for room in rooms for i in readers[room.group_id] if (room.id, i) not in before}
    if new:
        fixed = {"from_seq": 0, "cursor_rev": 0}
        rows = [{"space_id": space, "person_id": i, "read_no": no, **fixed} for (space, i), no in new.items()]
        session.execute(insert(Follow), rows)
    return set(new)


def dismiss(session: Session, *, person_id: UUID, actor_id: UUID | None) -> None:
    """End somebody's reading of the spaces that no role of theirs opens any more, until they come back."""
    kept = select(Space.id).where(Space.id == Follow.space_id, visible_spaces(_present(session, person_id))).exists()
    ended = session.scalars(
        update(Follow)
        .where(Follow.person_id == person_id, Follow.until_seq.is_(None), ~kept)
        .values(until_seq=select(Log.head_seq).where(Log.id == Follow.space_id).scalar_subquery())
        .returning(Follow.space_id)
        .execution_options(synchronize_session=False)
    ).all()
    for space_id in sorted(_rooms(session, ended)):
        log.append(session, space_id, kind="member", ref=person_id, actor_id=actor_id)


def _present(session: Session, person_id: UUID) -> Viewer:
    return Viewer(person_id=person_id, sign_in_id=person_id, name="", roles=roles_of(session, person_id))


def _rooms(session: Session, space_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Leave threads out: nobody is told who reads them."""
    return session.scalars(select(Space.id).where(Space.id.in_(space_ids), NO_THREAD)).all()
