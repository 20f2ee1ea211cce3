"""Who may see boards, write there and look after them. How a right reaches a board: docs/decisions/."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, union

from academy.kernel.access import Closed, Refused
from academy.kernel.viewer import Viewer
from academy.people.models import GroupKind
from academy.people.policy import Right, belonging, boards_around, groups_of, reaches, reaches_far
from forums.posts.policy import may_solve
from forums.spaces.models import Board
from forums.spaces.queries.views import SpaceView

KEEPERS = (GroupKind.ORGANIZATION, GroupKind.ACADEMY, GroupKind.COHORT)
"""The kinds of groups that keep boards. Two people's pair has its room."""

LONGEST_NAME, LONGEST_ABOUT, LONGEST_TITLE = 80, 300, 160


def visible_boards(viewer: Viewer) -> ColumnElement[bool]:
    """Select the boards that a viewer may read: by a right from above, or by belonging below the keeper."""
    return or_(
        reaches(viewer, Right.READ, Board.id),
        Board.id.in_(boards_around(belonging(viewer, Right.READ))),
    )


def listed_boards(viewer: Viewer) -> ColumnElement[bool]:
    """Select the boards that a viewer may read, as `visible_boards` does, for a list of many of them."""
    above = groups_of(viewer, Right.READ, [GroupKind.BOARD], far=reaches_far(viewer))
    return Board.id.in_(union(above, boards_around(belonging(viewer, Right.READ))))


def postable_boards(viewer: Viewer) -> ColumnElement[bool]:
    """Select the boards on which a viewer may write, as long as they are open."""
    return or_(
        reaches(viewer, Right.POST, Board.id),
        Board.id.in_(boards_around(belonging(viewer, Right.POST))),
    )


def require_solve(viewer: Viewer, thread: SpaceView) -> None:
    """Refuse who may read a thread and not say what solved it."""
    if not may_solve(viewer, thread):
        detail = "Who began the thread, or who looks after the board, says what solved it. Nothing was changed."
        raise Refused(detail)


def require_care(*, may_moderate: bool) -> None:
    """Refuse who may read a board or a thread and not look after it."""
    if not may_moderate:
        detail = "Who looks after this board can do that. Nothing was changed."
        raise Refused(detail)


def require_open(*, closed: bool, may_post: bool) -> None:
    """Refuse a new thread where none can be begun."""
    if closed:
        detail = "This board is closed: its threads can be read, and none is begun. What you wrote is kept; copy it."
        raise Closed(detail)
    if not may_post:
        detail = "You can read this board but not write on it. What you wrote is kept; your program lead can help."
        raise Refused(detail)
