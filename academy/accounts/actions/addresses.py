"""The address that somebody signs in with: ask for another one, prove it, take it back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.accounts.actions.links import end_links, use_link
from academy.accounts.events import AddressAsked, LinkUsed
from academy.accounts.models import LinkKind
from academy.factors import actions as factors
from academy.kernel.access import Missing
from academy.kernel.events import emit
from academy.people import actions as people
from academy.tokens import actions as tokens


def ask_address(session: Session, *, person_id: UUID, address: str) -> None:
    """Ask for another address; the entry point has checked the password. Whose it is now is looked up by a job."""
    emit(session, AddressAsked(actor_id=person_id, person_id=person_id, address=address))


def prove_address(session: Session, *, token: str, person_id: UUID) -> str:
    """Make the address that a link was mailed to the person's own; returns it.

    Only the signed-in person can: whoever is mailed such a link by a stranger must not give them an account with
    their address by one press of a button.
    """
    used = use_link(session, kind=LinkKind.ADDRESS, token=token)
    if used.person_id != person_id:
        raise Missing
    people.set_email(session, person_id=person_id, email=used.address, actor_id=person_id)
    end_links(session, person_id=person_id, kinds=[LinkKind.RESET])  # mailed to the address before
    _note(session, used.id, person_id, LinkKind.ADDRESS)
    return used.address


def restore_address(session: Session, *, token: str) -> str:
    """Take a change of address back; returns the address.

    Whoever changed it knew the password, so that goes too, with every sign-in and API token, and with whatever was
    mailed or added since: links, passkeys, apps. A second step from before stays, and is asked as ever.
    """
    used = use_link(session, kind=LinkKind.UNDO, token=token)
    if used.person_id is None:
        raise Missing
    person_id = used.person_id
    people.set_email(session, person_id=person_id, email=used.address, actor_id=person_id, restored=True)
    people.set_password(session, person_id=person_id, password_hash=None, actor_id=person_id)
    end_links(session, person_id=person_id, kinds=[LinkKind.UNDO], since=used.created_at)
    factors.forget_factors(session, person_id=person_id, since=used.created_at)
    tokens.revoke_all(session, person_id=person_id, actor_id=person_id)
    _note(session, used.id, person_id, LinkKind.UNDO)
    return used.address


def _note(session: Session, link_id: UUID, person_id: UUID, kind: LinkKind) -> None:
    emit(session, LinkUsed(actor_id=person_id, person_id=person_id, link_id=link_id, link_kind=str(kind)))
