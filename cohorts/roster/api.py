"""Cohorts for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.web.api.operations import Operations, answers, asks
from academy.web.api.shapes import PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import queries
from cohorts.roster.queries import CohortLine
from cohorts.roster.schemas import CohortOut

blueprint = Operations("roster_api", __name__, tag="Cohorts")


@blueprint.get("/cohorts")
@guard("people:meet")
@asks(PageIn)
@answers(200, part_of(CohortOut))
def index(query: dict[str, Any]) -> Part[CohortLine]:
    """List the cohorts that the caller may know of."""
    with kernel().reading() as session:
        return queries.cohorts_part(session, viewer(), span_of(query))


@blueprint.get("/cohorts/<id:cohort_id>")
@guard("people:meet")
@answers(200, CohortOut, tagged=True)
def show(cohort_id: UUID) -> CohortLine:
    """Return one cohort. Who is in it are the members of the group with the same id."""
    with kernel().reading() as session:
        return queries.cohort_for(session, viewer(), cohort_id)
