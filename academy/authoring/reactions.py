"""Consequences of authoring: a file that came and was kept by nothing is removed again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from academy.kernel import clock, jobs
from academy.kernel.events import within
from academy.media.events import FileCame

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

UNLINK = "media.unlink"
COMING = timedelta(hours=1)
"""As long a file may be in its place before the row that keeps it: its sender is still at it."""


def promise_to_remove(session: Session, event: FileCame) -> None:
    """Remove the file later, unless something keeps it by then: its sender was refused, or their upload broke off."""
    jobs.enqueue(session, UNLINK, {"digest": event.digest}, run_at=clock.now() + COMING)


REACTIONS = [within(FileCame, promise_to_remove)]
