"""Who may write tracks, and how large one may be."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupKind
from academy.people.policy import Right, granting, reaches


def writes(viewer: Viewer) -> bool:
    """Say whether somebody writes tracks anywhere."""
    return bool(granting(viewer, Right.AUTHOR))


def academies_to_write_in(viewer: Viewer) -> Select[UUID]:
    """Select the ids of the academies in which the viewer writes tracks."""
    return select(Group.id).where(Group.kind == GroupKind.ACADEMY, reaches(viewer, Right.AUTHOR, Group.id))
