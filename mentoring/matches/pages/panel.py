"""What stands beside a room: in a pair's own room who it is and why, in a cohort's the viewer's people there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from academy.people.queries import Face
from academy.privacy.pages import before_showing
from academy.web import shell
from mentoring.matches.pages import explanation
from mentoring.matches.queries import proposed
from mentoring.pairs.queries import PairLine, pairs_beside

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer


def render(session: Session, viewer: Viewer, group_id: UUID) -> str:
    """Return the panel of a room, empty where the viewer has nobody. Two statements at most."""
    lines = pairs_beside(session, viewer, group_id)
    if not lines:
        return ""
    own = next((line for line in lines if line.group_id == group_id), None)
    if own is None:
        return shell.part("mentoring/matches/panel_cohort.html", lines=lines)
    reasons = _reasons(session, viewer, own)
    return shell.part("mentoring/matches/panel_pair.html", line=own, reasons=reasons)


def _reasons(session: Session, viewer: Viewer, line: PairLine) -> list[explanation.Reason]:
    if line.match_id is None:
        return []
    before_showing(viewer, "matching", [face.id for face in line.others])
    parts, week = proposed.facts_of(session, [line.match_id])[line.match_id]
    faces = [*line.others, Face(viewer.person_id, viewer.name, "", viewer.zone)]
    here = {str(face.id) for face in faces}
    told = [one for one in parts if set(one["people"]) <= here and str(viewer.person_id) in one["people"]]
    return explanation.reasons(told, faces, week=week, zone=viewer.zone, viewer_id=viewer.person_id)


PANEL = shell.SpacePanel(30, render)
