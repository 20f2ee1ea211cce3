"""Beside a room: who reads here by leading what stands above, so that nobody reads unseen."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.administration.queries import house
from academy.kernel.viewer import Viewer
from academy.web import shell


def beside_room(session: Session, _viewer: Viewer, group_id: UUID) -> str:
    """Name the leads who read a room without being enrolled."""
    readers = house.who_reads(session, group_id)
    return shell.part("academy/administration/beside.html", readers=readers) if readers else ""
