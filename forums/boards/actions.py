"""Verbs on boards and their threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock, log
from academy.kernel.access import Closed, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.log import Send
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people.models import Group, GroupKind
from academy.people.policy import Right
from academy.people.queries import demand
from forums.boards import policy, queries
from forums.boards.events import BoardChanged, BoardOpened, ThreadMarked, ThreadSolved, ThreadStarted
from forums.posts import actions as posts
from forums.posts.queries.posts import post_for
from forums.spaces import actions as spaces
from forums.spaces.models import Board, Follow, Space
from forums.spaces.queries.views import THREAD, SpaceView, space_for

LOG = "board"


@dataclass(frozen=True)
class Started:
    """A thread that is begun. `duplicate` says that this very send had begun it before."""

    id: UUID
    duplicate: bool


def open_board(session: Session, *, viewer: Viewer, group_id: UUID, name: str, about: str = "") -> UUID:
    """Open a board below an academy, a cohort or the organization, and return its id."""
    demand(session, viewer, Right.MODERATE, group_id)
    kind = session.scalar(select(Group.kind).where(Group.id == group_id))
    if kind not in policy.KEEPERS:
        raise Missing
    words = _words(name, about)
    group = people.open_group(session, kind=GroupKind.BOARD, name=words[0], parent_id=group_id)
    log.open_log(session, kind=LOG, log_id=group.id)
    session.add(Board(id=group.id, about=words[1], created_at=clock.now()))
    session.flush()
    emit(session, BoardOpened(actor_id=viewer.person_id, board_id=group.id, group_id=group_id))
    return group.id


def change_board(session: Session, *, viewer: Viewer, board_id: UUID, name: str, about: str) -> None:
    """Call a board something else, or say differently what it is about."""
    _care(session, viewer, board_id)
    new_name, new_about = _words(name, about)
    people.rename_group(session, group_id=board_id, name=new_name, actor_id=viewer.person_id)
    session.execute(update(Board).where(Board.id == board_id).values(about=new_about))
    emit(session, BoardChanged(actor_id=viewer.person_id, board_id=board_id, what="words"))


def set_closed(session: Session, *, viewer: Viewer, board_id: UUID, closed: bool) -> None:
    """Close a board, so that its threads are read and nothing is added, or open it again."""
    board = _care(session, viewer, board_id)
    if board.closed == closed:
        return
    session.execute(update(Board).where(Board.id == board_id).values(closed_at=clock.now() if closed else None))
    emit(
        session,
        BoardChanged(actor_id=viewer.person_id, board_id=board_id, what="closed" if closed else "opened"),
    )


def _care(session: Session, viewer: Viewer, board_id: UUID) -> queries.BoardView:
    board = queries.board_for(session, viewer, board_id, lock=True)
    policy.require_care(may_moderate=board.may_moderate)
    return board


def _words(name: str, about: str) -> tuple[str, str]:
    short, long = " ".join(name.split()), " ".join(about.split())
    errors = {}
    if not short or len(short) > policy.LONGEST_NAME:
        errors["name"] = [f"A board's name has 1 to {policy.LONGEST_NAME} characters."]
    if len(long) > policy.LONGEST_ABOUT:
        errors["about"] = [f"Say it in at most {policy.LONGEST_ABOUT} characters. What you wrote is kept."]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return short, long


def start(
    session: Session,
    *,
    viewer: Viewer,
    board_id: UUID,
    title: str,
    body_md: str,
    body_html: str,
    mentions: Sequence[UUID] = (),
    send: Send | None = None,
) -> Started:
    """Begin a thread with its first post; its author follows it. The caller has rendered the post.

    The board's row is locked first: whoever sends the same form at the same time waits here and then finds what
    the other stored. Raises `Missing`, `Closed`, `Refused`, `Invalid`, and `Conflict` for a nonce that came
    before with other words.
    """
    board = queries.board_for(session, viewer, board_id, lock=True)
    policy.require_open(closed=board.closed, may_post=board.may_post)
    before = log.sent_before(session, send)
    if before is not None:
        return Started(before.ref, duplicate=True)
    short = " ".join(title.split())
    if not short or len(short) > policy.LONGEST_TITLE:
        detail = f"A title has 1 to {policy.LONGEST_TITLE} characters. What you wrote is kept."
        raise Invalid(detail, errors={"title": [detail]})
    space = spaces.open_space(session, group_id=board_id, kind=THREAD, title=short, actor_id=viewer.person_id)
    posts.post(session, viewer=viewer, space_id=space.id, body_md=body_md, body_html=body_html, mentions=mentions)
    log.append(session, board_id, kind="thread", ref=space.id, actor_id=viewer.person_id, send=send)
    emit(session, ThreadStarted(actor_id=viewer.person_id, board_id=board_id, space_id=space.id))
    return Started(space.id, duplicate=False)


def set_following(session: Session, *, viewer: Viewer, space_id: UUID, on: bool) -> None:
    """Follow a thread from here on, or hear no more of it. Doing it twice is doing it once."""
    thread = _thread(session, viewer, space_id)
    if on and not thread.follows:
        spaces.follow(session, space_id=space_id, person_id=viewer.person_id, read_no=thread.head_no)
    elif not on:
        session.execute(delete(Follow).where(Follow.space_id == space_id, Follow.person_id == viewer.person_id))


def set_pinned(session: Session, *, viewer: Viewer, space_id: UUID, on: bool) -> None:
    """Let a thread stand first on its board, or no longer."""
    thread = _thread(session, viewer, space_id)
    policy.require_care(may_moderate=thread.may_moderate)
    if thread.pinned != on:
        session.execute(update(Space).where(Space.id == space_id).values(pinned=on))
        log.append(session, thread.id, kind="pin", ref=thread.id, actor_id=viewer.person_id)
        emit(session, ThreadMarked(actor_id=viewer.person_id, space_id=thread.id, what="pin", on=on))


def set_locked(session: Session, *, viewer: Viewer, space_id: UUID, on: bool) -> None:
    """Lock a thread, so that it is read and nothing is added, or unlock it."""
    thread = _thread(session, viewer, space_id)
    policy.require_care(may_moderate=thread.may_moderate)
    if thread.locked != on:
        session.execute(update(Space).where(Space.id == space_id).values(locked_at=clock.now() if on else None))
        log.append(session, thread.id, kind="lock", ref=thread.id, actor_id=viewer.person_id)
        emit(session, ThreadMarked(actor_id=viewer.person_id, space_id=thread.id, what="lock", on=on))


def set_solved(session: Session, *, viewer: Viewer, post_id: UUID, on: bool) -> None:
    """Mark a reply as what solved its thread, in place of another one, or take that back."""
    found = post_for(session, viewer, post_id, lock=True)
    if not found.space.is_thread:
        raise Missing
    policy.require_solve(viewer, found.space)
    if on and (found.removed or found.no == 1):
        detail = "A thread is solved by a reply that is still there. Nothing was changed."
        raise Closed(detail)
    if (found.space.solved_no == found.no) == on:
        return
    session.execute(update(Space).where(Space.id == found.space.id).values(solved_no=found.no if on else None))
    log.append(session, found.space.id, kind="solve", ref=found.space.id, actor_id=viewer.person_id)
    emit(session, ThreadMarked(actor_id=viewer.person_id, space_id=found.space.id, what="solve", on=on))
    if on:
        emit(
            session,
            ThreadSolved(
                actor_id=viewer.person_id, space_id=found.space.id, post_id=post_id, author_id=found.author_id
            ),
        )


def _thread(session: Session, viewer: Viewer, space_id: UUID) -> SpaceView:
    found = space_for(session, viewer, space_id, lock=True)
    if not found.is_thread:
        raise Missing
    return found
