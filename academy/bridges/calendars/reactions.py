"""Consequences for calendar feeds: an account that is closed has none any more, even once it is open again."""

from __future__ import annotations

from sqlalchemy.orm import Session

from academy.bridges.calendars import actions
from academy.kernel.events import within
from academy.people.events import AccountClosed


def revoke(session: Session, event: AccountClosed) -> None:
    """Let the address of a closed account lead nowhere."""
    actions.revoke_feed(session, person_id=event.person_id, actor_id=event.actor_id)


REACTIONS = [within(AccountClosed, revoke)]
