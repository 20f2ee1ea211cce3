"""Who sees a gap, who states a level of somebody else, and whose needs and opportunities somebody sees."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind, Membership, Role
from academy.people.policy import Right, groups_below, own_groups, reaches, runs

LONGEST_TITLE, LONGEST_BODY, LONGEST_LINES = 160, 8000, 4000
MOST_SKILLS = 12
"""Skills of one opportunity."""
MOST_NEEDS = 60
"""Needs of one academy: what is said of everything says nothing."""
MOST_PEOPLE = 100_000
GOALS_AT_ONCE = 5


def paired(viewer_id: UUID, person_id: UUID, mine: Role, theirs: Role) -> ColumnElement[bool]:
    """Say whether two people share a pair that goes on, each in a role."""
    own, other = aliased(Membership), aliased(Membership)
    return (
        select(own.id)
        .join(Group, Group.id == own.group_id)
        .join(other, other.group_id == own.group_id)
        .where(
            Group.kind == GroupKind.PAIR,
            own.person_id == viewer_id,
            own.role == mine,
            other.person_id == person_id,
            other.role == theirs,
            runs(own),
            runs(other),
        )
        .exists()
    )


def led(viewer: Viewer, person_id: UUID) -> ColumnElement[bool]:
    """Say whether somebody belongs to a cohort or academy where the viewer sees gaps."""
    return (
        select(Membership.id)
        .where(
            Membership.person_id == person_id,
            reaches(viewer, Right.SEE_GAPS, Membership.group_id),
            runs(),
        )
        .exists()
    )


def academies(viewer: Viewer) -> ColumnElement[bool]:
    """Select the academies whose needs and opportunities the viewer sees: where they belong, and where they settle."""
    around = select(GroupAncestor.ancestor_id).where(GroupAncestor.group_id.in_(own_groups(viewer)))
    return (Group.kind == GroupKind.ACADEMY) & or_(
        Group.id.in_(around),
        reaches(viewer, Right.NEED, Group.id),
        reaches(viewer, Right.OFFER, Group.id),
    )


def members_of(group_id: UUID) -> Select[UUID]:
    """Select who belongs to an academy or to what is below it, pairs left out."""
    return select(Membership.person_id).where(Membership.group_id.in_(groups_below([group_id])), runs())
