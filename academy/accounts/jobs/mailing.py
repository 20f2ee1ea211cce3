"""Jobs of accounts: each finds who is written to, writes the letter outside any transaction, and promises it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.accounts import queries
from academy.accounts.jobs import letters
from academy.accounts.reactions import PASSWORD_CHANGED
from academy.kernel import mail
from academy.kernel.jobs import JobKind
from academy.people import queries as people

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel


def _name(session: Session) -> str:
    found = people.organization(session)
    return found.name if found else "Academy"


def _whose_password(session: Session, payload: dict[str, Any]) -> dict[str, str] | None:
    account = queries.account_of(session, UUID(payload["person_id"]))
    return {"name": account.name, "address": account.email, "academy": _name(session)} if account else None


def _password_letter(kernel: Kernel, _job_id: UUID, value: dict[str, str]) -> mail.Letter:
    return letters.password_changed(**value, url=kernel.settings.base_url)


def _promise(session: Session, _payload: dict[str, Any], letter: mail.Letter) -> None:
    mail.post(session, letter)


JOBS = [JobKind(PASSWORD_CHANGED, read=_whose_password, outside=_password_letter, apply=_promise)]
