"""Opportunities for programs, with what is left for the caller."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.careers.queries import opportunities
from academy.careers.queries.opportunities import OpportunityLine, OpportunityView
from academy.careers.schemas import OpportunitiesIn, OpportunityLineOut, OpportunityOut
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Operations("opportunities_api", __name__, tag="Opportunities")


@blueprint.get("/opportunities")
@guard("careers:read")
@asks(OpportunitiesIn)
@answers(200, part_of(OpportunityLineOut))
def index(query: dict[str, Any]) -> Part[OpportunityLine]:
    """List the opportunities of the caller's academies; with `open` those that are, or are not."""
    with kernel().reading() as session:
        return opportunities.opportunities_for(session, viewer(), span_of(query), is_open=query["open"])


@blueprint.get("/opportunities/<id:opportunity_id>")
@guard("careers:read")
@answers(200, OpportunityOut, tagged=True)
def show(opportunity_id: UUID) -> OpportunityView:
    """Return one opportunity."""
    with kernel().reading() as session:
        return opportunities.opportunity_for(session, viewer(), opportunity_id)
