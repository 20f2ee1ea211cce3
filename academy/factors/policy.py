"""Who may take somebody's factors away: those who settle things where that person belongs, and wherever they do."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from academy.kernel import clock
from academy.kernel.access import Refused
from academy.kernel.viewer import Viewer
from academy.people.models import Membership
from academy.people.policy import RIGHTS, Right, groups_with

SETTLING = sorted(role for role, rights in RIGHTS.items() if Right.SETTLE in rights)


def settled_by(viewer: Viewer, person_id: UUID) -> Select[UUID]:
    """Select the memberships of a person in groups whose people the viewer settles things for.

    None of somebody who settles things where the viewer does not: nobody weakens the sign-in of those above them.
    """
    settled = groups_with(viewer, Right.SETTLE)
    theirs = aliased(Membership)
    beyond = select(theirs.id).where(
        theirs.person_id == person_id, theirs.role.in_(SETTLING), theirs.group_id.not_in(settled), _runs(theirs)
    )
    return select(Membership.id).where(
        Membership.person_id == person_id, Membership.group_id.in_(settled), _runs(Membership), ~beyond.exists()
    )


def _runs(membership: type[Membership]) -> ColumnElement[bool]:
    now = clock.now()
    return (membership.from_at <= now) & or_(membership.until_at.is_(None), membership.until_at > now)


def demand_presence(viewer: Viewer) -> None:
    """Refuse a token what only its owner may do."""
    if viewer.scopes is not None:
        detail = "No token is for this. Sign in and do it yourself."
        raise Refused(detail)
