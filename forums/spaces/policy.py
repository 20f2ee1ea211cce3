"""Who may read: a right in the space's group, which never reaches into a pair from above."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from academy.kernel.viewer import Viewer
from academy.people.models import Role
from academy.people.policy import RIGHTS, Right, groups_with
from forums.spaces.models import Space

READERS = tuple(str(role) for role in Role if Right.READ in RIGHTS.get(role, ()))
"""The roles that may read in the group where they are held, and below it."""

LEADING = ("lead", "facilitator", "mentor")
"""The roles that a room shows beside a name, the weightier first."""


def visible_spaces(viewer: Viewer) -> ColumnElement[bool]:
    """Select the spaces that a viewer may read."""
    return Space.group_id.in_(groups_with(viewer, Right.READ))
