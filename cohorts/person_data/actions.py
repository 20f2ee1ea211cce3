"""Erasing what cohorts store about a person."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from cohorts.roster.models import Waiting


def erase_workshops(_session: Session, _person_id: UUID) -> None:
    """Keep past answers as numbers without a name, so that how many came stays true.

    Leaving their groups takes them off what is coming.
    """


def erase_waitlists(session: Session, person_id: UUID) -> None:
    """Wait for no seat any more."""
    session.execute(delete(Waiting).where(Waiting.person_id == person_id))
