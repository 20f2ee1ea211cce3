"""Who administers what: the organization as a whole, or one academy of it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select

from academy.kernel.viewer import Viewer
from academy.people.models import GroupKind, Role
from academy.people.policy import Path, Right, appointable, granting, groups_of, kind_of, may

ROLES_IN: dict[str, tuple[Role, ...]] = {
    GroupKind.ORGANIZATION: (Role.ADMIN, Role.ANALYST, Role.MEMBER),
    GroupKind.ACADEMY: (Role.LEAD, Role.ADMIN, Role.ANALYST, Role.MEMBER),
}
"""The roles that are given and ended here; those of a cohort are given where it is run, a pair's by accepting."""


def led_by(viewer: Viewer) -> list[UUID]:
    """Return the groups whose part of the audit the viewer reads, with all below them."""
    return granting(viewer, Right.CREATE_COHORT)


def groups_led_by(viewer: Viewer) -> Select[UUID]:
    """Select the groups whose part of the audit the viewer reads, pairs left out."""
    kinds = [kind for kind in GroupKind if kind != GroupKind.PAIR]
    return groups_of(viewer, Right.CREATE_COHORT, kinds, far=True)


def may_administer(viewer: Viewer) -> bool:
    """Say whether the viewer administers anything at all."""
    return bool(granting(viewer, Right.SETTLE))


def may_settle(viewer: Viewer, path: Path) -> bool:
    """Say whether the viewer administers a group."""
    return may(viewer, Right.SETTLE, path)


def roles_to_give(viewer: Viewer, path: Path, person_id: UUID) -> list[Role]:
    """Return the roles that the viewer may give somebody here."""
    if not may_settle(viewer, path):
        return []
    return [role for role in ROLES_IN.get(kind_of(path), ()) if appointable(viewer, role, path, person_id)]
