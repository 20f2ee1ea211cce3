"""Who may see workshops, schedule them and be asked to them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Select, or_, select

from academy.kernel.prepared import now
from academy.kernel.viewer import Viewer
from academy.people.models import GroupAncestor, GroupKind, Membership
from academy.people.policy import RIGHTS, Right, groups_of, reaches
from cohorts.workshops.models import Workshop

ATTENDING = sorted(role for role, rights in RIGHTS.items() if Right.ATTEND in rights)
"""Roles that are asked to the workshops of their group."""

LEADING = sorted(role for role, rights in RIGHTS.items() if Right.SCHEDULE in rights)
"""Roles that may lead a workshop of any group below their own."""


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Select the workshops that the viewer sees and may come to."""
    return reaches(viewer, Right.ATTEND, Workshop.group_id)


def schedulable(viewer: Viewer) -> ColumnElement[bool]:
    """Select the workshops of groups that the viewer schedules for."""
    return reaches(viewer, Right.SCHEDULE, Workshop.group_id)


def visible_groups(viewer: Viewer, *, far: bool) -> Select[UUID]:
    """Select the groups whose workshops the viewer sees; `far` is `reaches_far` of who asks."""
    return groups_of(viewer, Right.ATTEND, [GroupKind.COHORT], far=far)


def schedulable_groups(viewer: Viewer, *, far: bool) -> Select[UUID]:
    """Select the cohorts that the viewer schedules workshops for; `far` is `reaches_far` of who asks."""
    return groups_of(viewer, Right.SCHEDULE, [GroupKind.COHORT], far=far)


def present() -> ColumnElement[bool]:
    """Say whether a membership runs now."""
    running = or_(Membership.until_at.is_(None), Membership.until_at > now())
    return (Membership.from_at <= now()) & running


def attends(person_id: ColumnElement[UUID], group_id: ColumnElement[UUID]) -> Exists:
    """Say whether a person belongs to a group, or to one above it, in a role that workshops are for."""
    return (
        select(Membership.id)
        .join(GroupAncestor, GroupAncestor.ancestor_id == Membership.group_id)
        .where(
            GroupAncestor.group_id == group_id,
            Membership.person_id == person_id,
            Membership.role.in_(ATTENDING),
            present(),
        )
        .exists()
    )
