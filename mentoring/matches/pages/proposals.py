"""The lead's page of matching: asking, reading what is proposed and why, stopping, publishing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.kernel.paging import Span
from academy.people.models import Role
from academy.people.policy import Right, may
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from matching.types import STEPS
from mentoring.choices import queries as choices
from mentoring.choices.models import Choice
from mentoring.matches.actions import runs
from mentoring.matches.models import RunState
from mentoring.matches.pages import cards, explanation, preview
from mentoring.matches.queries import proposed
from mentoring.matches.schemas import AskIn, PublishIn
from mentoring.pairs.models import PairKind

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from matching.types import Unplaced
    from mentoring.choices.queries import ChoiceLine
    from mentoring.matches.queries.proposed import Matching, RunLine

blueprint = Blueprint("matches", __name__)


@blueprint.get("/groups/<id:group_id>/matches")
@guard("matches:propose")
def show(group_id: UUID) -> str:
    """Show what the matcher proposes for a group, why, and whom it could not place."""
    return page(group_id, kind_asked(), {}, {})


def page(group_id: UUID, kind: str, typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    """Render the lead's page, perhaps with what was typed into the settings and what is wrong with it."""
    me = viewer()
    with kernel().reading() as session:
        after = forms.wanted_id("after")
        found = proposed.matching_for(session, me, group_id, kind, Span(after=after))
        if after and not found.matches:  # of a proposal that another one has replaced since
            after, found = None, proposed.matching_for(session, me, group_id, kind, Span())
        decided = choices.choices_of(session, group_id, kind, made=proposed.together_in(found.run))
        shell.load(session, me)
    shown = {face.id for line in found.matches for face, _role in line.people}
    before_showing(me, "matching", shown | {one.face.id for one in found.unplaced})
    run, asked = found.run, found.asked
    waiting = asked is not None and asked.state == RunState.ASKED
    drafts = run is not None and run.state == RunState.PROPOSED
    among = _among(me, group_id, kind, found)
    unsaid = {one.face.id for one in found.unplaced if not one.said}
    by_pair = {line.pair: line.choice for line in decided}
    return render_template(
        "mentoring/matches/matching.html",
        page="cohorts",
        group_id=group_id,
        group_name=found.group_name,
        kind=kind,
        asked=asked,
        waiting=waiting,
        steps=_steps(asked.step) if asked and waiting else [],
        run=run,
        preview=preview.preview(run.settings) if run else None,
        published=run is not None and run.state == RunState.PUBLISHED,
        drafts=drafts,
        cards=[cards.card(line, run, me, by_pair) for line in found.matches] if run else [],
        decided=[(line, drafts and _apart(line, me)) for line in decided],
        total=found.total,
        more=found.next,
        begun=after is not None,
        fields=_fields(found, typed),
        floor=bool(typed.get("floor")) if typed else found.weighing.floor,
        weighed=found.weighing,
        unsaid=unsaid,
        unplaced=[
            (one.face, explanation.why_unplaced(cast("Unplaced", one.why), among=among)) for one in found.unplaced
        ],
        among=among,
        wanted=_wanted(found, unsaid, me, among=among),
        typed=typed,
        errors=errors,
    )


def _steps(now: str | None) -> list[tuple[str, str]]:
    """Name the steps of working it out, each as done, now or todo."""
    names = {
        "reading": _("Reading who is here"),
        "scoring": _("Weighing who fits whom"),
        "matching": _("Finding the best for all"),
        "explaining": _("Writing down why"),
    }
    at = STEPS.index(now) if now in STEPS else -1
    return [
        (names[step], "done" if place < at else "now" if place == at else "todo") for place, step in enumerate(STEPS)
    ]


def _fields(found: Matching, typed: Mapping[str, str]) -> list[tuple[str, str, Any]]:
    """Prepare a field for each weight, as (name, label, value)."""
    names = explanation.component_names()
    return [(name, names[name], typed.get(name, value)) for name, value in found.weighing.weights.items()]


def _among(me: Viewer, group_id: UUID, kind: str, found: Matching) -> bool:
    """Say whether the viewer is one of those about whom this is, or was when it was worked out."""
    roles = {Role.LEARNER.value, Role.MENTOR.value} if kind == PairKind.MENTORSHIP else {Role.LEARNER.value}
    return bool(roles & me.roles.get(group_id, frozenset())) or any(
        one.face.id == me.person_id for one in found.unplaced
    )


def _apart(line: ChoiceLine, me: Viewer) -> bool:
    """Say whether two people are kept together and are not in the proposal; nobody is told so of herself."""
    return line.choice == Choice.LOCKED and not line.made and me.person_id not in line.pair


