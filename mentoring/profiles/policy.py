"""Who may say that they mentor in an academy: whoever is a mentor in one of its groups."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind
from academy.people.policy import Right, granting

MOST = 20
"""People whom one mentor may take at a time."""
LONGEST = 1000
"""Characters of what a mentor says they offer."""


def academies_of_mentor(viewer: Viewer) -> Select[UUID]:
    """Select the academies in which the viewer is a mentor: those above the groups where they are one."""
    above = aliased(Group)
    return (
        select(above.id)
        .join(GroupAncestor, GroupAncestor.ancestor_id == above.id)
        .where(above.kind == GroupKind.ACADEMY, GroupAncestor.group_id.in_(granting(viewer, Right.MENTOR)))
    )
