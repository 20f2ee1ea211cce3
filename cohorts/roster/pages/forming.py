"""Pages for leads: a new cohort, changing one, closing and opening it, moving it to a newer track version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people import policy
from academy.people import queries as people
from academy.people.engine import zone_options
from academy.people.policy import Right
from academy.tracks import actions as track_actions
from academy.tracks.queries import published as tracks
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import actions, queries
from cohorts.roster.queries import CohortLine
from cohorts.roster.schemas import CohortEditIn, CohortIn, StepIn, UpgradeIn

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

blueprint = Blueprint("roster_forms", __name__)


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
        shell.load(session, me)
    return render_template(
        "cohorts/roster/form.html",
        cohort=None,
        track_options=[(encode(t.version_id), t.title) for t in found],
        zone_options=zone_options(),
        values=values or {"zone": me.zone, "track": forms.wanted_text("track")},
        errors=errors,
        page="cohorts",
    )


def _tracks(session: Session, homes: list[UUID]) -> list[tracks.TrackLine]:
    return tracks.tracks_in(session, queries.academies_below(session, homes))


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


@blueprint.get("/cohorts/<id:cohort_id>/edit")
@guard("cohorts:create")
def edit(cohort_id: UUID) -> ResponseReturnValue:
    """Show the form for a change."""
    cohort = _found(cohort_id)
    return _edit_form(cohort, _values(cohort), {})


def _found(cohort_id: UUID) -> CohortLine:
    me = viewer()
    with kernel().reading() as session:
        people.demand(session, me, Right.CREATE_COHORT, cohort_id)
        shell.load(session, me)
        return queries.cohort_for(session, me, cohort_id)


def _values(cohort: CohortLine) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "starts_on": cohort.starts_on.isoformat(),
        "zone": cohort.zone,
        "seats": "" if cohort.seats is None else cohort.seats,
        "agreements": "\n".join(cohort.agreements),
        "version": cohort.version,
    }


def _edit_form(cohort: CohortLine, values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template(
        "cohorts/roster/form.html",
        cohort=cohort,
        zone_options=zone_options(),
        values=values,
        errors=errors,
        page="cohorts",
    )


@blueprint.post("/cohorts/<id:cohort_id>/edit")
@guard("cohorts:create")
def change(cohort_id: UUID) -> ResponseReturnValue:
    """Change a cohort. Who was slower sees their words again."""
    me = viewer()
    _found(cohort_id)

    def done() -> ResponseReturnValue:
        sent = forms.read(CohortEditIn)
        kernel().commit(
            lambda session: actions.edit_cohort(
                session,
                viewer=me,
                cohort_id=cohort_id,
                version=sent["version"],
                name=sent["name"],
                starts_on=sent["starts_on"],
                zone=sent["zone"],
                seats=sent["seats"],
                agreements=sent["agreements"].splitlines(),
            )
        )
        flash(_("Saved."), "good")
        return forms.see_other(url_for("roster.show", cohort_id=cohort_id))

    return forms.answer_compared(done, lambda: _found(cohort_id), _edit_form, _changed)


def _changed(now: CohortLine) -> tuple[int, str]:
    return now.version, _(
        "Somebody has changed this cohort meanwhile; it is now “%(name)s”, from %(day)s, with %(seats)s seats. "
        "What you wrote is kept here and not saved. Save again to put it over theirs.",
        name=now.name,
        day=now.starts_on.isoformat(),
        seats=now.seats if now.seats is not None else "∞",
    )


@blueprint.post("/cohorts/<id:cohort_id>/close")
@guard("cohorts:create")
def close(cohort_id: UUID) -> ResponseReturnValue:
    """Close a cohort."""
    said = _("Closed. Its people go on reading and talking, and nothing was deleted.")
    return _step(cohort_id, actions.close_cohort, said)


@blueprint.post("/cohorts/<id:cohort_id>/open")
@guard("cohorts:create")
def reopen(cohort_id: UUID) -> ResponseReturnValue:
    """Open a closed cohort again."""
    return _step(cohort_id, actions.open_cohort, _("Open again. People can be enrolled, meet and be matched."))


def _step(cohort_id: UUID, act: Callable[..., object], said: str) -> ResponseReturnValue:
    me = viewer()
    version = forms.read(StepIn)["version"]
    kernel().commit(lambda session: act(session, viewer=me, cohort_id=cohort_id, version=version))
    flash(said, "good")
    return forms.see_other(url_for("roster.show", cohort_id=cohort_id))


@blueprint.post("/cohorts/<id:cohort_id>/upgrade")
@guard("cohorts:create")
def upgrade(cohort_id: UUID) -> ResponseReturnValue:
    """Move a cohort to a newer version of its track."""
    me = viewer()
    sent = forms.read(UpgradeIn)
    kernel().commit(
        lambda session: track_actions.upgrade(
            session, viewer=me, group_id=cohort_id, from_id=sent["before"], to_id=sent["after"]
        )
    )
    flash(_("The cohort walks the newer version now. What people completed stays completed."), "good")
    return forms.see_other(url_for("roster.show", cohort_id=cohort_id))
