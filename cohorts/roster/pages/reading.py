"""Pages of cohorts for everybody who may know of them: the list and one cohort with its people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.people import policy
from academy.people import queries as people
from academy.people.models import Role
from academy.people.policy import Right
from academy.tracks.queries import published as tracks
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import queries

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("roster", __name__)


def agreements(session: Session, _viewer: Viewer, group_id: UUID) -> str:
    """Show beside a cohort's room what the cohort has agreed on."""
    lines = queries.agreements_of(session, group_id)
    return shell.part("cohorts/roster/_agreements.html", lines=lines) if lines else ""


@blueprint.get("/cohorts")
@guard("people:meet")
def index() -> ResponseReturnValue:
    """List the cohorts that the viewer may know of, a page at a time; `after` goes on with the next one."""
    me = viewer()
    wanted = forms.wanted_text("q")
    after = decode(request.args["after"]) if request.args.get("after") else None
    with kernel().reading() as session:
        lines, more = queries.cohorts_for(session, me, wanted=wanted, after=after)
        shell.load(session, me)
    return render_template(
        "cohorts/roster/index.html",
        lines=lines,
        more=more,
        after=after,
        q=wanted,
        may_create=bool(policy.granting(me, Right.CREATE_COHORT)),
        page="cohorts",
    )


@blueprint.get("/cohorts/<id:cohort_id>")
@guard("people:meet")
def show(cohort_id: UUID) -> ResponseReturnValue:
    """Show a cohort and who is in it; to those who run it what is next to do, to who waits for it that they do."""
    try:
        return cohort_page(cohort_id, {})
    except Missing:
        with kernel().reading() as session:
            name = queries.waiting_for(session, viewer(), cohort_id)
        return render_template("cohorts/roster/waiting.html", name=name, page="home")


def cohort_page(cohort_id: UUID, errors: Mapping[str, list[str]]) -> str:
    """Render the page of a cohort, with what was wrong about what was asked of it."""
    me = viewer()
    with kernel().reading() as session:
        cohort = queries.cohort_for(session, me, cohort_id)
        path = people.path_of(session, cohort_id)
        members = people.members_of(session, cohort_id)
        may_enroll = policy.may(me, Right.ENROLL, path)
        may_lead = policy.may(me, Right.CREATE_COHORT, path)
        waitlist = queries.waitlist_of(session, cohort_id) if may_enroll and cohort.waiting else []
        upgrade = tracks.upgrade_of(session, cohort_id) if may_lead else None
        tabs = shell.tabs(me, path, cohort_id)
        shell.load(session, me)
    roles = [r for r in (Role.LEARNER, Role.MENTOR, Role.FACILITATOR) if policy.grantable(me, r, path)]
    return render_template(
        "cohorts/roster/show.html",
        cohort=cohort,
        members=members,
        waitlist=waitlist,
        upgrade=upgrade,
        may_enroll=may_enroll and bool(roles),
        may_lead=may_lead,
        may_read=policy.may(me, Right.READ, path),
        may_learn=policy.may(me, Right.LEARN, path),
        roles=roles,
        role_options=role_options(roles),
        reasons=[
            ("agreed", _("It was agreed before")),
            ("need", _("Their work needs it soonest")),
            ("mistake", _("It puts a mistake right")),
            ("other", _("Another reason")),
        ],
        tabs=tabs,
        errors=errors,
        page="cohorts",
    )


def role_options(roles: list[Role]) -> list[tuple[str, str]]:
    """Return the roles with their names in the plural, for a choice."""
    names = {Role.LEARNER: _("Learners"), Role.MENTOR: _("Mentors"), Role.FACILITATOR: _("Facilitators")}
    return [(role, names[role]) for role in roles]
