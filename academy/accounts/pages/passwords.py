"""Pages of passwords: changing one's own, and a new one by mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.actions import passwords
from academy.accounts.engine import SHORTEST
from academy.accounts.models import LinkKind
from academy.accounts.pages import doors
from academy.accounts.queries import incoming
from academy.accounts.schemas import AddressIn, PasswordChangeIn, PasswordIn, strong
from academy.kernel import offload
from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.people import actions as people
from academy.people.engine import hash_password
from academy.web import forms
from academy.web.guards import guard, public
from academy.web.signed_in import viewer

blueprint = Blueprint("passwords", __name__)
doors.keep_addresses_secret(blueprint)


@blueprint.get("/me/password")
@guard("people:self")
def password() -> ResponseReturnValue:
    """Show the form for another password."""
    return _password_page({}, {})


@blueprint.post("/me/password")
@guard("people:self")
def change_password() -> ResponseReturnValue:
    """Change the viewer's password; every other sign-in of theirs ends."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(PasswordChangeIn)
        account = doors.prove(me.person_id, sent["present"])
        strong(sent["password"], own=(account.name, account.email))
        hashed = offload.run(hash_password, sent["password"])
        kernel().commit(
            lambda session: people.set_password(
                session, person_id=me.person_id, password_hash=hashed, actor_id=me.person_id, but=me.sign_in_id
            )
        )
        flash(_("Your password is changed. Every other device of yours is signed out."))
        return forms.see_other("/me")

    return forms.answer(done, _password_page)


def _password_page(_values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template("academy/accounts/password.html", shortest=SHORTEST, errors=errors, page="me")


@blueprint.get("/forgot")
@public
def forgot() -> ResponseReturnValue:
    """Show the form that asks for a new password."""
    return _forgot_page({}, {})


@blueprint.post("/forgot")
@public
def ask_reset() -> ResponseReturnValue:
    """Ask for a link by mail. The answer is the same for every address."""

    def done() -> ResponseReturnValue:
        sent = forms.read(AddressIn)
        doors.count_letter(sent["email"])
        kernel().commit(lambda session: passwords.ask_reset(session, address=sent["email"]))
        return forms.see_other("/mail-sent")

    return forms.answer(done, _forgot_page)


def _forgot_page(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template("academy/accounts/forgot.html", values=values, errors=errors, page="")


@blueprint.get("/mail-sent")
@public
def mail_sent() -> ResponseReturnValue:
    """Say that a letter is on its way, if there is anybody to write to."""
    return render_template("academy/accounts/mail_sent.html", page="")


@blueprint.get("/reset/<token>")
@public
def reset(token: str) -> ResponseReturnValue:
    """Show the form for a new password. Looking uses nothing up."""
    return _reset(token, {})


@blueprint.post("/reset/<token>")
@public
def send_reset(token: str) -> ResponseReturnValue:
    """Set a new password by a mailed link, then lead to the sign-in page, second step and all."""

    def done() -> ResponseReturnValue:
        sent = forms.read(PasswordIn)
        with doors.token():
            with kernel().reading() as session:
                link = incoming.link_of(session, LinkKind.RESET, token)
            strong(sent["password"], own=(link.name, link.email))
            hashed = offload.run(hash_password, sent["password"])
            kernel().commit(lambda session: passwords.reset_password(session, token=token, password_hash=hashed))
        flash(_("Your new password is set, and every device is signed out. Sign in with it."))
        return forms.see_other("/sign-in")

    try:
        return forms.answer(done, lambda _values, errors: _form(token, errors))
    except Missing:
        return doors.over((_("Ask for a new link"), "/forgot"))


def _reset(token: str, errors: Mapping[str, list[str]]) -> ResponseReturnValue:
    try:
        return _form(token, errors)
    except Missing:
        return doors.over((_("Ask for a new link"), "/forgot"))


def _form(token: str, errors: Mapping[str, list[str]]) -> str:
    with doors.token(), kernel().reading() as session:
        link = incoming.link_of(session, LinkKind.RESET, token)
    return render_template(
        "academy/accounts/reset.html", link=link, token=token, shortest=SHORTEST, errors=errors, page=""
    )
