"""The lead's page of matching: asking, reading what is proposed and why, publishing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from uuid import UUID

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people.policy import Right, may
from academy.privacy.pages import before_showing
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches import queries
from mentoring.matches.actions import runs
from mentoring.matches.models import MatchState, RunState
from mentoring.matches.pages import explanation
from mentoring.matches.schemas import AskIn, PublishIn
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from academy.people.queries import Face
    from matching.types import Unplaced
    from mentoring.matches.queries import MatchLine, RunLine

blueprint = Blueprint("matches", __name__)


@dataclass(frozen=True)
class Card:
    """A proposed pair as the page shows it. `tag` is what became of it as (text, tone, icon), if anything."""

    faces: list[tuple[Face, str]]
    reasons: list[explanation.Reason]
    pairs: list[str]
    scores: list[explanation.Score]
    tag: tuple[str, str, str] | None


@blueprint.get("/groups/<id:group_id>/matches")
@guard("matches:propose")
def show(group_id: UUID) -> str:
    """Show what the matcher proposes for a group, why, and whom it could not place."""
    me = viewer()
    kind = _kind()
    with kernel().reading() as session:
        found = queries.matching_for(session, me, group_id, kind)
        unsaid = queries.unsaid_among(session, [one.face.id for one in found.unplaced])
        shell.load(session, me)
    shown = {face.id for line in found.matches for face, _role in line.people}
    before_showing(me, "matching", shown | {one.face.id for one in found.unplaced})
    run = found.run
    return render_template(
        "mentoring/matches/matching.html",
        page="cohorts",
        group_id=group_id,
        group_name=found.group_name,
        kind=kind,
        asked=found.asked,
        waiting=found.asked is not None and found.asked.state == RunState.ASKED,
        run=run,
        published=run is not None and run.state == RunState.PUBLISHED,
        cards=[_card(line, run, me) for line in found.matches] if run else [],
        unsaid=unsaid,
        unplaced=[(one.face, explanation.why_unplaced(cast("Unplaced", one.why))) for one in found.unplaced],
    )


@blueprint.post("/groups/<id:group_id>/matches")
@guard("matches:propose")
def ask(group_id: UUID) -> ResponseReturnValue:
    """Ask the matcher for buddies or mentors."""
    kind = forms.read(AskIn)["kind"]
    me = viewer()
    kernel().commit(lambda session: runs.ask_run(session, viewer=me, group_id=group_id, kind=kind))
    return forms.see_other(f"/groups/{encode(group_id)}/matches?kind={kind}")


@blueprint.post("/runs/<id:run_id>/publish")
@guard("matches:propose")
def publish(run_id: UUID) -> ResponseReturnValue:
    """Make a proposal known to those whom it is about."""
    version = forms.read(PublishIn)["version"]
    me = viewer()

    def work(session: Session) -> tuple[RunLine, bool]:
        run = queries.run_for(session, me, run_id)
        return run, runs.publish(session, viewer=me, run_id=run_id, version=version)

    run, new = kernel().commit(work)
    if not new:
        flash(_("This was published already; nobody was told twice."))
    elif run.kind == PairKind.BUDDY:
        flash(_("Published. Every pair has been told and has a room of its own."))
    else:
        flash(_("Published. Each mentor has been asked and has seven days to answer."))
    return forms.see_other(f"/groups/{encode(run.group_id)}/matches?kind={run.kind}")


TAB = shell.GroupTab(
    "matching",
    lambda: _("Matching"),
    lambda group_id: f"/groups/{encode(group_id)}/matches",
    40,
    lambda viewer, path: may(viewer, Right.PROPOSE, path),
)


def _kind() -> str:
    wanted = request.args.get("kind", "")
    return wanted if wanted in set(PairKind) else PairKind.BUDDY.value


def _card(line: MatchLine, run: RunLine, me: Viewer) -> Card:
    faces = [face for face, _role in line.people]
    mentorship = run.kind == PairKind.MENTORSHIP
    trio = len(line.parts) > 1
    return Card(
        faces=[(face, _role_name(role)) for face, role in line.people],
        reasons=explanation.reasons(
            line.parts,
            faces,
            week=run.settings.get("week", ""),
            zone=me.zone,
            about=faces[0].id if mentorship else None,
        ),
        pairs=explanation.by_pair(line.parts, {face.id: face for face in faces}) if trio else [],
        scores=[explanation.score(one, {str(face.id): face.name for face in faces}) for one in line.parts],
        tag=_tag(line, mentorship=mentorship),
    )


def _role_name(role: str) -> str:
    return {"mentor": _("mentor"), "learner": _("learner"), "buddy": _("buddy")}[role]


def _tag(line: MatchLine, *, mentorship: bool) -> tuple[str, str, str] | None:
    if line.state == MatchState.SETTLED:
        return (_("Accepted"), "good", "check") if mentorship else (_("Room open"), "good", "check")
    if line.state == MatchState.OFFERED and line.expires_at is not None:
        return _("Asked, answer by %(day)s", day=i18n.short_day(line.expires_at)), "warm", "hourglass"
    if line.state == MatchState.ENDED:
        return _("Ended"), "", "info"
    if line.state == MatchState.DROPPED:
        return (_("Nobody left to ask"), "", "info") if mentorship else (_("No longer fits"), "", "info")
    return None
