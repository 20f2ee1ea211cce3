"""Jobs of authoring: files that no activity of any version or draft names any more are removed after a week."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from academy.authoring.models import DraftActivity
from academy.authoring.reactions import COMING, UNLINK
from academy.kernel import clock, jobs
from academy.kernel.jobs import JobKind
from academy.media import actions as media
from academy.media import queries as kept
from academy.tracks.models import Activity

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

    from academy.kernel.app import Kernel

TIDY = "media.tidy"


def _tidy(session: Session, _payload: dict[str, Any], _value: object) -> None:
    """Forget what nothing names, and promise to remove its bytes once that is committed."""
    walked = select(Activity.media_id).where(Activity.media_id.is_not(None))
    drafted = select(DraftActivity.media_id).where(DraftActivity.media_id.is_not(None))
    for digest in media.remove_unnamed(session, named=walked.union_all(drafted)):
        jobs.enqueue(session, UNLINK, {"digest": digest})


def _unneeded(session: Session, payload: dict[str, Any]) -> str | None:
    digest: str = payload["digest"]
    return None if kept.is_kept(session, digest) else digest


def _unlink(kernel: Kernel, _job_id: UUID, digest: str) -> bool:
    return kernel.files.drop(digest, before=clock.now() - COMING)


def _look_again(session: Session, payload: dict[str, Any], gone: bool) -> None:
    """Look again later where somebody has just brought the same content."""
    if not gone:
        jobs.enqueue(session, UNLINK, payload, run_at=clock.now() + COMING)


JOBS = [
    JobKind(TIDY, apply=_tidy, every=timedelta(days=1)),
    JobKind(UNLINK, read=_unneeded, outside=_unlink, apply=_look_again),
]
