"""Consequences of what happens to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel.events import after
from academy.people.events import MemberLeft, SignInEnded

if TYPE_CHECKING:
    from academy.kernel.app import Kernel


def close_sockets(kernel: Kernel, event: SignInEnded) -> None:
    """End the open sockets of a sign-in that is over."""
    kernel.realtime.disconnect(sign_in_id=event.sign_in_id)


def close_rooms(kernel: Kernel, event: MemberLeft) -> None:
    """End the open sockets of somebody who left a group; they open again what they still may."""
    kernel.realtime.disconnect(person_id=event.person_id)


REACTIONS = [after(SignInEnded, close_sockets), after(MemberLeft, close_rooms)]
