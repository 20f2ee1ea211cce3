"""Jobs of accounts: each finds who is written to, makes the token and the letter, and keeps link and letter together.

The token is in the letter and nowhere else: the database keeps its hash, and forgets the letter once it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.accounts.actions import invitations
from academy.accounts.actions.links import forget_link, open_link
from academy.accounts.jobs import letters
from academy.accounts.models import LinkKind
from academy.accounts.policy import FIRST_LASTS, LASTS
from academy.accounts.queries import incoming, own
from academy.accounts.reactions import (
    ADDRESS,
    ADDRESS_CHANGED,
    FIRST,
    FORGET,
    INVITATION,
    JOIN,
    LAPSE,
    PASSWORD_CHANGED,
    RESET,
)
from academy.kernel import jobs, mail
from academy.kernel.jobs import JobKind
from academy.people import queries as people
from academy.people.engine import new_token, token_hash

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

REMEMBERED = timedelta(days=60)
"""How long an invitation that nobody took up stays listed, so that it can be sent again."""


@dataclass(frozen=True)
class _Found:
    """What a letter is written from: its words, and the link that it carries, if any."""

    write: Callable[..., mail.Letter]
    words: dict[str, str]
    path: str = ""
    link: dict[str, Any] | None = None


@dataclass(frozen=True)
class _Written:
    letter: mail.Letter
    link: dict[str, Any] | None


def _name(session: Session) -> str:
    found = people.organization(session)
    return found.name if found else "Academy"


def _account(session: Session, person_id: UUID) -> tuple[dict[str, str], str] | None:
    account = own.account_of(session, person_id)
    if account is None:
        return None
    return {"name": account.name, "address": account.email, "academy": _name(session)}, account.password_hash or ""


def _password_changed(session: Session, payload: dict[str, Any]) -> _Found | None:
    found = _account(session, UUID(payload["person_id"]))
    # Who has no password any more had it taken away with a change of address, and was written to about that.
    return _Found(letters.password_changed, found[0]) if found and found[1] else None


def _reset(session: Session, payload: dict[str, Any]) -> _Found | None:
    owner = incoming.owner_of(session, payload["address"])
    found = _account(session, owner[0]) if owner else None
    if owner is None or found is None:
        return None
    return _Found(letters.reset, found[0], "/reset/{}", {"kind": LinkKind.RESET, "person_id": owner[0]})


def _address(session: Session, payload: dict[str, Any]) -> _Found | None:
    person_id, address = UUID(payload["person_id"]), payload["address"]
    if own.account_of(session, person_id) is None:
        return None
    owner = incoming.owner_of(session, address)
    if owner is not None and owner[0] != person_id:
        found = _account(session, owner[0])
        return _Found(letters.address_taken, found[0]) if found else None
    link = {"kind": LinkKind.ADDRESS, "person_id": person_id, "address": address}
    return _Found(letters.prove_address, {"address": address, "academy": _name(session)}, "/address/{}", link)


def _address_changed(session: Session, payload: dict[str, Any]) -> _Found | None:
    person_id, before = UUID(payload["person_id"]), payload["before"]
    found = _account(session, person_id)
    if found is None:
        return None
    at = datetime.fromisoformat(payload["at"])
    link = {"kind": LinkKind.UNDO, "person_id": person_id, "address": before, "at": at}
    return _Found(letters.address_changed, {**found[0], "address": before}, "/address-back/{}", link)


def _invitation(session: Session, payload: dict[str, Any]) -> _Found | None:
    invitation_id = UUID(payload["invitation_id"])
    asked = incoming.invitation_to_mail(session, invitation_id)
    if asked is None:
        return None
    words = {"name": asked.name, "address": asked.address, "group": asked.group, "by": asked.by}
    link = {"kind": LinkKind.INVITATION, "invitation_id": invitation_id, "address": asked.address}
    return _Found(letters.invitation, {**words, "academy": _name(session)}, "/invited/{}", link)


def _join(session: Session, payload: dict[str, Any]) -> _Found | None:
    join_link_id, address = UUID(payload["join_link_id"]), payload["address"]
    door = incoming.door_to_mail(session, join_link_id)
    if door is None:
        return None
    token, group = door
    owner = incoming.owner_of(session, address)
    if owner is not None:
        found = _account(session, owner[0])
        return _Found(letters.join_with_account, {**found[0], "group": group}, f"/join/{token}") if found else None
    link = {"kind": LinkKind.SIGN_UP, "join_link_id": join_link_id, "address": address}
    words = {"address": address, "academy": _name(session), "group": group}
    return _Found(letters.sign_up, words, "/welcome/{}", link)


def _first(session: Session, payload: dict[str, Any]) -> _Found | None:
    person_id = UUID(payload["person_id"])
    found = _account(session, person_id)
    by = people.faces(session, [UUID(payload["by"])])
    if found is None or found[1]:  # closed by now, or they have asked for a password themselves
        return None
    words = {**found[0], "by": next((face.name for face in by.values()), "")}
    link = {"kind": LinkKind.RESET, "person_id": person_id, "lasts": FIRST_LASTS}
    return _Found(letters.first, words, "/reset/{}", link)


def _write(kernel: Kernel, _job_id: UUID, found: _Found) -> _Written:
    url = kernel.settings.base_url
    if not found.path:
        return _Written(found.write(**found.words, url=url), None)
    token = new_token()
    letter = found.write(**found.words, link=url + found.path.format(token))
    return _Written(letter, found.link and {**found.link, "hashed": token_hash(token)})


def _keep(session: Session, _payload: dict[str, Any], written: _Written) -> None:
    """Keep the link and promise its letter in one transaction; both are forgotten when their time is over."""
    if written.link is not None:
        link = open_link(session, **written.link)
        jobs.enqueue(session, FORGET, {"link_id": str(link.id)}, run_at=link.expires_at + timedelta(minutes=1))
    mail.post(session, written.letter)


def _keep_invitation(session: Session, payload: dict[str, Any], written: _Written) -> None:
    """Keep link and letter of an invitation that still stands; who takes it back from here on finds the letter."""
    invitation_id = UUID(payload["invitation_id"])
    asked = incoming.invitation_to_mail(session, invitation_id, lock=True)
    if asked is None:
        return
    mail.take_back(session, invitation_id)  # sent again, it goes once: the link of the letter before is worth nothing
    _keep(session, payload, replace(written, letter=replace(written.letter, regarding=str(invitation_id))))
    lapse = {"invitation_id": payload["invitation_id"], "sent_at": asked.sent_at.isoformat()}
    run_at = asked.sent_at + LASTS[LinkKind.INVITATION] + REMEMBERED
    jobs.enqueue(session, LAPSE, lapse, run_at=run_at)


def _forget(session: Session, payload: dict[str, Any], _nothing: object) -> None:
    forget_link(session, link_id=UUID(payload["link_id"]))


def _lapse(session: Session, payload: dict[str, Any], _nothing: object) -> None:
    invitations.lapse(session, invitation_id=UUID(payload["invitation_id"]), sent_at=payload["sent_at"])


JOBS = [
    JobKind(PASSWORD_CHANGED, read=_password_changed, outside=_write, apply=_keep),
    JobKind(RESET, read=_reset, outside=_write, apply=_keep, forget=True),
    JobKind(ADDRESS, read=_address, outside=_write, apply=_keep, forget=True),
    JobKind(ADDRESS_CHANGED, read=_address_changed, outside=_write, apply=_keep, forget=True),
    JobKind(INVITATION, read=_invitation, outside=_write, apply=_keep_invitation),
    JobKind(FIRST, read=_first, outside=_write, apply=_keep),
    JobKind(JOIN, read=_join, outside=_write, apply=_keep, forget=True),
    JobKind(FORGET, apply=_forget),
    JobKind(LAPSE, apply=_lapse),
]
