"""Consequences in accounts: the letters that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel import mail
from academy.kernel.events import within
from academy.kernel.jobs import enqueue
from academy.people.events import PasswordChanged

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy.orm import Session

PASSWORD_CHANGED = "accounts.password-changed"
"""Kinds of jobs."""


def tell_of_password(session: Session, event: PasswordChanged) -> None:
    """Tell somebody that their password is another one: it may not have been them."""
    _write(session, PASSWORD_CHANGED, {"person_id": str(event.person_id)})


def _write(session: Session, kind: str, payload: dict[str, Any]) -> None:
    if mail.KIND not in session.info.get("muted", ()):
        enqueue(session, kind, payload)


REACTIONS = [within(PasswordChanged, tell_of_password)]
