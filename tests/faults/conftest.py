"""Rooms with people in them, over a real wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from academy.people.models import GroupKind, Role
from tests.factories import forums, people
from tests.live import Live


@dataclass
class Room:
    """A cohort's room: its group, its space, a lead above it and learners in it."""

    kernel: Kernel
    academy: UUID
    group: UUID
    space_id: UUID
    lead: UUID
    learners: list[UUID]

    @property
    def space(self) -> str:
        """The space's id as it goes over the wire."""
        return encode(self.space_id)


def room_on(kernel: Kernel, *names: str) -> Room:
    """Make a room with a learner per name."""
    academy = people.group(kernel, GroupKind.ACADEMY, "Fault Academy")
    group = people.group(kernel, GroupKind.COHORT, "Cohort Wren", academy)
    lead = people.member(kernel, academy, people.person(kernel, "Ling Chen"), Role.LEAD)
    learners = [people.member(kernel, group, people.person(kernel, name)) for name in names]
    return Room(kernel, academy, group, forums.space(kernel, group, "Cohort Wren"), lead, learners)


@pytest.fixture
def room(live: Live) -> Callable[..., Room]:
    """Return a maker of rooms on the shared server."""
    return lambda *names: room_on(live.kernel, *names)
