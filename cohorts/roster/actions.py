"""Verbs on cohorts: create, edit, close, open, enroll, remove, and seats and the waitlist for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing, Refused
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import actions as people
from academy.people import queries as people_queries
from academy.people.engine import ZONES
from academy.people.models import GroupKind, Role
from academy.people.policy import Right, grantable, require
from academy.tracks import actions as tracks
from cohorts.roster import queries
from cohorts.roster.engine import REASONS, ROLES
from cohorts.roster.events import (
    CohortClosed,
    CohortCreated,
    CohortEdited,
    CohortReopened,
    PersonEnrolled,
    PersonWaitlisted,
    SeatGiven,
    WaitlistLeft,
    WaitlistMoved,
)
from cohorts.roster.models import Cohort, CohortState, CohortStep, Waiting
from forums.spaces import actions as spaces

LONGEST_NAME = 120
YEARS = range(2000, 2200)
"""In which a cohort may begin: every week of a track stands in a calendar."""
CHANGED = "Somebody has changed this cohort since you opened the page. Open it again; nothing was changed."


@dataclass(frozen=True)
class Placed:
    """What became of people who were enrolled: new in their role, and new on the waitlist."""

    enrolled: int = 0
    waiting: int = 0


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
    title = _checked(name, zone, starts_on)
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
        state=CohortState.OPEN,
        agreements=_lines(agreements),
        created_at=clock.now(),
    )
    session.add(cohort)
    session.flush()
    emit(session, CohortCreated(actor_id=viewer.person_id, cohort_id=cohort.id, track_version_id=track_version_id))
    return cohort


def _checked(name: str, zone: str, starts_on: date) -> str:
    title = name.strip()
    if not title or len(title) > LONGEST_NAME:
        detail = f"A cohort's name has 1 to {LONGEST_NAME} characters."
        raise Invalid(detail, errors={"name": [detail]})
    if zone not in ZONES:
        detail = "This time zone is not known. Choose one from the list, such as Europe/Lisbon."
        raise Invalid(detail, errors={"zone": [detail]})
    if starts_on.year not in YEARS:
        detail = f"Choose a day from {YEARS[0]} to {YEARS[-1]}."
        raise Invalid(detail, errors={"starts_on": [detail]})
    return title


def _lines(agreements: Sequence[str]) -> list[str]:
    return [line.strip() for line in agreements if line.strip()]


def edit_cohort(
    session: Session,
    *,
    viewer: Viewer,
    cohort_id: UUID,
    version: int,
    name: str,
    starts_on: date,
    zone: str,
    seats: int | None,
    agreements: Sequence[str],
) -> None:
    """Change a cohort; raises `Conflict` when it is no longer at `version`.

    More seats are given to the waitlist at once. Fewer than there are learners take nobody's seat: nobody new
    is enrolled until some come free.
    """
    people_queries.demand(session, viewer, Right.CREATE_COHORT, cohort_id)
    before = queries.cohort_for(session, viewer, cohort_id)
    title, agreed = _checked(name, zone, starts_on), _lines(agreements)
    after = {"name": title, "starts_on": starts_on, "zone": zone, "seats": seats, "agreements": tuple(agreed)}
    fields = tuple(field for field, value in after.items() if getattr(before, field) != value)
    moved = session.execute(
        update(Cohort)
        .where(Cohort.id == cohort_id, Cohort.version == version)
        .values(seats=seats, agreements=agreed, version=Cohort.version + 1)
        .returning(Cohort.id)
    ).one_or_none()
    if moved is None:
        raise Conflict(CHANGED)
    if "name" in fields:
        people.rename_group(session, group_id=cohort_id, name=title, actor_id=viewer.person_id)
        spaces.rename_room(session, group_id=cohort_id, title=title)
    if {"starts_on", "zone"} & set(fields):
        tracks.redate(session, group_id=cohort_id, starts_on=starts_on, zone=zone)
    emit(session, CohortEdited(actor_id=viewer.person_id, cohort_id=cohort_id, fields=fields))
    fill_seats(session, cohort_id=cohort_id)


def close_cohort(session: Session, *, viewer: Viewer, cohort_id: UUID, version: int) -> None:
    """Close a cohort: its people read and talk on, and nothing new begins. Nothing is deleted."""
    _step(session, viewer, cohort_id, version, CohortState.OPEN, CohortState.CLOSED)
    tracks.set_closed(session, group_id=cohort_id, closed=True)
    emit(session, CohortClosed(actor_id=viewer.person_id, cohort_id=cohort_id))


def open_cohort(session: Session, *, viewer: Viewer, cohort_id: UUID, version: int) -> None:
    """Open a closed cohort again; free seats are given to the waitlist."""
    _step(session, viewer, cohort_id, version, CohortState.CLOSED, CohortState.OPEN)
    tracks.set_closed(session, group_id=cohort_id, closed=False)
    emit(session, CohortReopened(actor_id=viewer.person_id, cohort_id=cohort_id))
    fill_seats(session, cohort_id=cohort_id)


def _step(
    session: Session, viewer: Viewer, cohort_id: UUID, version: int, before: CohortState, after: CohortState
) -> None:
    people_queries.demand(session, viewer, Right.CREATE_COHORT, cohort_id)
    moved = session.execute(
        update(Cohort)
        .where(Cohort.id == cohort_id, Cohort.state == before, Cohort.version == version)
        .values(state=after.value, version=Cohort.version + 1)
        .returning(Cohort.id)
    ).one_or_none()
    if moved is None:
        raise Conflict(CHANGED)
    session.add(CohortStep(id=new_id(), cohort_id=cohort_id, at=clock.now(), before=before, after=after))


def enroll(
    session: Session, *, viewer: Viewer, cohort_id: UUID, person_ids: Sequence[UUID], role: str = Role.LEARNER
) -> int:
    """Enroll people in a role and return how many got it; see `place`."""
    return place(session, viewer=viewer, cohort_id=cohort_id, person_ids=person_ids, role=role).enrolled


def place(
    session: Session, *, viewer: Viewer, cohort_id: UUID, person_ids: Sequence[UUID], role: str = Role.LEARNER
) -> Placed:
    """Enroll people in a role, in the order given; learners beyond the seats wait for one in that order."""
    path = people_queries.path_of(session, cohort_id)
    require(viewer, Right.ENROLL, path)
    if role not in ROLES:
        detail = "In a cohort people are learners, mentors or facilitators."
        raise Invalid(detail, errors={"role": [detail]})
    if not grantable(viewer, role, path):
        detail = "You can't give a role with rights that you don't have yourself."
        raise Refused(detail)
    return take_seats(session, cohort_id=cohort_id, person_ids=person_ids, role=role, actor_id=viewer.person_id)


def take_seats(
    session: Session, *, cohort_id: UUID, person_ids: Sequence[UUID], role: str, actor_id: UUID | None
) -> Placed:
    """Enroll people or let them wait. The caller has checked the right to, or that they hold a valid link."""
    cohort = _locked(session, cohort_id)
    if cohort.state != CohortState.OPEN:
        detail = "This cohort is closed: nobody new is enrolled. Open it again first."
        raise Closed(detail)
    if set(person_ids) - set(people_queries.addresses_of(session, person_ids)):
        raise Missing
    free = _fill(session, cohort)
    inside = queries.learners_of(session, cohort_id)
    wanted, late = list(dict.fromkeys(person_ids)), []
    if role == Role.LEARNER:
        wanted = [person_id for person_id in wanted if person_id not in inside]
        if free is not None:
            wanted, late = wanted[: max(free, 0)], wanted[max(free, 0) :]
    enrolled = people.join_all(session, group_id=cohort_id, person_ids=wanted, role=role, actor_id=actor_id)
    for person_id in enrolled:
        emit(session, PersonEnrolled(actor_id=actor_id, cohort_id=cohort_id, person_id=person_id, role=role))
    return Placed(len(enrolled), _wait(session, cohort_id, late, actor_id))


def _locked(session: Session, cohort_id: UUID) -> Cohort:
    """Find a cohort and hold it: whatever changes its seats or its waitlist happens one after the other."""
    cohort = session.scalar(
        select(Cohort).where(Cohort.id == cohort_id).with_for_update().execution_options(populate_existing=True)
    )
    if cohort is None:
        raise Missing
    return cohort


def _wait(session: Session, cohort_id: UUID, person_ids: Sequence[UUID], actor_id: UUID | None) -> int:
    """Put people on the waitlist, in this order; returns how many did not wait before."""
    waiting = select(Waiting.person_id).where(Waiting.cohort_id == cohort_id, Waiting.person_id.in_(person_ids))
    held = set(session.scalars(waiting)) if person_ids else set()
    new = [person_id for person_id in person_ids if person_id not in held]
    if not new:
        return 0
    last = session.scalar(select(func.max(Waiting.place)).where(Waiting.cohort_id == cohort_id)) or 0
    session.add_all(
        Waiting(id=new_id(), cohort_id=cohort_id, person_id=person_id, place=place_, at=clock.now())
        for place_, person_id in enumerate(new, last + 1)
    )
    session.flush()
    for person_id in new:
        emit(session, PersonWaitlisted(actor_id=actor_id, cohort_id=cohort_id, person_id=person_id))
    return len(new)


def fill_seats(session: Session, *, cohort_id: UUID) -> None:
    """Give free seats to whoever is next on the waitlist."""
    _fill(session, _locked(session, cohort_id))


def _fill(session: Session, cohort: Cohort) -> int | None:
    """Give free seats to the waitlist, in its order; returns how many are free then, or None without a limit."""
    inside = queries.learners_of(session, cohort.id)
    free = None if cohort.seats is None else cohort.seats - len(inside)
    if cohort.state != CohortState.OPEN:
        return free
    for entry_id, person_id in queries.next_in_line(session, cohort.id):
        if free is not None and free <= 0:
            break
        session.execute(delete(Waiting).where(Waiting.id == entry_id))
        # Who was enrolled meanwhile, or whose account is closed, doesn't hold up the others.
        if person_id in inside or person_id not in people_queries.addresses_of(session, [person_id]):
            continue
        people.join(session, group_id=cohort.id, person_id=person_id, role=Role.LEARNER, actor_id=None)
        free = None if free is None else free - 1
        emit(session, PersonEnrolled(actor_id=None, cohort_id=cohort.id, person_id=person_id, role=Role.LEARNER))
        emit(session, SeatGiven(actor_id=None, cohort_id=cohort.id, person_id=person_id))
    return free


def move_up(session: Session, *, viewer: Viewer, cohort_id: UUID, person_id: UUID, to: int, reason: str) -> None:
    """Move somebody up the waitlist to the place `to` (from 1), for a reason that the ledger keeps."""
    people_queries.demand(session, viewer, Right.CREATE_COHORT, cohort_id)
    if reason not in REASONS:
        detail = "Choose a reason: those who are overtaken may ask for it."
        raise Invalid(detail, errors={"reason": [detail]})
    _locked(session, cohort_id)
    line = [entry for _id, entry in queries.next_in_line(session, cohort_id)]
    if person_id not in line:
        raise Missing
    before = line.index(person_id) + 1
    if not 1 <= to < before:
        detail = f"They are number {before} now. Choose a place above that; nothing was changed."
        raise Conflict(detail)
    line.insert(to - 1, line.pop(before - 1))
    for place_, person in enumerate(line, 1):
        session.execute(
            update(Waiting).where(Waiting.cohort_id == cohort_id, Waiting.person_id == person).values(place=place_)
        )
    emit(
        session,
        WaitlistMoved(
            actor_id=viewer.person_id,
            cohort_id=cohort_id,
            person_id=person_id,
            before=before,
            after=to,
            reason=reason,
        ),
    )


def leave_waitlist(session: Session, *, viewer: Viewer, cohort_id: UUID, person_id: UUID) -> None:
    """Take somebody off the waitlist."""
    people_queries.demand(session, viewer, Right.ENROLL, cohort_id)
    gone = session.execute(
        delete(Waiting).where(Waiting.cohort_id == cohort_id, Waiting.person_id == person_id).returning(Waiting.id)
    ).one_or_none()
    if gone is None:
        raise Missing
    emit(session, WaitlistLeft(actor_id=viewer.person_id, cohort_id=cohort_id, person_id=person_id))


def change_role(session: Session, *, viewer: Viewer, cohort_id: UUID, person_id: UUID, role: str, to: str) -> None:
    """Let somebody be something else in a cohort; a learner needs a free seat."""
    path = people_queries.path_of(session, cohort_id)
    require(viewer, Right.ENROLL, path)
    if role not in ROLES or to not in ROLES:
        raise Missing
    if not grantable(viewer, role, path) or not grantable(viewer, to, path):
        detail = "You can't give or take a role with rights that you don't have yourself."
        raise Refused(detail)
    if role == to:
        return
    take_seats(session, cohort_id=cohort_id, person_ids=[person_id], role=to, actor_id=viewer.person_id)
    if to == Role.LEARNER and person_id not in queries.learners_of(session, cohort_id):
        detail = "No seat is free for another learner. Nothing was changed; give the cohort more seats first."
        raise Conflict(detail)
    people.leave(session, group_id=cohort_id, person_id=person_id, role=role, actor_id=viewer.person_id)


def admit(session: Session, *, by: Viewer, group_id: UUID, person_id: UUID, role: str) -> bool:
    """Let somebody in who came by a link or an invitation of `by`, as if `by` had enrolled them now.

    Says whether they are new here, be it in a seat or on the waitlist.
    """
    placed = place(session, viewer=by, cohort_id=group_id, person_ids=[person_id], role=role)
    return bool(placed.enrolled or placed.waiting)


def remove(session: Session, *, viewer: Viewer, cohort_id: UUID, person_id: UUID, role: str) -> None:
    """End somebody's role in a cohort; what they wrote stays, and a learner's seat goes to who is next."""
    path = people_queries.path_of(session, cohort_id)
    require(viewer, Right.ENROLL, path)
    if not grantable(viewer, role, path):
        detail = "You can't take a role with rights that you don't have yourself."
        raise Refused(detail)
    _locked(session, cohort_id)
    people.leave(session, group_id=cohort_id, person_id=person_id, role=role, actor_id=viewer.person_id)
