"""Rooms with people in them, over a real wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from tests.factories import cohorts
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
    """Make a cohort with its room, and enroll a learner per name."""
    made = cohorts.world(kernel)
    learners = [cohorts.enrolled(kernel, made, name) for name in names]
    return Room(kernel, made.academy, made.cohort, made.space, made.lead, learners)


@pytest.fixture
def room(live: Live) -> Callable[..., Room]:
    """Return a maker of rooms on the shared server."""
    return lambda *names: room_on(live.kernel, *names)
