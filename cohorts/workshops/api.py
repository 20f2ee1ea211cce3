"""Workshops for programs, and the caller's answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema
from sqlalchemy.orm import Session

from academy.kernel import offload
from academy.kernel.access import Invalid, TooLong
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.kernel.viewer import Viewer
from academy.web import markup
from academy.web.api import conditions
from academy.web.api.effects import conditional, create, repeatable
from academy.web.api.operations import PREFIX, Operations, answers, asks, refuses, takes
from academy.web.api.shapes import part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.workshops import actions
from cohorts.workshops.engine.details import Written
from cohorts.workshops.queries import listing as queries
from cohorts.workshops.queries.listing import WorkshopDetail, WorkshopLine
from cohorts.workshops.schemas import (
    AnswerIn,
    NewWorkshopIn,
    RsvpOut,
    WorkshopLineOut,
    WorkshopOut,
    WorkshopsIn,
    WrittenIn,
)

blueprint = Operations("workshops_api", __name__, tag="Workshops")


@blueprint.get("/workshops")
@guard("workshops:attend")
@asks(WorkshopsIn)
@answers(200, part_of(WorkshopLineOut))
def index(query: dict[str, Any]) -> Part[WorkshopLine]:
    """List the workshops of the caller's groups, the one that was scheduled last first."""
    with kernel().reading() as session:
        return queries.workshops_part(session, viewer(), span_of(query), query.get("group"))


@blueprint.get("/workshops/<id:workshop_id>")
@guard("workshops:attend")
@answers(200, WorkshopOut, tagged=True)
def show(workshop_id: UUID) -> WorkshopDetail:
    """Return one workshop."""
    with kernel().reading() as session:
        return queries.workshop_for(session, viewer(), workshop_id)


@blueprint.get("/workshops/<id:workshop_id>/rsvp")
@guard("workshops:attend")
@answers(200, RsvpOut, tagged=True)
def rsvp(workshop_id: UUID) -> WorkshopDetail:
    """Return the caller's answer to a workshop, and the sequence of the time that they were asked about."""
    with kernel().reading() as session:
        return queries.workshop_for(session, viewer(), workshop_id)


@blueprint.post("/workshops")
@guard("workshops:schedule")
@refuses(404)
@repeatable
@takes(NewWorkshopIn)
@answers(201, WorkshopOut, tagged=True)
def schedule(sent: dict[str, Any]) -> Response:
    """Schedule a workshop for a group and ask everybody who is in it."""
    me, details = viewer(), _written(sent)

    def work(session: Session) -> WorkshopDetail:
        made = actions.schedule(session, viewer=me, group_id=sent["group"], **details)
        session.flush()
        return queries.workshop_for(session, me, made.id)

    return create(work, WorkshopOut, location=lambda body: f"{PREFIX}/workshops/{body['id']}")


@blueprint.put("/workshops/<id:workshop_id>")
@guard("workshops:schedule")
@refuses(409)
@conditional
@takes(WrittenIn)
@answers(200, WorkshopOut, tagged=True)
def move(workshop_id: UUID, sent: dict[str, Any]) -> WorkshopDetail:
    """Change a workshop that has not begun. Another time asks everybody again; another place tells them."""
    me, details = viewer(), _written(sent)

    def work(session: Session) -> WorkshopDetail:
        before = _held(session, me, workshop_id, WorkshopOut)
        actions.move(session, viewer=me, workshop_id=workshop_id, version=before.version, **details)
        session.flush()
        return queries.workshop_for(session, me, workshop_id)

    return kernel().commit(work)


@blueprint.post("/workshops/<id:workshop_id>/cancel")
@guard("workshops:schedule")
@refuses(409)
@conditional
@answers(200, WorkshopOut, tagged=True)
def cancel(workshop_id: UUID) -> WorkshopDetail:
    """Call a workshop off before it begins; everybody who was asked is told."""
    me = viewer()

    def work(session: Session) -> WorkshopDetail:
        before = _held(session, me, workshop_id, WorkshopOut)
        actions.cancel(session, viewer=me, workshop_id=workshop_id, version=before.version)
        session.flush()
        return queries.workshop_for(session, me, workshop_id)

    return kernel().commit(work)


@blueprint.put("/workshops/<id:workshop_id>/rsvp")
@guard("workshops:attend")
@refuses(409)
@conditional
@takes(AnswerIn)
@answers(200, RsvpOut, tagged=True)
def answer(workshop_id: UUID, sent: dict[str, Any]) -> WorkshopDetail:
    """Say whether the caller comes. `asked` is the sequence that they were asked about, if they read it."""
    me = viewer()

    def work(session: Session) -> WorkshopDetail:
        _held(session, me, workshop_id, RsvpOut)
        actions.answer(session, viewer=me, workshop_id=workshop_id, state=sent["answer"], asked=sent["asked"])
        session.flush()
        return queries.workshop_for(session, me, workshop_id)

    return kernel().commit(work)


def _held(session: Session, me: Viewer, workshop_id: UUID, shape: type[Schema]) -> WorkshopDetail:
    """Find a workshop, hold its row, and compare it with the request's conditions."""
    queries.workshop_for(session, me, workshop_id)
    actions.hold(session, workshop_id)
    found = queries.workshop_for(session, me, workshop_id)
    conditions.demand(shape, found)
    return found


def _written(sent: Mapping[str, Any]) -> Written:
    """Turn what was sent into what the actions take; the agenda is rendered before any transaction."""
    try:
        html = offload.run(markup.render, sent["agenda"])
    except TooLong as error:
        raise Invalid(error.detail, errors={"agenda": [error.detail]}) from error
    return Written(
        title=sent["title"],
        agenda_md=sent["agenda"],
        agenda_html=html,
        wall_start=sent["wall_start"],
        zone=sent["zone"],
        minutes=sent["minutes"],
        venue_url=sent["venue_url"],
        capacity=sent["capacity"],
        facilitator_id=sent["facilitator"],
        activity_id=sent["activity"],
    )
