"""Verbs on what mentors offer."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.access import Invalid
from academy.kernel.events import emit
from mentoring.profiles.events import MentoringOffered
from mentoring.profiles.models import MentorProfile
from mentoring.profiles.policy import LONGEST, MOST
from mentoring.profiles.queries import lock_people


def offer_mentoring(session: Session, *, person_id: UUID, group_id: UUID, capacity: int, offers: str) -> None:
    """Say for how many people at a time somebody mentors in an academy, and what they have to give.

    A capacity below what they have already breaks nothing: nobody new is proposed or accepted until there
    is room again; 0 pauses. The entry point has checked that they are a mentor there. Raises `Invalid`.
    """
    if not 0 <= capacity <= MOST:
        detail = f"Choose a number from 0 to {MOST}; 0 means a pause. What you wrote is kept."
        raise Invalid(detail, errors={"capacity": [detail]})
    if len(offers) > LONGEST:
        detail = f"This is longer than {LONGEST} characters. It is kept here; shorten it and save again."
        raise Invalid(detail, errors={"offers": [detail]})
    lock_people(session, [person_id])
    profile = session.get(MentorProfile, (person_id, group_id))
    if profile is None:
        profile = MentorProfile(person_id=person_id, group_id=group_id)
        session.add(profile)
    profile.capacity, profile.offers, profile.updated_at = capacity, offers.strip(), clock.now()
    session.flush()
    emit(
        session,
        MentoringOffered(actor_id=person_id, person_id=person_id, group_id=group_id, capacity=capacity),
    )
