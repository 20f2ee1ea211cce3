"""Cohorts for programs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.people import policy
from academy.people.policy import Right
from academy.tracks.queries import published as tracks
from academy.web.api.effects import create, repeatable
from academy.web.api.operations import PREFIX, Operations, answers, asks, refuses, takes
from academy.web.api.shapes import PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from cohorts.roster import actions, queries
from cohorts.roster.queries import CohortLine
from cohorts.roster.schemas import CohortIn, CohortOut, EnrolledOut, EnrollIn, LeaveIn

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


@blueprint.post("/cohorts")
@guard("cohorts:create")
@refuses(404)
@repeatable
@takes(CohortIn)
@answers(201, CohortOut, tagged=True)
def create_cohort(sent: dict[str, Any]) -> Response:
    """Create a cohort with its room. `track` is the version of a track; `agreements` are lines of a text."""
    me = viewer()

    def work(session: Session) -> CohortLine:
        homes = queries.academies_below(session, policy.granting(me, Right.CREATE_COHORT))
        found = {line.version_id: line for line in tracks.tracks_in(session, homes)}
        if sent["track"] not in found:
            raise Missing
        made = actions.create_cohort(
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
        session.flush()
        return queries.cohort_for(session, me, made.id)

    return create(work, CohortOut, location=lambda body: f"{PREFIX}/cohorts/{body['id']}")


@blueprint.post("/cohorts/<id:cohort_id>/enroll")
@guard("cohorts:enroll")
@refuses(409)
@repeatable
@takes(EnrollIn)
@answers(200, EnrolledOut)
def enroll(cohort_id: UUID, sent: dict[str, Any]) -> Response:
    """Enroll people; learners beyond the seats wait for one, in the order given."""
    me = viewer()

    def work(session: Session) -> dict[str, int]:
        new = actions.enroll(session, viewer=me, cohort_id=cohort_id, person_ids=sent["people"], role=sent["role"])
        return {"enrolled": new}

    return create(work, EnrolledOut, status=200, tagged=False)


@blueprint.post("/cohorts/<id:cohort_id>/remove")
@guard("cohorts:enroll")
@takes(LeaveIn)
@answers(204)
def remove(cohort_id: UUID, sent: dict[str, Any]) -> None:
    """Take somebody out of a cohort; what they wrote stays."""
    me = viewer()
    kernel().commit(
        lambda session: actions.remove(
            session, viewer=me, cohort_id=cohort_id, person_id=sent["person"], role=sent["role"]
        )
    )
