"""Beside a room: who reads here by leading what stands above, so that nobody reads unseen."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from sqlalchemy.orm import Session

from academy.administration.queries import house
from academy.kernel.viewer import Viewer


def beside_room(session: Session, _viewer: Viewer, group_id: UUID) -> str:
    """Name the leads who read a room without being enrolled."""
    readers = house.who_reads(session, group_id)
    return render_template("academy/administration/beside.html", readers=readers) if readers else ""
