"""Pages for everybody who is asked: the list, one workshop, the answer and the door."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel import clock
from academy.kernel.access import Conflict, Missing, Refusal
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.people.policy import Right, may
from academy.people.queries import availability_of
from academy.web import forms, i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.workshops import actions
from cohorts.workshops.engine import hours
from cohorts.workshops.models import RsvpState
from cohorts.workshops.queries import listing, planning
from cohorts.workshops.schemas import AnswerIn

if TYPE_CHECKING:
    from datetime import date

blueprint = Blueprint("workshops", __name__)

NAV = shell.NavEntry("workshops", lambda: _("Workshops"), "/workshops", "calendar", 30, badge=listing.unanswered)
GROUP_TAB = shell.GroupTab(
    "workshops",
    lambda: _("Workshops"),
    lambda group_id: f"/workshops?group={encode(group_id)}",
    30,
    lambda who, path: may(who, Right.ATTEND, path),
)
SHOWN = 20
"""How many coming workshops stand on one page."""
DRAWN = 10
NAMED = 60


@blueprint.get("/workshops")
@guard("workshops:attend")
def index() -> str:
    """List coming workshops by day and those that are over, in the viewer's own zone.

    Coming ones stand there a page at a time; `after` goes on with the next one.
    """
    me = viewer()
    group_id = decode(request.args["group"]) if request.args.get("group") else None
    after = decode(request.args["after"]) if request.args.get("after") else None
    with kernel().reading() as session:
        shell.load(session, me)
        coming = listing.workshops_for(
            session, me, clock.now(), group_id=group_id, cancelled=True, limit=SHOWN + 1, after=after
        )
        past = [] if after else listing.workshops_for(session, me, group_id=group_id)
        waiting = listing.waiting_for(session, me, group_id)
        groups = planning.schedulable_for(session, me)

    shown = coming[:SHOWN]

    def day_of(line: listing.WorkshopLine) -> date:
        return i18n.local(line.starts_at).date()

    return render_template(
        "cohorts/workshops/index.html",
        days=[(day, list(lines)) for day, lines in groupby(shown, day_of)],
        more=shown[-1].id if len(coming) > SHOWN else None,
        group=group_id,
        past=past,
        waiting=waiting,
        groups=[(encode(i), name) for i, name in groups if group_id in {None, i}],
        group_name=next((line.group_name for line in [*coming, *past]), "") if group_id else "",
        page="workshops",
    )


@blueprint.get("/workshops/<id:workshop_id>")
@guard("workshops:attend")
def show(workshop_id: UUID) -> str:
    """Show one workshop: when it is here and there, who comes, everybody's hours and one's own answer."""
    return _workshop(workshop_id, None)


def _workshop(workshop_id: UUID, refusal: Refusal | None) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        workshop = listing.workshop_for(session, me, workshop_id)
        guests = planning.guests_of(session, [workshop_id])[workshop_id]
        people = planning.somebody([workshop.facilitator, *(guest.face for guest in guests)])
        weekly = availability_of(session, [me.person_id, *(one.id for one in people)])
    event = (workshop.starts_at, workshop.ends_at)
    return render_template(
        "cohorts/workshops/show.html",
        workshop=workshop,
        refusal=refusal.detail if refusal else "",
        going=[g.face for g in guests if g.state == RsvpState.GOING],
        named=NAMED,
        counts={state: sum(g.state == state for g in guests) for state in RsvpState},
        hours=hours.picture(planning.somebody([me])[0], event, people, weekly, limit=DRAWN),
        page="workshops",
    )


@blueprint.post("/workshops/<id:workshop_id>/answer")
@guard("workshops:attend")
def answer(workshop_id: UUID) -> ResponseReturnValue:
    """Take an answer. What stands in its way is said on the workshop's own page."""
    me = viewer()
    try:
        sent = forms.read(AnswerIn)
        state = kernel().commit(
            lambda session: actions.answer(
                session, viewer=me, workshop_id=workshop_id, state=sent["answer"], asked=sent["asked"]
            )
        )
    except Missing:
        raise
    except Refusal as refusal:
        return _workshop(workshop_id, refusal), refusal.status
    said = {
        RsvpState.GOING: _("You are coming. The invitation in your mail stays as it is."),
        RsvpState.MAYBE: _("Noted: maybe. You can change this until it begins."),
        RsvpState.DECLINED: _("Noted: you can’t come. You can change this until it begins."),
    }
    flash(said[RsvpState(state)], "good")
    return forms.see_other(url_for("workshops.show", workshop_id=workshop_id))


@blueprint.get("/workshops/<id:workshop_id>/join")
@guard("workshops:attend")
def join(workshop_id: UUID) -> ResponseReturnValue:
    """Show the door: the link from ten minutes before until the end, for those who were asked."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        workshop = listing.workshop_for(session, me, workshop_id)
    if workshop.answer is None and not workshop.leads and not workshop.may_schedule:
        detail = _("You were not asked to this workshop. Its facilitator can tell you more.")
        raise Conflict(detail)
    return render_template("cohorts/workshops/join.html", workshop=workshop, page="workshops")
