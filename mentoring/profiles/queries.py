"""Questions about what mentors offer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer
from academy.people.models import Group, GroupAncestor, GroupKind, Person
from mentoring.profiles.models import MentorProfile
from mentoring.profiles.policy import academies_of_mentor


@dataclass(frozen=True)
class MentorLine:
    """What the viewer offers in one academy; `capacity` is None where they have not said anything yet."""

    group_id: UUID
    academy: str
    capacity: int | None
    offers: str


def mentoring_for(session: Session, viewer: Viewer) -> list[MentorLine]:
    """Return each academy in which the viewer is a mentor, with what they offer there. One statement."""
    rows = session.execute(
        select(Group.id, Group.name, MentorProfile.capacity, MentorProfile.offers)
        .outerjoin(
            MentorProfile,
            (MentorProfile.group_id == Group.id) & (MentorProfile.person_id == viewer.person_id),
        )
        .where(Group.id.in_(academies_of_mentor(viewer)))
        .order_by(Group.name, Group.id)
    )
    return [MentorLine(row.id, row.name, row.capacity, row.offers or "") for row in rows]


def demand_mentor(session: Session, viewer: Viewer, group_id: UUID) -> None:
    """Hide an academy from whoever is no mentor in it."""
    mine = select(Group.id).where(Group.id == group_id, Group.id.in_(academies_of_mentor(viewer)))
    if session.scalar(mine) is None:
        raise Missing


def academy_of(session: Session, group_id: UUID) -> UUID:
    """Return the academy that a group belongs to; raises `Missing` when it hangs under none."""
    found = session.scalar(
        select(Group.id)
        .join(GroupAncestor, GroupAncestor.ancestor_id == Group.id)
        .where(GroupAncestor.group_id == group_id, Group.kind == GroupKind.ACADEMY)
    )
    if found is None:
        raise Missing
    return found


def capacities_of(session: Session, academy_group_id: UUID, person_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the capacity of each of these people who offers to mentor in an academy. One statement."""
    rows = session.execute(
        select(MentorProfile.person_id, MentorProfile.capacity).where(
            MentorProfile.group_id == academy_group_id, MentorProfile.person_id.in_(set(person_ids))
        )
    )
    return {row.person_id: row.capacity for row in rows}


def lock_people(session: Session, person_ids: Iterable[UUID]) -> None:
    """Hold these people's rows until the transaction ends, in the order of ids: nobody waits in a circle.

    PostgreSQL locks the rows against other such holders only (`FOR NO KEY UPDATE`): rows that merely refer
    to a person still come in. SQLite has one writer as it is.
    """
    session.execute(
        select(Person.id).where(Person.id.in_(set(person_ids))).order_by(Person.id).with_for_update(key_share=True)
    ).all()


def hold_group(session: Session, group_id: UUID) -> None:
    """Hold a group's row until the transaction ends, so that what is decided of its matching goes one by one."""
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True)).all()
