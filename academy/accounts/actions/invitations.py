"""Invitations: send one, send it again, take it back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from academy.accounts.events import InvitationSent, InvitationWithdrawn
from academy.accounts.models import Invitation, LinkKind, MailedLink
from academy.accounts.policy import INVITED_AS, may_bring_in
from academy.kernel import clock, mail
from academy.kernel.access import Conflict, Invalid, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.policy import Right, appointable, kind_of, require


def invite(session: Session, *, viewer: Viewer, group_id: UUID, address: str, name: str, role: str) -> Invitation:
    """Invite somebody into a group by their address; the same address again is the same invitation, sent again.

    Whether the address has an account makes no difference here: who invites learns it from nobody but its owner.
    """
    path = people.path_of(session, group_id)
    require(viewer, Right.ENROLL, path)
    if not may_bring_in(viewer, path):
        raise Missing
    if role not in INVITED_AS[kind_of(path)]:
        detail = "Nobody can be invited here in this role. Choose one from the list."
        raise Invalid(detail, errors={"role": [detail]})
    if not appointable(viewer, role, path, None):
        detail = "You can't give a role with rights that you don't have yourself."
        raise Refused(detail)
    address_key = address.strip().casefold()
    held = session.scalar(
        select(Invitation)
        .where(
            Invitation.group_id == group_id,
            Invitation.address_key == address_key,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .with_for_update()
    )
    if held is None:
        held = Invitation(id=new_id(), group_id=group_id, address=address.strip(), address_key=address_key)
        session.add(held)
    elif not appointable(viewer, held.role, path, None):
        detail = "This address is invited here already, by somebody with rights that you don't have."
        raise Conflict(detail)
    held.name, held.role = name.strip(), role
    _send(session, held, viewer)
    return held


def resend(session: Session, *, viewer: Viewer, invitation_id: UUID) -> None:
    """Mail an invitation again with a new link; the link before is worth nothing, and it is now the viewer's word."""
    _send(session, _open(session, viewer, invitation_id), viewer)


def withdraw(session: Session, *, viewer: Viewer, invitation_id: UUID) -> None:
    """Take an invitation back: its link is worth nothing, name and address are forgotten, no letter goes any more."""
    invitation = _open(session, viewer, invitation_id)
    now = clock.now()
    invitation.withdrawn_at = now
    invitation.name = invitation.address = invitation.address_key = ""
    session.execute(
        update(MailedLink)
        .where(
            MailedLink.invitation_id == invitation_id,
            MailedLink.kind == LinkKind.INVITATION,
            MailedLink.used_at.is_(None),
            MailedLink.ended_at.is_(None),
        )
        .values(ended_at=now, address="")
    )
    mail.take_back(session, invitation_id)
    emit(
        session,
        InvitationWithdrawn(actor_id=viewer.person_id, invitation_id=invitation.id, group_id=invitation.group_id),
    )


def lapse(session: Session, *, invitation_id: UUID, sent_at: str) -> None:
    """Forget whom an invitation was for that nobody took up, unless it was sent again since."""
    invitation = session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None or invitation.sent_at.isoformat() != sent_at:
        return
    if invitation.accepted_at is None and invitation.withdrawn_at is None:
        invitation.withdrawn_at = clock.now()
        invitation.name = invitation.address = invitation.address_key = ""


def _send(session: Session, invitation: Invitation, viewer: Viewer) -> None:
    invitation.invited_by_id = viewer.person_id
    invitation.sent_at = clock.now()
    session.flush()
    emit(
        session,
        InvitationSent(
            actor_id=viewer.person_id,
            invitation_id=invitation.id,
            group_id=invitation.group_id,
            role=invitation.role,
        ),
    )


def _open(session: Session, viewer: Viewer, invitation_id: UUID) -> Invitation:
    invitation = session.get(Invitation, invitation_id, with_for_update=True)
    if invitation is None:
        raise Missing
    path = people.path_of(session, invitation.group_id)
    require(viewer, Right.ENROLL, path)
    if not appointable(viewer, invitation.role, path, None):
        detail = "This invitation gives a role with rights that you don't have yourself."
        raise Refused(detail)
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        detail = "This invitation is over: it was accepted or taken back."
        raise Conflict(detail)
    return invitation
