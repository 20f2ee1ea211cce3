"""The history of a group's proposals: what each was worth, and what changed from one to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, render_template
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches.models import RunState
from mentoring.matches.pages import preview
from mentoring.matches.pages.proposals import kind_asked
from mentoring.matches.queries import history

if TYPE_CHECKING:
    from mentoring.matches.queries.history import PastRun

blueprint = Blueprint("matches_history", __name__)

ANSWERED = "placed"
"""What stands in the settings of a run that was answered."""


@blueprint.get("/groups/<id:group_id>/matches/runs")
@guard("matches:propose")
def index(group_id: UUID) -> str:
    """List the runs of a group, and what changed in the chosen one, or else in the latest."""
    me, kind, wanted = viewer(), kind_asked(), forms.wanted_id("run")
    with kernel().reading() as session:
        found = history.history_for(session, me, group_id, kind)
        answered = [run for run in found.runs if ANSWERED in run.settings]
        at = _place(answered, wanted)
        changes = None
        if at is not None:
            changes = history.changes_between(session, answered[at].id, answered[at + 1].id)
        shell.load(session, me)
    if changes is not None:
        groups = [*changes.new, *changes.gone, *changes.kept]
        before_showing(me, "matching", {face.id for group in groups for face in group})
    return render_template(
        "mentoring/matches/history.html",
        page="cohorts",
        group_id=group_id,
        group_name=found.group_name,
        kind=kind,
        lines=[(run, _state(run), preview.preview(run.settings)) for run in found.runs],
        comparable={run.id for run in answered[:-1]},
        chosen=answered[at] if at is not None else None,
        before=answered[at + 1] if at is not None else None,
        changes=changes,
    )


def _place(answered: list[PastRun], wanted: UUID | None) -> int | None:
    """Find the run that is asked about, else the latest, if there is one before it; raises `Missing`."""
    places = {run.id: at for at, run in enumerate(answered)}
    if wanted is not None and wanted not in places:
        raise Missing
    at = places[wanted] if wanted is not None else 0
    return at if at + 1 < len(answered) else None


def _state(run: PastRun) -> tuple[str, str, str]:
    """Say what became of a run, as (text, tone, icon)."""
    return {
        RunState.ASKED: (_("Being worked out"), "warm", "hourglass"),
        RunState.PROPOSED: (_("Proposed"), "sky", "sparkles"),
        RunState.PUBLISHED: (_("Published"), "good", "check"),
        RunState.FAILED: (_("Did not work"), "bad", "alert"),
        RunState.REPLACED: (_("Replaced"), "", "repeat"),
        RunState.CANCELLED: (_("Stopped"), "", "x"),
    }[RunState(run.state)]
