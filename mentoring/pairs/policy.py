"""Which pairs somebody may see: their own, and nobody else's, whatever rights they hold elsewhere."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from academy.kernel.viewer import Viewer
from academy.people.models import GroupKind, Membership

GROUP_KIND = GroupKind.PAIR.value
LONGEST_REASON = 1000
"""Characters of why somebody ends a pair."""
FEWEST = 3
"""As many people have to have written before anything of it is shown."""
YEARS_TOLD = 5


def visible_groups(viewer: Viewer) -> Select[UUID]:
    """Select the groups that the viewer is in now; a pair is visible through its own group only."""
    return select(Membership.group_id).where(Membership.person_id == viewer.person_id, Membership.until_at.is_(None))
