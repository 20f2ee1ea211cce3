"""Pages of passwords: changing one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.accounts.engine import SHORTEST
from academy.accounts.pages import doors
from academy.accounts.schemas import PasswordChangeIn, strong
from academy.kernel import offload
from academy.kernel.app import kernel
from academy.people import actions as people
from academy.people.engine import hash_password
from academy.web import forms
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("passwords", __name__)


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
