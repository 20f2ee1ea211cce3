"""Pairs for programs: whom the caller works with, and ending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from academy.kernel.app import kernel
from academy.web.api.effects import create, repeatable
from academy.web.api.operations import Operations, answers, refuses, takes
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.pairs import actions, queries
from mentoring.pairs.schemas import EndedOut, EndIn, PairOut

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy.orm import Session

    from mentoring.pairs.queries import OwnPair

blueprint = Operations("pairs_api", __name__, tag="Matching")


@blueprint.get("/pairs/<id:pair_id>")
@guard("matches:mentor")
@answers(200, PairOut)
def pair(pair_id: UUID) -> OwnPair:
    """Return one of the caller's pairs."""
    with kernel().reading() as session:
        return queries.own_pair(session, viewer(), pair_id)


@blueprint.post("/pairs/<id:pair_id>/end")
@guard("matches:mentor")
@refuses(409)
@repeatable
@takes(EndIn)
@answers(200, EndedOut)
def end(pair_id: UUID, sent: dict[str, Any]) -> Response:
    """End a pair: its room is read on, and both may be matched anew. Of three, the two others go on."""
    me = viewer()

    def work(session: Session) -> dict[str, bool]:
        return {"ended": actions.end(session, viewer=me, pair_id=pair_id, reason=sent["reason"])}

    return create(work, EndedOut, status=200, tagged=False)
