"""Consequences of administration: who is told of a role, and what is remembered of the organization's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from academy.accounts.events import InvitationAccepted
from academy.administration.events import OrganizationSettled, RoleEnded, RoleGiven
from academy.administration.queries import house
from academy.kernel.events import after, within
from academy.kernel.viewer import Viewer
from academy.notices.actions import notify, notify_each
from academy.notices.models import Notice
from academy.notices.queries import NoticeKind, Told
from academy.people.events import GroupRenamed
from academy.people.models import Role

if TYPE_CHECKING:
    from academy.kernel.app import Kernel

GIVEN, ENDED, OTHERS = "administration.given", "administration.ended", "administration.others"
TOLD_OF = frozenset({Role.LEAD, Role.ADMIN})
"""Roles with power over others: all admins are told who gets them."""


def tell(session: Session, event: RoleGiven | RoleEnded) -> None:
    """Tell somebody of the role they were given or that ended, and the other admins of one with power."""
    ref, actor = event.membership_id, event.actor_id
    kind = GIVEN if isinstance(event, RoleGiven) else ENDED
    if event.role != Role.MEMBER:
        notify(session, person_id=event.person_id, kind=kind, ref=ref, actor_id=actor)
    if event.role in TOLD_OF:
        others = [admin for admin in house.admins(session) if admin != event.person_id]
        notify_each(session, person_ids=others, kind=OTHERS, ref=ref, actor_id=actor)


def tell_who_came(session: Session, event: InvitationAccepted) -> None:
    """Tell all admins who got a role with power by accepting an invitation, as if it had been given on their pages."""
    if event.role in TOLD_OF:
        ref = house.membership_id(session, event.group_id, event.person_id, event.role)
        others = [admin for admin in house.admins(session) if admin != event.person_id]
        if ref is not None:
            notify_each(session, person_ids=others, kind=OTHERS, ref=ref, actor_id=event.person_id)


def forget_name(kernel: Kernel, _event: GroupRenamed | OrganizationSettled) -> None:
    """Ask anew how the organization is called, and whom to write to for help."""
    kernel.forget()


def _told(session: Session, _viewer: Viewer, notices: Sequence[Notice]) -> Mapping[UUID, Told]:
    held = house.roles_told(session, [notice.ref for notice in notices])
    found = {}
    for notice in notices:
        if notice.ref in held:
            name, group, role, over = held[notice.ref]
            found[notice.id] = _words(notice.kind, name, group, role, over=over)
    return found


def _words(kind: str, name: str, group: str, role: str, *, over: bool) -> Told:
    lead = role == Role.LEAD
    if kind == GIVEN:
        title = _("You lead %(group)s now", group=group) if lead else _("You have a new role in %(group)s", group=group)
        line = _("Its tracks, cohorts and people are yours to run, and you read its rooms.") if lead else ""
        return Told(title, line, "/cohorts" if lead else "/admin" if role == Role.ADMIN else "/", "key")
    if kind == ENDED:
        title = (
            _("You no longer lead %(group)s", group=group)
            if lead
            else _("A role of yours in %(group)s ended", group=group)
        )
        return Told(title, _("What you wrote stays."), "/", "key")
    if lead:
        title = (
            _("%(name)s no longer leads %(group)s", name=name, group=group)
            if over
            else _("%(name)s was appointed to lead %(group)s", name=name, group=group)
        )
    else:
        title = (
            _("%(name)s is no longer an admin of %(group)s", name=name, group=group)
            if over
            else _("%(name)s is an admin of %(group)s now", name=name, group=group)
        )
    return Told(title, _("You see this because you are an admin."), "/admin/roles", "key")


NOTICE_KINDS = [NoticeKind(kind, _told) for kind in (GIVEN, ENDED, OTHERS)]
REACTIONS = [
    within(RoleGiven, tell),
    within(RoleEnded, tell),
    within(InvitationAccepted, tell_who_came),
    after(GroupRenamed, forget_name),
    after(OrganizationSettled, forget_name),
]
