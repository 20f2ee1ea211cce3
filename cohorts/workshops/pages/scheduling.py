"""Pages for those who schedule: a new workshop, a change, a cancellation. "Check times" saves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import EXCLUDE, ValidationError

from academy.kernel import offload
from academy.kernel.access import Invalid, Refused, TooLong
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode, new_id
from academy.kernel.payloads import invalid
from academy.people.engine import ZONES, zone_options
from academy.people.queries import availability_of
from academy.tracks.queries.published import demand_open
from academy.web import forms, markup, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.workshops import actions
from cohorts.workshops.engine import hours, times
from cohorts.workshops.engine.details import LONGEST, SHORTEST, Written
from cohorts.workshops.queries import listing, planning
from cohorts.workshops.queries.listing import WorkshopDetail
from cohorts.workshops.schemas import CancelIn, TimeIn, WorkshopChangeIn, WorkshopIn

blueprint = Blueprint("workshop_forms", __name__)

LONG = 60  # minutes, until the lead writes another length
DRAWN = 12

Errors = Mapping[str, list[str]]


@dataclass(frozen=True)
class _Checked:
    """Everybody's hours around a time that was written but not saved."""

    starts_at: datetime
    zone: str
    twice: bool
    picture: hours.HoursPicture
    week: list[hours.DayOfWeek]


@blueprint.get("/workshops/new")
@guard("workshops:schedule")
def new() -> str:
    """Show the form for a new workshop of one group; a date and time in the address are checked at once."""
    return _form(decode(request.args.get("group")), request.args, {}, check=bool(request.args.get("date")))


@blueprint.post("/workshops")
@guard("workshops:schedule")
def create() -> ResponseReturnValue:
    """Schedule a workshop, or only look how its time fits."""
    me = viewer()
    group_id = decode(request.form.get("group"))
    if "check" in request.form:
        return _form(group_id, request.form, {}, check=True)

    def done() -> ResponseReturnValue:
        sent = forms.read(WorkshopIn)
        written = _written(sent)
        made = kernel().commit(
            lambda session: actions.schedule(session, viewer=me, group_id=group_id, workshop_id=sent["id"], **written)
        )
        flash(_("Scheduled. Everybody gets a notice and an invitation in their own time."), "good")
        return forms.see_other(url_for("workshops.show", workshop_id=made.id))

    return forms.answer(done, lambda values, errors: _form(group_id, values, errors))


@blueprint.get("/workshops/<id:workshop_id>/edit")
@guard("workshops:schedule")
def edit(workshop_id: UUID) -> str:
    """Show the form for a change."""
    workshop = _found(workshop_id)
    return _form(workshop.group_id, _values(workshop), {}, workshop=workshop)


@blueprint.post("/workshops/<id:workshop_id>/move")
@guard("workshops:schedule")
def move(workshop_id: UUID) -> ResponseReturnValue:
    """Change a workshop, or only look how its new time fits. Who was slower sees their words again."""
    me = viewer()
    workshop = _found(workshop_id)
    if "check" in request.form:
        return _form(workshop.group_id, request.form, {}, workshop=workshop, check=True)

    def done() -> ResponseReturnValue:
        sent = forms.read(WorkshopChangeIn)
        written = _written(sent)
        kernel().commit(
            lambda session: actions.move(
                session, viewer=me, workshop_id=workshop_id, version=sent["version"], **written
            )
        )
        flash(_("Saved. Where the time or place changed, everybody is told."), "good")
        return forms.see_other(url_for("workshops.show", workshop_id=workshop_id))

    def again(now: WorkshopDetail, values: Mapping[str, str], errors: Errors) -> str:
        return _form(now.group_id, values, errors, workshop=now)

    return forms.answer_compared(done, lambda: _found(workshop_id), again, _changed)


def _changed(now: WorkshopDetail) -> tuple[int, str]:
    return now.version, _(
        "Somebody has changed this workshop meanwhile; it is now “%(title)s”, %(start)s (%(zone)s). "
        "What you wrote is kept here and not saved. Save again to put it over theirs.",
        title=now.title,
        start=now.wall_start.replace("T", " "),
        zone=now.zone,
    )


@blueprint.post("/workshops/<id:workshop_id>/cancel")
@guard("workshops:schedule")
def cancel(workshop_id: UUID) -> ResponseReturnValue:
    """Call a workshop off."""
    me = viewer()
    version = forms.read(CancelIn)["version"]
    kernel().commit(lambda session: actions.cancel(session, viewer=me, workshop_id=workshop_id, version=version))
    flash(_("Cancelled. Everybody is told, and it leaves their calendars."), "good")
    return forms.see_other(url_for("workshops.show", workshop_id=workshop_id))


