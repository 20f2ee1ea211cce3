"""Files that wait for who sent them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from academy.bridges.people_file.models import PEOPLE, PeopleFile
from academy.kernel import clock
from academy.kernel.access import Missing
from academy.kernel.viewer import Viewer


def kept_for(session: Session, viewer: Viewer, file_id: UUID, purpose: str = PEOPLE) -> PeopleFile:
    """Find a file that the viewer sent and that waits for them; anybody else's, and an old one, is `Missing`."""
    found = session.scalar(
        select(PeopleFile).where(
            PeopleFile.id == file_id,
            PeopleFile.person_id == viewer.person_id,
            PeopleFile.purpose == purpose,
            PeopleFile.expires_at > clock.now(),
        )
    )
    if found is None:
        raise Missing
    return found
