"""Consequences for spaces: whoever joins a group reads along in its rooms, until their last role there ends."""

from __future__ import annotations

from sqlalchemy.orm import Session

from academy.kernel.events import within
from academy.people.events import MemberJoined, MemberLeft
from forums.spaces import actions


def admit(session: Session, event: MemberJoined) -> None:
    """Open the group's rooms to somebody new."""
    actions.admit(session, group_id=event.group_id, person_id=event.person_id, role=event.role, actor_id=event.actor_id)


def dismiss(session: Session, event: MemberLeft) -> None:
    """Close the rooms that a role opened, unless another role opens them too."""
    actions.dismiss(session, person_id=event.person_id, actor_id=event.actor_id)


REACTIONS = [within(MemberJoined, admit), within(MemberLeft, dismiss)]
