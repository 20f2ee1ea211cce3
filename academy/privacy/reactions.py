"""Consequences for personal data: the jobs that follow, and the letter to whom it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.kernel import mail
from academy.kernel.events import within
from academy.kernel.jobs import enqueue
from academy.privacy.events import DataAsked, ErasureAsked

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PACK = "privacy.pack"
ERASE = "privacy.erase"
LETTER = "privacy.letter"
FORGET = "privacy.forget"
"""Kinds of jobs."""


def pack(session: Session, event: DataAsked) -> None:
    """Put the file together outside of any request."""
    enqueue(session, PACK, {"file_id": str(event.file_id), "person_id": str(event.person_id)})


def promise(session: Session, event: ErasureAsked) -> None:
    """Erase when the time to think is over, and tell the person now: perhaps it was not they who asked."""
    payload = {"person_id": str(event.person_id)}
    enqueue(session, ERASE, payload, run_at=event.due_at, unique_key=f"erase:{event.person_id}:{event.due_at}")
    if mail.KIND not in session.info.get("muted", ()):
        enqueue(session, LETTER, {**payload, "due_at": event.due_at.isoformat()})


REACTIONS = [within(DataAsked, pack), within(ErasureAsked, promise)]
