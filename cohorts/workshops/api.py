"""Workshops for programs, and the caller's answers to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.workshops import queries
from cohorts.workshops.queries import WorkshopDetail, WorkshopLine
from cohorts.workshops.schemas import RsvpOut, WorkshopLineOut, WorkshopOut, WorkshopsIn

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
