"""Matching for programs: what the matcher proposes for a group, and the offers that wait for the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.privacy.pages import before_showing
from academy.web.api.effects import create, repeatable
from academy.web.api.operations import PREFIX, Operations, answers, asks, refuses, takes
from academy.web.api.shapes import part_of, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches.actions import offers as actions
from mentoring.matches.actions import runs
from mentoring.matches.queries import offered, proposed
from mentoring.matches.schemas import (
    AcceptIn,
    AskIn,
    DeclineIn,
    KindIn,
    MatchingOut,
    OfferOut,
    OffersIn,
    PublishIn,
    RunOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from sqlalchemy.orm import Session

    from academy.kernel.paging import Part
    from academy.kernel.viewer import Viewer
    from mentoring.matches.queries.offered import OfferLine
    from mentoring.matches.queries.proposed import MatchLine, RunLine

blueprint = Operations("matches_api", __name__, tag="Matching")


@blueprint.get("/groups/<id:group_id>/matches")
@guard("matches:propose")
@asks(KindIn)
@answers(200, MatchingOut)
def show(group_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Return what the matcher proposes for a group."""
    me = viewer()
    with kernel().reading() as session:
        found = proposed.matching_for(session, me, group_id, query["kind"])
    shown = {face.id for line in found.matches for face, _role in line.people}
    before_showing(me, "matching", shown | {one.face.id for one in found.unplaced})
    return {
        "asked": found.asked,
        "run": found.run,
        "matches": [_match(line) for line in found.matches],
        "unplaced": [one.face for one in found.unplaced],
    }


def _match(line: MatchLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "state": line.state,
        "rank": line.rank,
        "score": line.score,
        "people": [{"person": face, "role": role} for face, role in line.people],
        "offer": line.offer_state,
        "expires_at": line.expires_at,
    }


@blueprint.get("/runs/<id:run_id>")
@guard("matches:propose")
@answers(200, RunOut, tagged=True)
def run(run_id: UUID) -> RunLine:
    """Return one asking of the matcher: `state` says when it has answered."""
    with kernel().reading() as session:
        return proposed.run_for(session, viewer(), run_id)


@blueprint.get("/offers")
@guard("matches:mentor")
@asks(OffersIn)
@answers(200, part_of(OfferOut))
def offers(query: dict[str, Any]) -> Part[OfferLine]:
    """List the offers that the caller was made."""
    me = viewer()
    with kernel().reading() as session:
        found = offered.offers_part(session, me, span_of(query), state=query.get("state"))
    before_showing(me, "offer", [line.learner.id for line in found.items])
    return found


@blueprint.get("/offers/<id:offer_id>")
@guard("matches:mentor")
@answers(200, OfferOut, tagged=True)
def offer(offer_id: UUID) -> OfferLine:
    """Return one of the caller's offers."""
    return _shown(viewer(), offer_id)


def _shown(me: Viewer, offer_id: UUID) -> OfferLine:
    """Return one of the caller's offers, once it is written down that they are shown it."""
    with kernel().reading() as session:
        found = offered.offer_for(session, me, offer_id)
    before_showing(me, "offer", [found.learner.id])
    return found


@blueprint.post("/groups/<id:group_id>/matches")
@guard("matches:propose")
@repeatable
@takes(AskIn)
@answers(202, RunOut)
def ask(group_id: UUID, sent: dict[str, Any]) -> Response:
    """Ask the matcher for buddies or mentors; the run that is answered says when it is done."""
    me = viewer()

    def work(session: Session) -> RunLine:
        run_id = runs.ask_run(session, viewer=me, group_id=group_id, kind=sent["kind"])
        session.flush()
        return proposed.run_for(session, me, run_id)

    return create(work, RunOut, status=202, tagged=False, location=lambda body: f"{PREFIX}/runs/{body['id']}")


@blueprint.post("/runs/<id:run_id>/publish")
@guard("matches:propose")
@refuses(409)
@repeatable
@takes(PublishIn)
@answers(200, RunOut)
def publish(run_id: UUID, sent: dict[str, Any]) -> Response:
    """Make a proposal known to those whom it is about. `version` is the run's, as it was read."""
    me = viewer()

    def work(session: Session) -> RunLine:
        runs.publish(session, viewer=me, run_id=run_id, version=sent["version"])
        session.flush()
        return proposed.run_for(session, me, run_id)

    return create(work, RunOut, status=200, tagged=False)


@blueprint.post("/offers/<id:offer_id>/accept")
@guard("matches:mentor")
@refuses(409)
@repeatable
@takes(AcceptIn)
@answers(200, OfferOut)
def accept(offer_id: UUID, sent: dict[str, Any]) -> Response:
    """Say yes: the room of the two opens. `version` is the offer's, as it was read."""
    return _answer(offer_id, actions.accept, version=sent["version"])


@blueprint.post("/offers/<id:offer_id>/decline")
@guard("matches:mentor")
@refuses(409)
@repeatable
@takes(DeclineIn)
@answers(200, OfferOut)
def decline(offer_id: UUID, sent: dict[str, Any]) -> Response:
    """Say no; the reason stays private, and somebody else is asked."""
    return _answer(offer_id, actions.decline, version=sent["version"], reason=sent["reason"])


def _answer(offer_id: UUID, act: Callable[..., object], **said: Any) -> Response:
    """Answer an offer, once it is written down that its mentor is shown it; the offer is told as it is then."""
    me = viewer()
    _shown(me, offer_id)

    def work(session: Session) -> OfferLine:
        act(session, viewer=me, offer_id=offer_id, **said)
        session.flush()
        return offered.offer_for(session, me, offer_id)

    return create(work, OfferOut, status=200, tagged=False)
