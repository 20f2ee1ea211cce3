"""Consequences in accounts: letters, and links that no longer hold.

Each letter is a job that first looks up whom it is for. So whoever asks for something in the name of an address is
answered alike, in words and in work, whether it has an account or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.accounts.actions import passwords
from academy.accounts.events import AddressAsked, FirstPasswordOffered, InvitationSent, JoinAsked, ResetAsked
from academy.kernel import clock, mail
from academy.kernel.events import within, within_all
from academy.kernel.jobs import enqueue, enqueue_each
from academy.people.events import AddressChanged, PasswordChanged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from sqlalchemy.orm import Session

PASSWORD_CHANGED = "accounts.password-changed"
RESET = "accounts.reset"
ADDRESS = "accounts.address"
ADDRESS_CHANGED = "accounts.address-changed"
INVITATION = "accounts.invitation"
JOIN = "accounts.join"
FIRST = "accounts.first"
"""Kinds of jobs that write letters."""

FORGET = "accounts.forget"
LAPSE = "accounts.lapse"
"""Kinds of jobs that forget addresses."""


def void_links(session: Session, event: PasswordChanged) -> None:
    """End what was mailed while the password was another one."""
    passwords.void_links(session, person_id=event.person_id)


def tell_of_password(session: Session, event: PasswordChanged) -> None:
    """Tell somebody that their password is another one: it may not have been them."""
    _write(session, PASSWORD_CHANGED, {"person_id": str(event.person_id)})


def write_reset(session: Session, event: ResetAsked) -> None:
    """Mail a link to whoever has this address, if anybody."""
    _write(session, RESET, {"address": event.address})


def write_proof(session: Session, event: AddressAsked) -> None:
    """Mail a link to the new address, or a word to whose it is already."""
    _write(session, ADDRESS, {"person_id": str(event.person_id), "address": event.address})


def tell_address_before(session: Session, event: AddressChanged) -> None:
    """Tell the address before, with a way to take the change back."""
    if not event.restored:
        changed = {"person_id": str(event.person_id), "before": event.before, "at": clock.now().isoformat()}
        _write(session, ADDRESS_CHANGED, changed)


def write_invitation(session: Session, event: InvitationSent) -> None:
    """Mail an invitation."""
    _write(session, INVITATION, {"invitation_id": str(event.invitation_id)})


def write_sign_up(session: Session, event: JoinAsked) -> None:
    """Mail a link that proves an address, or the join link to whose account it is."""
    _write(session, JOIN, {"join_link_id": str(event.join_link_id), "address": event.address})


def write_first(session: Session, events: Sequence[FirstPasswordOffered]) -> None:
    """Mail people who were brought in a link to their first password, once for ever."""
    if mail.KIND not in session.info.get("muted", ()):
        whose = [(str(event.person_id), str(event.actor_id)) for event in events]
        enqueue_each(session, FIRST, [({"person_id": one, "by": by}, f"{FIRST}:{one}") for one, by in whose])


def _write(session: Session, kind: str, payload: dict[str, Any]) -> None:
    if mail.KIND not in session.info.get("muted", ()):
        enqueue(session, kind, payload)


REACTIONS = [
    within(PasswordChanged, void_links),
    within(PasswordChanged, tell_of_password),
    within(ResetAsked, write_reset),
    within(AddressAsked, write_proof),
    within(AddressChanged, tell_address_before),
    within(InvitationSent, write_invitation),
    within(JoinAsked, write_sign_up),
    within_all(FirstPasswordOffered, write_first),
]
