"""Consequences for spaces: whoever joins a group reads along in its rooms, until their last role there ends."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from academy.kernel.events import within, within_all
from academy.people.events import MemberJoined, MemberLeft
from forums.spaces import actions


def admit(session: Session, events: Sequence[MemberJoined]) -> None:
    """Open the groups' rooms to people who are new there."""
    joined = [actions.Joined(event.group_id, event.person_id, event.role, event.actor_id) for event in events]
    actions.admit(session, joined=joined)


def dismiss(session: Session, event: MemberLeft) -> None:
    """Close the rooms that a role opened, unless another role opens them too."""
    actions.dismiss(session, person_id=event.person_id, actor_id=event.actor_id)


REACTIONS = [within_all(MemberJoined, admit), within(MemberLeft, dismiss)]
