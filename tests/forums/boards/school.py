"""An academy with boards, and what its people do there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from academy.kernel.app import Kernel
from academy.notices.models import Notice
from academy.people.models import GroupKind, Role
from forums.boards import queries
from forums.spaces.models import Space
from forums.spaces.queries import views as spaces
from tests.factories import forums, people


class School:
    """An academy with a lead, two cohorts with a learner each, a member without a cohort, and a board of its own."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.top = people.group(kernel, GroupKind.ORGANIZATION, "Fernhill")
        self.academy = people.group(kernel, GroupKind.ACADEMY, "North", self.top)
        self.south = people.group(kernel, GroupKind.ACADEMY, "South", self.top)
        self.kestrel = people.group(kernel, GroupKind.COHORT, "Kestrel", self.academy)
        self.heron = people.group(kernel, GroupKind.COHORT, "Heron", self.academy)
        self.lead = people.member(kernel, self.academy, people.person(kernel, "Ling"), Role.LEAD)
        self.ana = people.member(kernel, self.kestrel, people.person(kernel, "Ana Sousa"))
        self.ben = people.member(kernel, self.heron, people.person(kernel, "Ben"))
        self.host = people.member(kernel, self.kestrel, people.person(kernel, "Ingrid"), Role.FACILITATOR)
        self.member = people.member(kernel, self.academy, people.person(kernel, "Mia"), Role.MEMBER)
        self.stranger = people.member(kernel, self.south, people.person(kernel, "Sol"), Role.LEARNER)
        self.admin = people.member(kernel, self.top, people.person(kernel, "Dana"), Role.ADMIN)
        self.board = forums.board(kernel, self.lead, self.academy)

    def do(self, person: UUID, act: Any, **more: Any) -> Any:
        viewer = people.viewer(self.kernel, person)
        return self.kernel.commit(lambda s: act(s, viewer=viewer, **more))

    def listed(self, person: UUID, board: UUID | None = None, **more: Any) -> list[queries.ThreadLine]:
        viewer = people.viewer(self.kernel, person)
        with self.kernel.reading() as session:
            found = queries.board_for(session, viewer, board or self.board)
            return queries.threads_in(session, viewer, found.id, **more)[0]

    def boards(self, person: UUID) -> list[UUID]:
        with self.kernel.reading() as session:
            return [line.id for line in queries.boards_for(session, people.viewer(self.kernel, person))]

    def space(self, space_id: UUID) -> Space:
        with self.kernel.reading() as session:
            found = session.get_one(Space, space_id)
            session.expunge(found)
            return found

    def notices(self, person: UUID) -> list[str]:
        with self.kernel.reading() as session:
            return list(session.scalars(select(Notice.kind).where(Notice.person_id == person).order_by(Notice.id)))

    def unread(self, person: UUID) -> int:
        viewer = people.viewer(self.kernel, person)
        with self.kernel.reading() as session:
            return session.scalar(select(spaces.unread_in_threads(viewer))) or 0
