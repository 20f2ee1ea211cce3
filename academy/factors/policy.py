"""Who may take somebody's factors away: those who settle things where that person belongs."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, or_, select

from academy.kernel import clock
from academy.kernel.access import Refused
from academy.kernel.viewer import Viewer
from academy.people.models import Membership
from academy.people.policy import Right, groups_with


def settled_by(viewer: Viewer, person_id: UUID) -> Select[UUID]:
    """Select the memberships of a person in groups whose people the viewer settles things for."""
    now = clock.now()
    return select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.group_id.in_(groups_with(viewer, Right.SETTLE)),
        Membership.from_at <= now,
        or_(Membership.until_at.is_(None), Membership.until_at > now),
    )


def demand_presence(viewer: Viewer) -> None:
    """Refuse a token what only its owner may do."""
    if viewer.scopes is not None:
        detail = "No token is for this. Sign in and do it yourself."
        raise Refused(detail)
