"""A room with people in it, as the tests of faults talk about it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.kernel.ids import encode
from forums.posts.models import Post
from tests.factories import cohorts


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

    def stored(self) -> list[str]:
        """Return its words as the database has them, in order."""
        with self.kernel.reading() as session:
            return list(session.scalars(select(Post.body_md).where(Post.space_id == self.space_id).order_by(Post.no)))


def room_on(kernel: Kernel, *names: str) -> Room:
    """Make a cohort with its room, and enroll a learner per name."""
    made = cohorts.world(kernel)
    learners = [cohorts.enrolled(kernel, made, name) for name in names]
    return Room(kernel, made.academy, made.cohort, made.space, made.lead, learners)
