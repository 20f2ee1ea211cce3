"""Passwords by mail: ask for a new one, set it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.accounts.actions.links import end_links, use_link
from academy.accounts.events import FirstPasswordOffered, LinkUsed, ResetAsked
from academy.accounts.models import LinkKind
from academy.kernel.access import Missing
from academy.kernel.events import emit
from academy.people import actions as people

VOID_WITH_PASSWORD = (LinkKind.RESET, LinkKind.ADDRESS)
"""What was asked for while the old password held is worth nothing after it."""


def ask_reset(session: Session, *, address: str) -> None:
    """Ask for a new password for an address. A job looks up whose it is: here nothing differs, nor does the work."""
    emit(session, ResetAsked(actor_id=None, address=address))


def offer_first(session: Session, *, person_id: UUID, actor_id: UUID) -> None:
    """Invite somebody who was brought in to choose their first password. The caller has checked the right to."""
    emit(session, FirstPasswordOffered(actor_id=actor_id, person_id=person_id))


def reset_password(session: Session, *, token: str, password_hash: str) -> UUID:
    """Set a new password by a mailed link; every sign-in of the person ends. It signs nobody in."""
    used = use_link(session, kind=LinkKind.RESET, token=token)
    if used.person_id is None:
        raise Missing
    people.set_password(session, person_id=used.person_id, password_hash=password_hash, actor_id=used.person_id)
    emit(
        session,
        LinkUsed(actor_id=used.person_id, person_id=used.person_id, link_id=used.id, link_kind=str(LinkKind.RESET)),
    )
    return used.person_id


def void_links(session: Session, *, person_id: UUID) -> None:
    """End what was mailed while the password was another one."""
    end_links(session, person_id=person_id, kinds=VOID_WITH_PASSWORD)
