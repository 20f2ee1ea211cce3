"""What workshops put beside other pages: a room and an activity."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from academy.kernel import clock
from academy.kernel.viewer import Viewer
from academy.people import queries as people
from academy.people.policy import Right, may
from academy.tracks.queries.walking import Task
from academy.web import shell
from cohorts.workshops.queries import listing


def beside_room(session: Session, viewer: Viewer, group_id: UUID) -> str:
    """Show the next workshop of the room's group."""
    lines = listing.workshops_for(session, viewer, clock.now(), group_id=group_id, limit=1)
    return shell.part("cohorts/workshops/panel.html", viewer=viewer, workshop=lines[0]) if lines else ""


def beside_activity(session: Session, viewer: Viewer, task: Task) -> str:
    """Show the workshops that an activity of the track is about, past ones too."""
    now = clock.now()
    coming = listing.workshops_for(session, viewer, now, group_id=task.group_id, activity_id=task.id)
    lines = coming or listing.workshops_for(session, viewer, group_id=task.group_id, activity_id=task.id)
    plans = not lines and may(viewer, Right.SCHEDULE, people.path_of(session, task.group_id))
    return shell.part("cohorts/workshops/beside.html", viewer=viewer, lines=lines, task=task, plans=plans)
