"""Verbs on workshops: schedule, move, cancel, answer, and who is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack
from uuid import UUID

from sqlalchemy import delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Closed, Conflict, Invalid, Missing
from academy.kernel.events import emit
from academy.kernel.ids import new_id
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.models import GroupAncestor, Membership, Person
from academy.people.policy import Right
from academy.tracks.queries import published as tracks
from cohorts.workshops.engine import times
from cohorts.workshops.engine.details import Details, Written, check
from cohorts.workshops.events import (
    PersonInvited,
    PersonUninvited,
    RsvpAnswered,
    WorkshopCancelled,
    WorkshopDrewNear,
    WorkshopEdited,
    WorkshopMoved,
    WorkshopScheduled,
)
from cohorts.workshops.models import Rsvp, RsvpState, Workshop, WorkshopState
from cohorts.workshops.policy import ATTENDING, attends, present
from cohorts.workshops.queries import listing, mailing, planning

TIME_OR_PLACE = {"wall_start", "zone", "starts_at", "minutes", "venue_url"}
CHANGED = "Somebody has changed this workshop since you opened it. Yours was not kept; open it again."
ANSWERS = {RsvpState.GOING, RsvpState.MAYBE, RsvpState.DECLINED}


def schedule(
    session: Session,
    *,
    viewer: Viewer,
    group_id: UUID,
    workshop_id: UUID | None = None,
    **written: Unpack[Written],
) -> Workshop:
    """Set a workshop for a group and ask everybody who is in it now; its facilitator needs no seat.

    `workshop_id`, made when the form was opened, makes sending the form twice schedule once. Raises `Invalid`
    with the errors of all fields.
    """
    people.demand(session, viewer, Right.SCHEDULE, group_id)
    known = session.get(Workshop, workshop_id) if workshop_id else None
    if known is not None:
        if known.group_id != group_id:
            raise Missing
        return known
    tracks.demand_open(session, group_id)
    wanted = _check(session, group_id, written)
    made = workshop_id or new_id()
    workshop = Workshop(
        id=made,
        group_id=group_id,
        state=WorkshopState.PUBLISHED,
        version=1,
        uid=str(made),
        sequence=0,
        going=0,
        created_at=clock.now(),
        **wanted,
    )
    session.add(workshop)
    session.flush()
    _ask(session, workshop)
    emit(
        session,
        WorkshopScheduled(
            actor_id=viewer.person_id,
            workshop_id=made,
            group_id=group_id,
            sequence=0,
            starts_at=wanted["starts_at"],
        ),
    )
    return workshop


def move(session: Session, *, viewer: Viewer, workshop_id: UUID, version: int, **written: Unpack[Written]) -> Workshop:
    """Change a workshop that has not begun. `version` is the one that was read, else `Conflict`.

    Another time asks everybody again and frees all seats; another place only tells them.
    """
    before = _to_change(session, viewer, workshop_id, version)
    wanted = _check(session, before.group_id, written)
    changed = {name: value for name, value in wanted.items() if getattr(before, name) != value}
    retimed = bool({"starts_at", "minutes"} & set(changed))
    capacity = wanted["capacity"]
    if not retimed and capacity is not None and capacity < before.going:
        detail = f"{before.going} people are coming already, so there must be at least that many seats."
        raise Invalid(detail, errors={"capacity": [detail]})
    if not changed:
        return before
    moved = bool(TIME_OR_PLACE & set(changed))
    former = before.facilitator_id
    if retimed:
        changed["going"] = 0
    after = _compare_and_set(session, before, **changed, sequence=before.sequence + moved)
    if retimed:
        session.execute(
            update(Rsvp)
            .where(Rsvp.workshop_id == workshop_id)
            .values(state=RsvpState.INVITED, asked_sequence=after.sequence, answered_at=None)
            .execution_options(synchronize_session=False)
        )
    by, group_id, sequence = viewer.person_id, after.group_id, after.sequence
    if after.facilitator_id != former:
        _drop(session, after, after.facilitator_id)
        if not _ask(session, after, only=[former]):
            emit(
                session,
                PersonUninvited(actor_id=by, workshop_id=workshop_id, person_id=former, sequence=sequence),
            )
    if moved:
        emit(
            session,
            WorkshopMoved(
                actor_id=by,
                workshop_id=workshop_id,
                group_id=group_id,
                sequence=sequence,
                starts_at=after.starts_at,
                retimed=retimed,
            ),
        )
    else:
        fields = tuple(sorted(changed))
        emit(
            session,
            WorkshopEdited(actor_id=by, workshop_id=workshop_id, group_id=group_id, sequence=sequence, fields=fields),
        )
    return after


def _check(session: Session, group_id: UUID, written: Written) -> Details:
    """Check what was written, and that who leads and what it belongs to are the group's."""
    wanted = check(written, now=clock.now())
    errors = {}
    leaders = planning.leaders(planning.present_people(session, group_id))
    if wanted["facilitator_id"] not in {face.id for face in leaders}:
        errors["facilitator"] = ["Choose somebody who belongs to this group."]
    activity_id = wanted["activity_id"]
    if activity_id is not None and activity_id not in dict(planning.activities_of(session, group_id)):
        errors["activity"] = ["Choose an activity of the track that this group learns by."]
    if errors:
        detail = "Some of this can't be used yet. What you wrote is kept."
        raise Invalid(detail, errors=errors)
    return wanted


