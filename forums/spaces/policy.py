"""Who may read: a right in the space's group, which never reaches into a pair from above; a board is for all below."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from academy.kernel import clock
from academy.kernel.access import Refused
from academy.kernel.db import Instant
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Person, Role
from academy.people.policy import RIGHTS, Right, belonging, boards_around, granting, reaches
from forums.spaces.models import Space

READERS = tuple(str(role) for role in Role if Right.READ in RIGHTS.get(role, ()))
"""The roles that may read in the group where they are held, and below it."""

BELONGING = (str(Role.MEMBER), *READERS)
"""The roles by which somebody belongs to those whom a board is for."""

LEADING = ("lead", "facilitator", "mentor")
"""The roles that a room shows beside a name, the weightier first."""


SLOW = (0, 10, 30, 60, 300, 900)
"""The seconds of slow mode that can be chosen; 0 is off."""


def require_care(*, may_moderate: bool) -> None:
    """Refuse who may read a space and not look after it."""
    if not may_moderate:
        detail = "Who looks after this room can do that. Nothing was changed."
        raise Refused(detail)


def visible_spaces(viewer: Viewer) -> ColumnElement[bool]:
    """Select the spaces that a viewer may read; what is above a space is looked at only where nothing else lets in."""
    return or_(
        Space.group_id.in_(granting(viewer, Right.READ)),
        Space.group_id.in_(boards_around(belonging(viewer, Right.READ))),
        reaches(viewer, Right.READ, Space.group_id),
    )


def now() -> BindParameter[datetime]:
    """Ask what time it is when the statement runs, so that it can be built once."""
    return bindparam(None, callable_=clock.now, type_=Instant, unique=True)


def board_readers() -> Select[*tuple[Any, ...]]:
    """Select whom a board is for: who belongs below the group that keeps it, and who reads from above."""
    board = aliased(Group)
    below = select(GroupAncestor.group_id).where(GroupAncestor.ancestor_id == board.parent_id).correlate(board)
    above = select(GroupAncestor.ancestor_id).where(GroupAncestor.group_id == board.id).correlate(board)
    return (
        select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(board, board.id == bindparam("board_id"))
        .where(
            or_(
                and_(Membership.group_id.in_(below), Membership.role.in_(BELONGING)),
                and_(Membership.group_id.in_(above), Membership.role.in_(READERS)),
            ),
            Membership.from_at <= now(),
            or_(Membership.until_at.is_(None), Membership.until_at > now()),
            Person.deactivated_at.is_(None),
            # Ten thousand may read a board: only names that the text holds are of use. A % in a name finds more.
            bindparam("body", type_=String).contains("@" + Person.name),
        )
        .distinct()
        .order_by(Person.name, Person.id)
    )


def leading_role(person_id: Any, group_id: Any) -> ScalarSelect[str]:
    """Select the role that a room shows beside somebody's name (lead, facilitator or mentor), null for others.

    Both ids are columns.
    """
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
            weight < len(LEADING),
            membership.from_at <= now(),
            or_(membership.until_at.is_(None), membership.until_at > now()),
        )
        .order_by(ancestor.depth, weight)
        .limit(1)
        .scalar_subquery()
    )
