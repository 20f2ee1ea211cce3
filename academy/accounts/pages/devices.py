"""Pages of one's own devices: where one is signed in, and ending it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from academy.accounts.queries import own
from academy.kernel.app import kernel
from academy.people import actions as people
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("devices", __name__)


@blueprint.get("/me/devices")
@guard("people:self")
def devices() -> ResponseReturnValue:
    """List where the viewer is signed in."""
    me = viewer()
    with kernel().reading() as session:
        found = own.devices_for(session, me)
        shell.load(session, me)
    return render_template("academy/accounts/devices.html", devices=found, page="me")


@blueprint.post("/me/devices/<id:sign_in_id>/end")
@guard("people:self")
def end(sign_in_id: UUID) -> ResponseReturnValue:
    """End one of the viewer's own sign-ins; what is nobody's, or another's, is as good as ended."""
    me = viewer()
    kernel().commit(lambda session: people.end_sign_in(session, person_id=me.person_id, sign_in_id=sign_in_id))
    flash(_("That device is signed out."))
    return forms.see_other("/me/devices")


@blueprint.post("/me/devices/end-others")
@guard("people:self")
def end_others() -> ResponseReturnValue:
    """End every sign-in of the viewer but this one."""
    me = viewer()
    count = kernel().commit(
        lambda session: people.end_sign_ins(session, person_id=me.person_id, actor_id=me.person_id, but=me.sign_in_id)
    )
    if count:
        flash(ngettext("%(num)s other device is signed out.", "%(num)s other devices are signed out.", count))
    else:
        flash(_("You were signed in nowhere else."))
    return forms.see_other("/me/devices")
