"""Pages of the address that somebody signs in with: another one, proved from there, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.actions import addresses
from academy.accounts.models import LinkKind
from academy.accounts.pages import doors
from academy.accounts.queries import incoming, own
from academy.accounts.schemas import AddressChangeIn
from academy.kernel.access import Invalid, Missing
from academy.kernel.app import kernel
from academy.web import forms
from academy.web.guards import guard, public
from academy.web.signed_in import viewer

blueprint = Blueprint("addresses", __name__)
doors.keep_addresses_secret(blueprint)


@blueprint.get("/me/email")
@guard("people:self")
def address() -> ResponseReturnValue:
    """Show the form for another address."""
    return _address_page({}, {})


@blueprint.post("/me/email")
@guard("people:self")
def ask_address() -> ResponseReturnValue:
    """Ask for another address; a letter goes there, and the answer is the same whoever has it."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(AddressChangeIn)
        account = doors.prove(me.person_id, sent["present"])
        if sent["email"].casefold() == account.email.casefold():
            raise Invalid(errors={"email": [_("You sign in with this address already.")]})
        doors.count_letter_of(me.person_id, sent["email"])
        kernel().commit(lambda session: addresses.ask_address(session, person_id=me.person_id, address=sent["email"]))
        flash(_("Look into the mail of the new address. Until you confirm it there, you sign in with the present one."))
        return forms.see_other("/me")

    return forms.answer(done, _address_page)


def _address_page(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        account = own.account_of(session, me.person_id)
    if account is None:
        raise Missing
    return render_template("academy/accounts/address.html", now=account.email, values=values, errors=errors, page="me")


@blueprint.get("/address/<token>")
@guard("people:self")
def prove(token: str) -> ResponseReturnValue:
    """Ask the signed-in person to confirm their new address. Looking uses nothing up."""
    me = viewer()
    try:
        with doors.token(), kernel().reading() as session:
            link = incoming.link_of(session, LinkKind.ADDRESS, token)
            if link.person_id != me.person_id:
                raise Missing
    except Missing:
        return doors.over((_("Back to your profile"), "/me"))
    return render_template("academy/accounts/prove_address.html", link=link, token=token, page="me")


@blueprint.post("/address/<token>")
@guard("people:self")
def send_prove(token: str) -> ResponseReturnValue:
    """Make the address that the link was mailed to the viewer's own."""
    me = viewer()
    try:
        with doors.token():
            now = kernel().commit(lambda session: addresses.prove_address(session, token=token, person_id=me.person_id))
    except Missing:
        return doors.over((_("Back to your profile"), "/me"))
    flash(_("You sign in as %(email)s from now on.", email=now))
    return forms.see_other("/me")


@blueprint.get("/address-back/<token>")
@public
def restore(token: str) -> ResponseReturnValue:
    """Show what taking a change of address back does. Looking does nothing."""
    try:
        with doors.token(), kernel().reading() as session:
            link = incoming.link_of(session, LinkKind.UNDO, token)
    except Missing:
        return doors.over((_("Sign in"), "/sign-in"))
    return render_template("academy/accounts/restore_address.html", link=link, token=token, page="")


@blueprint.post("/address-back/<token>")
@public
def send_restore(token: str) -> ResponseReturnValue:
    """Take a change of address back, and lead on to a new password."""
    try:
        with doors.token():
            kernel().commit(lambda session: addresses.restore_address(session, token=token))
    except Missing:
        return doors.over((_("Sign in"), "/sign-in"))
    flash(_("Your address is yours again, and every device is signed out. Now choose a new password."))
    return forms.see_other("/forgot")
