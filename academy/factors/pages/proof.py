"""A proof of a moment ago: asked for before somebody changes how they sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.factors import queries
from academy.factors.engine import passkeys
from academy.factors.pages import checking
from academy.factors.schemas import ProofIn
from academy.kernel.app import kernel
from academy.kernel.viewer import Viewer
from academy.people.pages import present
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("proof", __name__)

PROOF = "proof"


@blueprint.get("/me/proof")
@guard("account:proof")
def ask() -> ResponseReturnValue:
    """Ask the viewer to show once more that it is them."""
    return _page(None, {})


@blueprint.post("/me/proof")
@guard("account:proof")
def show() -> ResponseReturnValue:
    """Take a password, a code or a passkey as the proof, and go on."""
    me = viewer()

    def done() -> ResponseReturnValue:
        errors = _wrong(me, forms.read(ProofIn))
        if errors:
            return _page(None, errors), 422
        fresh.note()
        return forms.see_other(forms.next_url("/me/security"))

    return forms.answer(done, _page)


def _wrong(me: Viewer, sent: Mapping[str, str]) -> dict[str, list[str]]:
    if sent["credential"]:
        fits = checking.signed_by(PROOF, me.person_id, sent["credential"]) is not None
        return {} if fits else {"_": [_("This passkey was not accepted. Nothing was changed. Please try again.")]}
    if sent["code"]:
        fits = checking.code_fits(me.person_id, sent["code"])
        return {} if fits else {"code": [_("This code is not right, or it was used before. Wait for the next one.")]}
    with kernel().reading() as database:
        _email, kept = queries.account_of(database, me.person_id)
    fits = present.fits(me.person_id, kept, sent["password"])
    return {} if fits else {"password": [_("This is not your present password. Nothing was changed.")]}


@blueprint.post("/me/proof/options")
@guard("account:proof")
def options() -> Response:
    """Tell a browser what one of the viewer's passkeys has to sign."""
    me = viewer()
    with kernel().reading() as database:
        known = queries.passkeys_of(database, me.person_id)
    return checking.ask(PROOF, me.person_id, lambda here, challenge: passkeys.to_sign(here, challenge, known))


def _page(_values: Mapping[str, str] | None, errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as database:
        factors = queries.factors_of(database, me.person_id)
        shell.load(database, me)
    return render_template(
        "academy/factors/proof.html",
        page="me",
        next=forms.next_url("/me/security"),
        factors=factors,
        passkey=bool(factors.passkeys) and checking.party() is not None,
        errors=errors,
    )
