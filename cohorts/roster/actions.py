"""Verbs on cohorts: create, enroll, remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.engine import ZONES
from academy.people.models import GroupKind, Role
from academy.people.policy import Right, grantable, require
from academy.tracks import actions as tracks
from cohorts.roster.events import CohortCreated, PersonEnrolled
from cohorts.roster.models import Cohort
from forums.spaces import actions as spaces

LONGEST_NAME = 120


def create_cohort(
    session: Session,
    *,
    viewer: Viewer,
    academy_group_id: UUID,
    track_version_id: UUID,
    name: str,
    starts_on: date,
    zone: str,
    seats: int | None = None,
    agreements: Sequence[str] = (),
) -> Cohort:
    """Open a cohort below an academy for a track version, with its room. It stays with that version."""
    people_queries.demand(session, viewer, Right.CREATE_COHORT, academy_group_id)
    title = name.strip()
    if not title or len(title) > LONGEST_NAME:
        detail = f"A cohort's name has 1 to {LONGEST_NAME} characters."
        raise Invalid(detail, errors={"name": [detail]})
    if zone not in ZONES:
        detail = "This time zone is not known. Choose one from the list, such as Europe/Lisbon."
        raise Invalid(detail, errors={"zone": [detail]})
    group = people.open_group(session, kind=GroupKind.COHORT, name=title, parent_id=academy_group_id)
    delivery = tracks.deliver(
        session,
        group_id=group.id,
        track_version_id=track_version_id,
        starts_on=starts_on,
        zone=zone,
        actor_id=viewer.person_id,
    )
    space = spaces.open_space(session, group_id=group.id, kind="room", title=title)
    cohort = Cohort(
        id=group.id,
        delivery_id=delivery.id,
        space_id=space.id,
        seats=seats,
        state="open",
        agreements=[line.strip() for line in agreements if line.strip()],
        created_at=clock.now(),
    )
    session.add(cohort)
    session.flush()
    emit(session, CohortCreated(actor_id=viewer.person_id, cohort_id=cohort.id, track_version_id=track_version_id))
    return cohort


def enroll(
    session: Session, *, viewer: Viewer, cohort_id: UUID, person_ids: Sequence[UUID], role: str = Role.LEARNER
) -> int:
    """Enroll people in a role; returns how many were new. All of them or, when seats run out, none."""
    path = people_queries.path_of(session, cohort_id)
    require(viewer, Right.ENROLL, path)
    if role not in {Role.LEARNER, Role.MENTOR, Role.FACILITATOR}:
        detail = "In a cohort people are learners, mentors or facilitators."
        raise Invalid(detail, errors={"role": [detail]})
    if not grantable(viewer, role, path):
        detail = "You can't give a role with rights that you don't have yourself."
        raise Refused(detail)
    # The row lock makes enrollments of one cohort wait for each other, so that the last seat is given once.
    cohort = session.scalar(select(Cohort).where(Cohort.id == cohort_id).with_for_update())
    if cohort is None:
        raise Missing
    known = people_queries.addresses_of(session, person_ids)
    new = 0
    for person_id in dict.fromkeys(person_ids):
        if person_id not in known:
            raise Missing
        if people.join(session, group_id=cohort_id, person_id=person_id, role=role, actor_id=viewer.person_id):
            new += 1
            emit(
                session,
                PersonEnrolled(actor_id=viewer.person_id, cohort_id=cohort_id, person_id=person_id, role=role),
            )
    if cohort.seats is not None and role == Role.LEARNER:
        taken = sum(1 for m in people_queries.members_of(session, cohort_id) if m.role == Role.LEARNER)
        if taken > cohort.seats:
            detail = f"There are {cohort.seats} seats, and this would make {taken} learners. Nobody was enrolled."
            raise Conflict(detail)
    return new


def admit(session: Session, *, by: Viewer, group_id: UUID, person_id: UUID, role: str) -> bool:
    """Let somebody in who came by a link or an invitation of `by`, as if `by` had enrolled them now."""
    try:
        return enroll(session, viewer=by, cohort_id=group_id, person_ids=[person_id], role=role) > 0
    except Conflict as full:
        detail = "Every seat of this cohort is taken. Nothing was changed; ask who invited you for another way in."
        raise Closed(detail) from full


def remove(session: Session, *, viewer: Viewer, cohort_id: UUID, person_id: UUID, role: str) -> None:
    """End somebody's role in a cohort; what they wrote stays."""
    path = people_queries.path_of(session, cohort_id)
    require(viewer, Right.ENROLL, path)
    if not grantable(viewer, role, path):
        detail = "You can't take a role with rights that you don't have yourself."
        raise Refused(detail)
    people.leave(session, group_id=cohort_id, person_id=person_id, role=role, actor_id=viewer.person_id)