def cancel(session: Session, *, viewer: Viewer, workshop_id: UUID, version: int) -> None:
    """Call a workshop off before it begins; everybody who was asked is told."""
    before = _to_change(session, viewer, workshop_id, version)
    after = _compare_and_set(session, before, state=WorkshopState.CANCELLED, sequence=before.sequence + 1)
    emit(
        session,
        WorkshopCancelled(
            actor_id=viewer.person_id, workshop_id=workshop_id, group_id=after.group_id, sequence=after.sequence
        ),
    )


def _to_change(session: Session, viewer: Viewer, workshop_id: UUID, version: int) -> Workshop:
    listing.workshop_for(session, viewer, workshop_id)
    found = session.get_one(Workshop, workshop_id, populate_existing=True)
    people.demand(session, viewer, Right.SCHEDULE, found.group_id)
    _still_open(found)
    if found.version != version:
        raise Conflict(CHANGED)
    return found


def _still_open(workshop: Workshop) -> None:
    if workshop.state == WorkshopState.CANCELLED:
        detail = "This workshop was cancelled. Nothing was changed."
        raise Closed(detail)
    if workshop.starts_at <= clock.now():
        detail = "This workshop has begun, so it can't be changed any more. Nothing was changed."
        raise Closed(detail)


def _compare_and_set(session: Session, before: Workshop, **values: Any) -> Workshop:
    """Change a workshop if it is still the one that was read; raises `Conflict`."""
    done = session.execute(
        update(Workshop)
        .where(
            Workshop.id == before.id,
            Workshop.state == WorkshopState.PUBLISHED,
            Workshop.version == before.version,
        )
        .values(version=before.version + 1, **values)
        .returning(Workshop.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if done is None:
        raise Conflict(CHANGED)
    session.expire(before)
    return session.get_one(Workshop, done.id)


def answer(session: Session, *, viewer: Viewer, workshop_id: UUID, state: str, asked: int | None = None) -> str:
    """Say going, maybe or declined; returns the state. `asked` is the sequence that the answer is about.

    A seat is taken by an update that needs one to be free, so the last one is given once; leaving frees it in
    the same transaction. Raises `Closed` after the start or a cancellation, `Conflict` when it is full.
    """
    if state not in ANSWERS:
        detail = "Say whether you are coming: going, maybe or can't."
        raise Invalid(detail, errors={"answer": [detail]})
    listing.workshop_for(session, viewer, workshop_id)
    workshop = hold(session, workshop_id)
    if workshop.state == WorkshopState.CANCELLED:
        detail = "This workshop was cancelled, so there is nothing to answer. Nothing was changed."
        raise Closed(detail)
    if workshop.starts_at <= clock.now():
        detail = "This workshop has begun, so answers are closed. Nothing was changed."
        raise Closed(detail)
    if workshop.facilitator_id == viewer.person_id:
        detail = "You lead this workshop, so you are counted on already. Nothing was changed."
        raise Conflict(detail)
    rsvp = session.get(Rsvp, (workshop_id, viewer.person_id), populate_existing=True)
    if rsvp is not None and asked is not None and asked != rsvp.asked_sequence:
        detail = "The time has changed since you opened this page. Look at the new one, then answer again."
        raise Conflict(detail)
    before = rsvp.state if rsvp is not None else RsvpState.INVITED
    if state == before and rsvp is not None:
        return state
    if state == RsvpState.GOING:
        _take_seat(session, workshop_id)
    elif before == RsvpState.GOING:
        _free_seat(session, workshop_id)
    if rsvp is None:
        session.add(
            Rsvp(
                workshop_id=workshop_id,
                person_id=viewer.person_id,
                state=state,
                asked_sequence=workshop.sequence,
                answered_at=clock.now(),
            )
        )
    else:
        rsvp.state, rsvp.answered_at = state, clock.now()
    session.flush()
    emit(
        session,
        RsvpAnswered(actor_id=viewer.person_id, workshop_id=workshop_id, person_id=viewer.person_id, state=state),
    )
    return state


def hold(session: Session, workshop_id: UUID) -> Workshop:
    """Let whoever counts seats of one workshop wait for each other: its row first, so never a deadlock."""
    return session.scalars(
        select(Workshop).where(Workshop.id == workshop_id).with_for_update().execution_options(populate_existing=True)
    ).one()


def _take_seat(session: Session, workshop_id: UUID) -> None:
    taken = session.execute(
        update(Workshop)
        .where(
            Workshop.id == workshop_id,
            Workshop.state == WorkshopState.PUBLISHED,
            or_(Workshop.capacity.is_(None), Workshop.going < Workshop.capacity),
        )
        .values(going=Workshop.going + 1)
        .returning(Workshop.going)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        detail = "All seats are taken. Your answer stays as it was; say maybe, and look again for a free seat."
        raise Conflict(detail)


def _free_seat(session: Session, workshop_id: UUID) -> None:
    session.execute(
        update(Workshop)
        .where(Workshop.id == workshop_id, Workshop.going > 0)
        .values(going=Workshop.going - 1)
        .execution_options(synchronize_session=False)
    )


def invite_newcomers(session: Session, *, group_id: UUID, person_ids: Sequence[UUID], actor_id: UUID | None) -> None:
    """Ask people who have just joined a group, in a role that workshops are for, to what is coming there, once."""
    for workshop in mailing.coming_of(session, select(literal(group_id)))[group_id]:
        for person_id in _ask(session, workshop, only=person_ids):
            invited = {"workshop_id": workshop.id, "person_id": person_id}
            emit(session, PersonInvited(actor_id=actor_id, sequence=workshop.sequence, **invited))


def uninvite_leaver(session: Session, *, group_id: UUID, person_id: UUID, last: bool, actor_id: UUID | None) -> None:
    """Take somebody who has left a group off its coming workshops and those below it; seats come free.

    Whoever still belongs by another role stays asked.
    """
    below = select(GroupAncestor.group_id).where(GroupAncestor.ancestor_id == group_id)
    for coming_in, workshops in mailing.coming_of(session, below).items():
        still = session.scalar(select(attends(Person.__table__.c.id, literal(coming_in))).where(Person.id == person_id))
        if still and not (last and coming_in == group_id):
            continue
        for workshop in workshops:
            hold(session, workshop.id)
            if _drop(session, workshop, person_id) or (workshop.facilitator_id == person_id and not still):
                emit(
                    session,
                    PersonUninvited(
                        actor_id=actor_id,
                        workshop_id=workshop.id,
                        person_id=person_id,
                        sequence=workshop.sequence,
                    ),
                )


def remind(session: Session, *, workshop_id: UUID, sequence: int) -> None:
    """Say that a workshop is near, unless it was moved, cancelled or begun meanwhile. Called by a job."""
    workshop = session.get(Workshop, workshop_id)
    if workshop is None or workshop.sequence != sequence or workshop.state != WorkshopState.PUBLISHED:
        return
    if times.remind_at(workshop.starts_at) <= clock.now() < workshop.starts_at:
        emit(session, WorkshopDrewNear(actor_id=None, workshop_id=workshop_id, sequence=sequence))


def _ask(session: Session, workshop: Workshop, *, only: Sequence[UUID] | None = None) -> Sequence[UUID]:
    """Ask who is in the group now and was not asked yet, save the facilitator; returns who is new, by id."""
    insert_here = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    members = (
        select(
            literal(workshop.id),
            Membership.person_id,
            literal(RsvpState.INVITED.value),
            literal(workshop.sequence),
        )
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.group_id == workshop.group_id,
            Membership.role.in_(ATTENDING),
            Membership.person_id != workshop.facilitator_id,
            Person.deactivated_at.is_(None),
            present(),
        )
        .distinct()
    )
    if only is not None:
        members = members.where(Membership.person_id.in_(only))
    new = session.scalars(
        insert_here(Rsvp)
        .from_select(["workshop_id", "person_id", "state", "asked_sequence"], members)
        .on_conflict_do_nothing(index_elements=["workshop_id", "person_id"])
        .returning(Rsvp.person_id)
    )
    return sorted(new)


def _drop(session: Session, workshop: Workshop, person_id: UUID) -> bool:
    """Take somebody off a workshop and free their seat; says whether they had been asked."""
    gone = session.execute(
        delete(Rsvp)
        .where(Rsvp.workshop_id == workshop.id, Rsvp.person_id == person_id)
        .returning(Rsvp.state)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if gone is not None and gone.state == RsvpState.GOING:
        _free_seat(session, workshop.id)
    return gone is not None


def follow_activities(session: Session, *, group_id: UUID, moved: Mapping[UUID, UUID]) -> None:
    """Let the group's workshops belong to the activities that took the place of theirs."""
    for old, new in moved.items():
        session.execute(
            update(Workshop).where(Workshop.group_id == group_id, Workshop.activity_id == old).values(activity_id=new)
        )
