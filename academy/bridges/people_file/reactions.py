"""Consequences of people files: one that nobody confirms is forgotten after its hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from academy.bridges.people_file.events import FileKept
from academy.kernel.events import within
from academy.kernel.jobs import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FORGET = "people_file.forget"


def promise_to_forget(session: Session, event: FileKept) -> None:
    """Remove the file when its time is over, whatever has become of it."""
    enqueue(session, FORGET, {}, run_at=event.expires_at, unique_key=f"people-file:{event.file_id}")


REACTIONS = [within(FileKept, promise_to_forget)]