def _wanted(found: Matching, unsaid: set[UUID], me: Viewer, *, among: bool) -> list[tuple[str, int]]:
    """Say what would place those who have no place, and how many of them, the most first; nobody is named."""
    if found.run is None:
        return []
    week, mentors = found.run.settings.get("week", ""), found.run.kind == PairKind.MENTORSHIP
    said = Counter(
        explanation.would_place(
            explanation.without_choices(cast("Unplaced", one.why)) if among else cast("Unplaced", one.why),
            mentors=mentors,
            week=week,
            zone=me.zone,
        )
        for one in found.unplaced
        if one.face.id not in unsaid
    )
    return said.most_common()


@blueprint.post("/groups/<id:group_id>/matches")
@guard("matches:propose")
def ask(group_id: UUID) -> ResponseReturnValue:
    """Ask the matcher for buddies or mentors."""
    kind = forms.read(AskIn)["kind"]
    me = viewer()
    kernel().commit(lambda session: runs.ask_run(session, viewer=me, group_id=group_id, kind=kind))
    return forms.see_other(f"/groups/{encode(group_id)}/matches?kind={kind}")


@blueprint.post("/runs/<id:run_id>/cancel")
@guard("matches:propose")
def cancel(run_id: UUID) -> ResponseReturnValue:
    """Stop working out a proposal."""
    me = viewer()

    def work(session: Session) -> tuple[RunLine, bool]:
        return proposed.run_for(session, me, run_id), runs.cancel_run(session, viewer=me, run_id=run_id)

    run, stopped = kernel().commit(work)
    if stopped:
        flash(_("Stopped. What was proposed before is still here."))
    else:
        flash(_("It was done already; nothing had to be stopped."))
    return forms.see_other(f"/groups/{encode(run.group_id)}/matches?kind={run.kind}")


@blueprint.post("/runs/<id:run_id>/publish")
@guard("matches:propose")
def publish(run_id: UUID) -> ResponseReturnValue:
    """Make a proposal known to those whom it is about."""
    version = forms.read(PublishIn)["version"]
    me = viewer()

    def work(session: Session) -> tuple[RunLine, runs.Published | None]:
        run = proposed.run_for(session, me, run_id)
        return run, runs.publish(session, viewer=me, run_id=run_id, version=version)

    run, found = kernel().commit(work)
    if found is None:
        flash(_("This was published already; nobody was told twice."))
    elif run.kind == PairKind.BUDDY:
        _say_pairs(found)
    else:
        _say_asked(found)
    return forms.see_other(f"/groups/{encode(run.group_id)}/matches?kind={run.kind}")


def _say_pairs(found: runs.Published) -> None:
    if not found.dropped:
        flash(_("Published. Every pair has been told and has a room of its own."))
        return
    told = _("Published, but nobody was told: no pair fits any more.")
    if found.came:
        told = ngettext(
            "Published. %(num)s pair has been told and has a room of its own.",
            "Published. %(num)s pairs have been told, and each has a room of its own.",
            found.came,
        )
    flash(told)
    flash(
        ngettext(
            "%(num)s pair no longer fits, as things have changed since it was proposed. Propose buddies for those "
            "without to find them somebody else.",
            "%(num)s pairs no longer fit, as things have changed since they were proposed. Propose buddies for those "
            "without to find them somebody else.",
            found.dropped,
        )
    )


def _say_asked(found: runs.Published) -> None:
    if not found.dropped:
        flash(_("Published. Each mentor has been asked and has seven days to answer."))
        return
    told = _("Published, but no mentor was asked: nobody fits any more.")
    if found.came:
        told = ngettext(
            "Published. A mentor has been asked for %(num)s learner and has seven days to answer.",
            "Published. Mentors have been asked for %(num)s learners and have seven days to answer.",
            found.came,
        )
    flash(told)
    flash(
        ngettext(
            "For %(num)s learner nobody who was proposed fits any more, as things have changed. Propose mentors for "
            "those without to look again.",
            "For %(num)s learners nobody who was proposed fits any more, as things have changed. Propose mentors for "
            "those without to look again.",
            found.dropped,
        )
    )


TAB = shell.GroupTab(
    "matching",
    lambda: _("Matching"),
    lambda group_id: f"/groups/{encode(group_id)}/matches",
    40,
    lambda viewer, path: may(viewer, Right.PROPOSE, path),
)


def kind_asked() -> str:
    """Return which kind of pairs the address asks for; buddies where it names none."""
    wanted = request.args.get("kind", "")
    return wanted if wanted in set(PairKind) else PairKind.BUDDY.value
