"""An admin takes the factors of somebody away who has lost them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.factors import actions, queries
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.web import forms, fresh
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("factor_resets", __name__)


@blueprint.post("/people/<id:person_id>/factors/reset")
@guard("people:settle")
def reset(person_id: UUID) -> ResponseReturnValue:
    """Take every factor of a person away. It asks for a fresh proof: an admin's open screen is not enough."""
    me, there = viewer(), forms.next_url(f"/people/{encode(person_id)}")
    with kernel().reading() as database:
        queries.demand_settling(database, me, person_id)
    if not fresh.proved():
        return fresh.ask(there)
    kernel().commit(lambda database: actions.reset_factors(database, viewer=me, person_id=person_id))
    flash(_("Their second factors are taken away, and they are told. Their password alone lets them in now."))
    return forms.see_other(there)
