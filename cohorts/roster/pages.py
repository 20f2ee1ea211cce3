"""Pages of cohorts: the list, a new one, and one cohort with its people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people import policy
from academy.people import queries as people
from academy.people.engine import ZONES
from academy.people.models import Role
from academy.people.policy import Right
from academy.tracks import queries as tracks
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import actions, queries
from cohorts.roster.schemas import CohortIn, EnrollIn, LeaveIn

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer

blueprint = Blueprint("roster", __name__)

PLACES = ["UTC", *sorted(name for name in ZONES if "/" in name and not name.startswith("Etc/"))]


def agreements(session: Session, _viewer: Viewer, group_id: UUID) -> str:
    """Show beside a cohort's room what the cohort has agreed on."""
    lines = queries.agreements_of(session, group_id)
    return render_template("cohorts/roster/_agreements.html", lines=lines) if lines else ""


@blueprint.get("/cohorts")
@guard("people:meet")
def index() -> ResponseReturnValue:
    """List the cohorts that the viewer may know of."""
    me = viewer()
    with kernel().reading() as session:
        lines = queries.cohorts_for(session, me)
    return render_template(
        "cohorts/roster/index.html",
        lines=lines,
        may_create=bool(policy.granting(me, Right.CREATE_COHORT)),
        page="cohorts",
    )


@blueprint.get("/cohorts/new")
@guard("cohorts:create")
def new() -> ResponseReturnValue:
    """Show the form for a new cohort."""
    return _form({}, {})


def _form(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    homes = policy.granting(me, Right.CREATE_COHORT)
    if not homes:
        raise Missing
    with kernel().reading() as session:
        found = _tracks(session, homes)
    return render_template(
        "cohorts/roster/new.html",
        track_options=[(encode(t.version_id), t.title) for t in found],
        zone_options=[(name, name.replace("_", " ")) for name in PLACES],
        values=values or {"zone": me.zone},
        errors=errors,
        page="cohorts",
    )


def _tracks(session: Session, homes: list[UUID]) -> list[tracks.TrackLine]:
    return tracks.tracks_in(session, people.below(session, homes))


@blueprint.post("/cohorts")
@guard("cohorts:create")
def create() -> ResponseReturnValue:
    """Create a cohort."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(CohortIn)
        with kernel().reading() as session:
            found = {t.version_id: t for t in _tracks(session, policy.granting(me, Right.CREATE_COHORT))}
        if sent["track"] not in found:
            raise Missing
        made = kernel().commit(
            lambda session: actions.create_cohort(
                session,
                viewer=me,
                academy_group_id=found[sent["track"]].group_id,
                track_version_id=sent["track"],
                name=sent["name"],
                starts_on=sent["starts_on"],
                zone=sent["zone"],
                seats=sent["seats"],
                agreements=sent["agreements"].splitlines(),
            )
        )
        flash(_("The cohort is there, with its room. Now enroll its people."), "good")
        return forms.see_other(url_for("roster.show", cohort_id=made.id))

    return forms.answer(done, _form)


@blueprint.get("/cohorts/<id:cohort_id>")
@guard("people:meet")
def show(cohort_id: UUID) -> ResponseReturnValue:
    """Show a cohort and who is in it."""
    return _cohort(cohort_id, {}, {})


def _cohort(cohort_id: UUID, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        cohort = queries.cohort_for(session, me, cohort_id)
        path = people.path_of(session, cohort_id)
        members = people.members_of(session, cohort_id)
        may_enroll = policy.may(me, Right.ENROLL, path)
        candidates = queries.enrollable(session, cohort_id) if may_enroll else []
        tabs = shell.tabs(me, path, cohort_id)
    roles = [r for r in (Role.LEARNER, Role.MENTOR, Role.FACILITATOR) if policy.grantable(me, r, path)]
    names = {Role.LEARNER: _("Learners"), Role.MENTOR: _("Mentors"), Role.FACILITATOR: _("Facilitators")}
    return render_template(
        "cohorts/roster/show.html",
        cohort=cohort,
        members=members,
        candidates=candidates,
        may_enroll=may_enroll,
        may_read=policy.may(me, Right.READ, path),
        roles=roles,
        role_options=[(r, names[r]) for r in roles],
        tabs=tabs,
        values=values,
        errors=errors,
        page="cohorts",
    )


@blueprint.post("/cohorts/<id:cohort_id>/enroll")
@guard("cohorts:enroll")
def enroll(cohort_id: UUID) -> ResponseReturnValue:
    """Enroll people."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(EnrollIn)
        count = kernel().commit(
            lambda session: actions.enroll(
                session, viewer=me, cohort_id=cohort_id, person_ids=sent["people"], role=sent["role"]
            )
        )
        flash(ngettext("%(num)s person enrolled.", "%(num)s people enrolled.", count), "good")
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer(done, lambda values, errors: _cohort(cohort_id, values, errors))


@blueprint.post("/cohorts/<id:cohort_id>/remove")
@guard("cohorts:enroll")
def remove(cohort_id: UUID) -> ResponseReturnValue:
    """Take somebody out of a cohort."""
    me = viewer()
    sent = forms.read(LeaveIn)
    kernel().commit(
        lambda session: actions.remove(
            session, viewer=me, cohort_id=cohort_id, person_id=sent["person"], role=sent["role"]
        )
    )
    flash(_("Taken out of the cohort. What they wrote stays."), "good")
    return forms.see_other(url_for("roster.show", cohort_id=cohort_id))
