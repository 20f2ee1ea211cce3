"""What workshops put beside other pages: a room and an activity."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.tracks.queries import Task
from cohorts.workshops import queries


def beside_room(session: Session, viewer: Viewer, group_id: UUID) -> str:
    """Show the next workshop of the room's group."""
    lines = queries.workshops_for(session, viewer, clock.now(), group_id=group_id)
    return Markup(render_template("cohorts/workshops/panel.html", workshop=lines[0])) if lines else ""  # noqa: S704 - made by an escaping template


def beside_activity(session: Session, viewer: Viewer, task: Task) -> str:
    """Show the workshops that an activity of the track is about, past ones too."""
    now = clock.now()
    coming = queries.workshops_for(session, viewer, now, group_id=task.group_id, activity_id=task.id)
    lines = coming or queries.workshops_for(session, viewer, group_id=task.group_id, activity_id=task.id)
    return Markup(render_template("cohorts/workshops/beside.html", lines=lines))  # noqa: S704 - as above
