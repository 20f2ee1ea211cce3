"""A mentor's pages of offers: what waits for an answer, one offer with its reasons, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Blueprint, flash, render_template
from flask_babel import gettext as _

from academy.kernel.access import Conflict
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.people.queries import Face
from academy.privacy.pages import before_showing
from academy.web import forms, shell
from academy.web.errors import sentence
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches.actions import offers
from mentoring.matches.models import OfferState
from mentoring.matches.pages import explanation
from mentoring.matches.queries import offered
from mentoring.matches.schemas import AcceptIn, DeclineIn

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

    from academy.kernel.viewer import Viewer
    from mentoring.matches.queries.offered import OfferLine

blueprint = Blueprint("offers", __name__)


@blueprint.get("/offers")
@guard("matches:mentor")
def index() -> str:
    """List the viewer's own offers, those that wait first."""
    me = viewer()
    with kernel().reading() as session:
        waiting = offered.offers_for(session, me)
        over = offered.offers_for(session, me, answered=True)
        shell.load(session, me)
    before_showing(me, "offer", [line.learner.id for line in waiting])
    return render_template(
        "mentoring/matches/offers.html",
        page="inbox",
        waiting=[(line, _reasons(line, me)) for line in waiting],
        over=[(line, _state(line)) for line in over],
    )


@blueprint.get("/offers/<id:offer_id>")
@guard("matches:mentor")
def show(offer_id: UUID) -> str:
    """Show one offer, why it was made, and how to answer."""
    return _page(offer_id, {}, {})


@blueprint.post("/offers/<id:offer_id>/accept")
@guard("matches:mentor")
def accept(offer_id: UUID) -> ResponseReturnValue:
    """Say yes and go to the room that opens."""
    version = forms.read(AcceptIn)["version"]
    me = viewer()

    def work(session: Session) -> UUID:
        return offers.accept(session, viewer=me, offer_id=offer_id, version=version).space_id

    space_id = kernel().commit(work)
    flash(_("You have accepted. This room is yours; a first hello is a good start."))
    return forms.see_other(f"/spaces/{encode(space_id)}")


@blueprint.post("/offers/<id:offer_id>/decline")
@guard("matches:mentor")
def decline(offer_id: UUID) -> ResponseReturnValue:
    """Say no; the reason stays private."""
    try:
        return forms.answer(partial(_decline, offer_id), partial(_page, offer_id))
    except Conflict as refusal:
        return _page(offer_id, forms.kept(), {"_": [sentence(refusal)]}), 409


def _decline(offer_id: UUID) -> ResponseReturnValue:
    sent = forms.read(DeclineIn)
    me = viewer()
    kernel().commit(
        lambda session: offers.decline(
            session, viewer=me, offer_id=offer_id, version=sent["version"], reason=sent["reason"]
        )
    )
    flash(_("You have declined, and that is fine. Somebody else is asked."))
    return forms.see_other("/offers")


def _page(offer_id: UUID, typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        offer = offered.offer_for(session, me, offer_id)
        shell.load(session, me)
    before_showing(me, "offer", [offer.learner.id])
    return render_template(
        "mentoring/matches/offer.html",
        page="inbox",
        offer=offer,
        reasons=_reasons(offer, me),
        waits=offer.state == OfferState.PENDING,
        state=_state(offer),
        typed=typed,
        errors=errors,
    )


def _reasons(line: OfferLine, me: Viewer) -> list[explanation.Reason]:
    me_too = Face(me.person_id, me.name, "", me.zone)
    return explanation.reasons(line.parts, [line.learner, me_too], week=line.week, zone=me.zone, viewer_id=me.person_id)


def _state(line: OfferLine) -> tuple[str, str, str]:
    """Say what became of an offer, as (text, tone, icon)."""
    return {
        OfferState.PENDING: (_("Waits for you"), "warm", "hourglass"),
        OfferState.ACCEPTED: (_("Accepted"), "good", "check"),
        OfferState.DECLINED: (_("Declined"), "", "minus"),
        OfferState.WITHDRAWN: (_("Taken back"), "", "undo"),
        OfferState.EXPIRED: (_("Its time is over"), "", "clock"),
        OfferState.SUPERSEDED: (_("No longer fits"), "", "info"),
    }[OfferState(line.state)]