def _found(workshop_id: UUID) -> WorkshopDetail:
    with kernel().reading() as session:
        workshop = listing.workshop_for(session, viewer(), workshop_id)
    if not workshop.may_schedule:
        detail = _("This is not yours to do here. Your program lead can.")
        raise Refused(detail)
    return workshop


def _written(sent: Mapping[str, Any]) -> Written:
    """Turn a form into what the actions take; the agenda is rendered before any transaction."""
    try:
        html = offload.run(markup.render, sent["agenda"])
    except TooLong as error:
        raise Invalid(error.detail, errors={"agenda": [error.detail]}) from error
    return Written(
        title=sent["title"],
        agenda_md=sent["agenda"],
        agenda_html=html,
        wall_start=_wall(sent),
        zone=sent["zone"],
        minutes=sent["minutes"],
        venue_url=sent["venue_url"],
        capacity=sent["capacity"],
        facilitator_id=sent["facilitator"],
        activity_id=sent["activity"],
    )


def _wall(sent: Mapping[str, Any]) -> str:
    return f"{sent['date'].isoformat()}T{sent['time']:%H:%M}"


def _values(workshop: WorkshopDetail) -> dict[str, Any]:
    date, _t, time = workshop.wall_start.partition("T")
    return {
        "title": workshop.title,
        "agenda": workshop.agenda_md,
        "date": date,
        "time": time,
        "zone": workshop.zone,
        "minutes": workshop.minutes,
        "venue_url": workshop.venue_url,
        "capacity": workshop.capacity,
        "facilitator": encode(workshop.facilitator.id),
        "activity": encode(workshop.activity_id) if workshop.activity_id else "",
        "version": workshop.version,
    }


def _form(
    group_id: UUID,
    values: Mapping[str, Any],
    errors: Errors,
    *,
    workshop: WorkshopDetail | None = None,
    check: bool = False,
) -> str:
    me = viewer()
    checked: _Checked | None = None
    with kernel().reading() as session:
        shell.load(session, me)
        plan = planning.plan_for(session, me, group_id)
        if workshop is None and request.method == "GET":  # words that were sent are shown again in any case
            demand_open(session, group_id)
        if check:
            people = planning.somebody(plan.people)
            weekly = availability_of(session, [me.person_id, *(one.id for one in people)])
            try:
                checked = _check(values, people, weekly)
            except Invalid as wrong:
                errors = wrong.errors
    zones = dict.fromkeys([me.zone, *([plan.zone] if plan.zone else []), *sorted({p.zone for p in plan.people})])
    first = {"zone": me.zone, "minutes": LONG, "facilitator": encode(me.person_id), "id": encode(new_id())}
    return render_template(
        "cohorts/workshops/form.html",
        plan=plan,
        workshop=workshop,
        values=values if "zone" in values else {**first, **values},
        errors=errors,
        checked=checked,
        zone_options=zone_options(*zones),
        facilitator_options=[(encode(face.id), face.name) for face in plan.facilitators],
        activity_options=[("", _("None")), *((encode(i), title) for i, title in plan.activities)],
        page="workshops",
    )


def _check(
    values: Mapping[str, Any], people: list[hours.Somebody], weekly: Mapping[UUID, list[times.Hours]]
) -> _Checked:
    """Lay a written time over everybody's hours; raises `Invalid` where it can't be read or does not exist."""
    try:
        sent = TimeIn(unknown=EXCLUDE).load(dict(values))
    except ValidationError as error:
        raise invalid(error) from error
    zone, minutes = sent["zone"], sent["minutes"]
    if zone not in ZONES or not SHORTEST <= minutes <= LONGEST:
        detail = _("Choose a zone from the list and a length of 5 to 600 minutes.")
        raise Invalid(detail, errors={"minutes": [detail]})
    try:
        wall = times.read_wall(_wall(sent))
        starts_at = times.instant(wall, zone)
    except times.SkippedTimeError as skipped:
        detail = _(
            "The clocks there go forward that night, so %(time)s does not happen. The next time that does is %(next)s.",
            time=f"{wall:%H:%M}",
            next=f"{skipped.following:%H:%M}",
        )
        raise Invalid(detail, errors={"time": [detail]}) from skipped
    except ValueError as error:
        detail = _("Write a date such as 2027-01-18.")
        raise Invalid(detail, errors={"date": [detail]}) from error
    me = planning.somebody([viewer()])[0]
    event = (starts_at, starts_at + timedelta(minutes=minutes))
    return _Checked(
        starts_at=starts_at,
        zone=zone,
        twice=times.happens_twice(wall, zone),
        picture=hours.picture(me, event, people, weekly, limit=DRAWN),
        week=hours.week(starts_at, zone, minutes, people, weekly),
    )
