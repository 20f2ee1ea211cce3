"""What follows from a workshop: entries in the inbox, mails and the reminder, promised in the transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.kernel import clock, jobs, mail
from academy.kernel.events import within, within_all
from academy.notices.actions import notify_each, read_about
from academy.people.events import MemberJoined, MemberLeft
from academy.tracks.events import TrackUpgraded
from cohorts.workshops import actions
from cohorts.workshops.engine import times
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
from cohorts.workshops.models import Rsvp, RsvpState, Workshop
from cohorts.workshops.policy import ATTENDING

SCHEDULED = "workshop-scheduled"
MOVED = "workshop-moved"
CANCELLED = "workshop-cancelled"
REMINDER = "workshop-reminder"

LETTERS = "workshops.invite"
"""The job that writes the mails of one change: to everybody concerned, or to one `person`."""
REMIND = "workshops.remind"

IN_CALENDARS = {"title", "facilitator_id"}
"""What changes a calendar entry without moving it; another agenda is read on the page."""


def _letters(session: Session, letter: str, workshop_id: UUID, sequence: int, *, person_id: UUID | None = None) -> None:
    """Promise the mails of one change."""
    _letters_each(session, letter, [(workshop_id, sequence, person_id)])


def _letters_each(session: Session, letter: str, each: Sequence[tuple[UUID, int, UUID | None]]) -> None:
    """Promise the mails of changes, given by workshop, sequence and whom alone they are for.

    Where mail is muted nothing is promised: it would be sent once it no longer is.
    """
    if mail.KIND in session.info.get("muted", ()):
        return
    promises: list[tuple[dict[str, Any], str | None]] = []
    for workshop_id, sequence, person_id in each:
        stamp = clock.now().isoformat()
        payload = {
            "letter": letter,
            "workshop": str(workshop_id),
            "sequence": sequence,
            "stamp": stamp,
            "person": str(person_id) if person_id else None,
            "after": None,
        }
        promises.append((payload, f"workshop:{letter}:{workshop_id}:{sequence}:{person_id or 'all'}:{stamp}"))
    jobs.enqueue_each(session, LETTERS, promises)


def _remind(session: Session, workshop_id: UUID, sequence: int) -> None:
    starts_at = session.get_one(Workshop, workshop_id).starts_at
    at = times.remind_at(starts_at)
    if at > clock.now():
        payload = {"workshop": str(workshop_id), "sequence": sequence}
        key = f"workshop:remind:{workshop_id}:{sequence}"
        jobs.enqueue(session, REMIND, payload, run_at=at, unique_key=key)


def _tell(
    session: Session, workshop_id: UUID, kind: str, actor_id: UUID | None, states: tuple[RsvpState, ...] = ()
) -> None:
    asked = select(Rsvp.person_id).where(Rsvp.workshop_id == workshop_id)
    if states:
        asked = asked.where(Rsvp.state.in_(states))
    facilitator_id = session.get_one(Workshop, workshop_id).facilitator_id
    everybody = [*session.scalars(asked), facilitator_id]
    notify_each(session, person_ids=everybody, kind=kind, ref=workshop_id, actor_id=actor_id)


def scheduled(session: Session, event: WorkshopScheduled) -> None:
    """Tell everybody, send the invitations and promise the reminder."""
    _tell(session, event.workshop_id, SCHEDULED, event.actor_id)
    _letters(session, "invitation", event.workshop_id, event.sequence)
    _remind(session, event.workshop_id, event.sequence)


def moved(session: Session, event: WorkshopMoved) -> None:
    """Tell everybody, update the invitations and promise the reminder anew."""
    _tell(session, event.workshop_id, MOVED, event.actor_id)
    _letters(session, "retimed" if event.retimed else "replaced", event.workshop_id, event.sequence)
    _remind(session, event.workshop_id, event.sequence)


def edited(session: Session, event: WorkshopEdited) -> None:
    """Update the calendars' entries where what they show has changed."""
    if IN_CALENDARS & set(event.fields):
        _letters(session, "edited", event.workshop_id, event.sequence)


def cancelled(session: Session, event: WorkshopCancelled) -> None:
    """Tell everybody and take the entry out of their calendars."""
    _tell(session, event.workshop_id, CANCELLED, event.actor_id)
    _letters(session, "cancelled", event.workshop_id, event.sequence)


def drew_near(session: Session, event: WorkshopDrewNear) -> None:
    """Remind who said that they come, or might."""
    _tell(session, event.workshop_id, REMINDER, None, (RsvpState.GOING, RsvpState.MAYBE))
    _letters(session, "reminder", event.workshop_id, event.sequence)


def answered(session: Session, event: RsvpAnswered) -> None:
    """Take notices about the workshop as read: who has answered has seen it."""
    read_about(session, person_id=event.person_id, refs=[event.workshop_id])


def joined(session: Session, events: Sequence[MemberJoined]) -> None:
    """Ask newcomers to what is coming."""
    new: dict[tuple[UUID, UUID | None], list[UUID]] = defaultdict(list)
    for event in events:
        if event.role in ATTENDING:
            new[event.group_id, event.actor_id].append(event.person_id)
    for (group_id, actor_id), person_ids in new.items():
        actions.invite_newcomers(session, group_id=group_id, person_ids=person_ids, actor_id=actor_id)


def left(session: Session, event: MemberLeft) -> None:
    """Take a leaver off what is coming."""
    actions.uninvite_leaver(
        session,
        group_id=event.group_id,
        person_id=event.person_id,
        last=event.last,
        actor_id=event.actor_id,
    )


def upgraded(session: Session, event: TrackUpgraded) -> None:
    """Keep workshops beside their activity when a cohort walks a newer version of its track."""
    actions.follow_activities(session, group_id=event.group_id, moved=dict(event.moved))


def invited(session: Session, events: Sequence[PersonInvited]) -> None:
    """Tell people and send them the invitation."""
    told: dict[tuple[UUID, UUID | None], list[UUID]] = defaultdict(list)
    for event in events:
        told[event.workshop_id, event.actor_id].append(event.person_id)
    for (workshop_id, actor_id), person_ids in told.items():
        notify_each(session, person_ids=person_ids, kind=SCHEDULED, ref=workshop_id, actor_id=actor_id)
    _letters_each(session, "invitation", [(event.workshop_id, event.sequence, event.person_id) for event in events])


def uninvited(session: Session, event: PersonUninvited) -> None:
    """Take the entry out of one person's calendar; nobody else is told."""
    _letters(session, "withdrawn", event.workshop_id, event.sequence, person_id=event.person_id)


REACTIONS = [
    within(WorkshopScheduled, scheduled),
    within(WorkshopMoved, moved),
    within(WorkshopEdited, edited),
    within(WorkshopCancelled, cancelled),
    within(WorkshopDrewNear, drew_near),
    within(RsvpAnswered, answered),
    within_all(MemberJoined, joined),
    within(MemberLeft, left),
    within(TrackUpgraded, upgraded),
    within_all(PersonInvited, invited),
    within(PersonUninvited, uninvited),
]
