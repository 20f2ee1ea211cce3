"""Tracks for programs: what there is to learn, what the caller's groups are given, and how far the caller is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.kernel.paging import Part
from academy.tracks import actions
from academy.tracks.queries import published, walking
from academy.tracks.queries.published import DeliveryLine, TrackLine
from academy.tracks.queries.walking import Plan, Task
from academy.tracks.schemas import DeliveryOut, PlanOut, ReflectionIn, TaskOut, TrackOut
from academy.web.api.operations import Operations, answers, asks, takes
from academy.web.api.shapes import PageIn, part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Operations("tracks_api", __name__, tag="Tracks")


@blueprint.get("/tracks")
@guard("tracks:learn")
@asks(PageIn)
@answers(200, part_of(TrackOut))
def index(query: dict[str, Any]) -> Part[TrackLine]:
    """List the tracks that the caller's groups are given, and those that the caller may create cohorts for."""
    with kernel().reading() as session:
        return published.tracks_for(session, viewer(), span_of(query))


@blueprint.get("/tracks/<id:track_id>")
@guard("tracks:learn")
@answers(200, TrackOut, tagged=True)
def show(track_id: UUID) -> TrackLine:
    """Return one track."""
    with kernel().reading() as session:
        return published.track_for(session, viewer(), track_id)


@blueprint.get("/deliveries")
@guard("tracks:learn")
@asks(PageIn)
@answers(200, part_of(DeliveryOut))
def deliveries(query: dict[str, Any]) -> Part[DeliveryLine]:
    """List what the caller's groups are given."""
    with kernel().reading() as session:
        return published.deliveries_for(session, viewer(), span_of(query))


@blueprint.get("/deliveries/<id:delivery_id>")
@guard("tracks:learn")
@answers(200, PlanOut, tagged=True)
def delivery(delivery_id: UUID) -> Plan:
    """Return the way of one delivery, with what the caller has done."""
    with kernel().reading() as session:
        return walking.way_for(session, viewer(), delivery_id)


@blueprint.get("/activities/<id:activity_id>")
@guard("tracks:learn")
@answers(200, TaskOut, tagged=True)
def activity(activity_id: UUID) -> Task:
    """Return one activity."""
    with kernel().reading() as session:
        return walking.task_for(session, viewer(), activity_id)


@blueprint.put("/activities/<id:activity_id>/completion")
@guard("tracks:learn")
@answers(204)
def complete(activity_id: UUID) -> None:
    """Mark an activity done; done twice is done once."""
    me = viewer()
    kernel().commit(lambda session: actions.complete(session, viewer=me, activity_id=activity_id))


@blueprint.put("/activities/<id:activity_id>/reflection")
@guard("tracks:learn")
@takes(ReflectionIn)
@answers(204)
def reflect(activity_id: UUID, sent: dict[str, Any]) -> None:
    """Keep what the caller writes for themselves, and count the activity as done. Nobody else reads it."""
    me = viewer()
    kernel().commit(lambda session: actions.reflect(session, viewer=me, activity_id=activity_id, body=sent["body"]))
