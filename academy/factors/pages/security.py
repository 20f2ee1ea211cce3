"""One's own security page: the authenticator app, passkeys and recovery codes. Every change asks for a fresh proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.factors import actions, queries
from academy.factors.engine import codes, passkeys
from academy.factors.pages import checking
from academy.factors.schemas import CodeIn, PasskeyIn, PasskeyNameIn
from academy.kernel import clock, offload
from academy.kernel.app import kernel
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("security", __name__)

HERE = "/me/security"
APP = "/me/security/app"
ADD = "add"


@blueprint.get(HERE)
@guard("account:factors")
def security() -> ResponseReturnValue:
    """Show how the viewer signs in."""
    return _page(None, {})


def _page(values: Mapping[str, str] | None, errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as database:
        factors = queries.factors_of(database, me.person_id)
        shell.load(database, me)
    return render_template(
        "academy/factors/security.html",
        page="me",
        factors=factors,
        no_passkeys="" if checking.party() else checking.no_party(),
        name=values.get("name", "") if values else "",
        errors=errors,
        labels={"name": _("Name")},
    )


# the authenticator app


@blueprint.post(APP)
@guard("account:factors")
def begin_app() -> ResponseReturnValue:
    """Begin to set up an authenticator app."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me, sealed = viewer(), kernel().vault.seal(codes.new_secret())
    kernel().commit(lambda database: actions.begin_app(database, viewer=me, sealed=sealed))
    return forms.see_other(APP)


@blueprint.get(APP)
@guard("account:factors")
def app() -> ResponseReturnValue:
    """Show the picture that an app reads, and ask for its first code."""
    return _app_page({}) if fresh.proved() else fresh.ask(APP)


@blueprint.post("/me/security/app/confirm")
@guard("account:factors")
def confirm_app() -> ResponseReturnValue:
    """Let the app count, once it has shown a right code."""
    if not fresh.proved():
        return fresh.ask(APP)
    me = viewer()

    sent, secret = forms.read(CodeIn), _secret()
    step = codes.step_of(secret, sent["code"], clock.now()) if secret else None
    if step is None:
        wrong = _("This code is not right. Look at the app again: it may show a new one.")
        return _app_page({"code": [wrong]}, 422)
    written = codes.new_codes()
    hashes = [codes.code_hash(me.person_id, code) for code in written]
    new = kernel().commit(lambda database: actions.confirm_app(database, viewer=me, step=step, code_hashes=hashes))
    said = _("Your authenticator app is set up. From now on you are asked for its code when you sign in.")
    return _shown_once(written, said) if new else _said(said)


@blueprint.post("/me/security/app/remove")
@guard("account:factors")
def remove_app() -> ResponseReturnValue:
    """Turn the viewer's app off."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me = viewer()
    kernel().commit(lambda database: actions.remove_app(database, viewer=me))
    return _said(_("Your authenticator app is turned off. You can remove the academy from the app, too."))


def _secret() -> str | None:
    """Return the secret of the app that the viewer is setting up."""
    with kernel().reading() as database:
        found = queries.app_of(database, viewer().person_id)
    return None if found is None or found.confirmed else kernel().vault.open(found.sealed)


def _app_page(errors: Mapping[str, Sequence[str]], status: int = 200) -> ResponseReturnValue:
    me, secret = viewer(), _secret()
    if secret is None:
        return forms.see_other(HERE)
    with kernel().reading() as database:
        email, _password = queries.account_of(database, me.person_id)
        shell.load(database, me)
    address = codes.address(secret, account=email, issuer=shell.academy_name())
    answer = make_response(
        render_template(
            "academy/factors/app.html",
            page="me",
            # Drawn by the library from letters and digits, so there is nothing in it to escape.
            picture=Markup(offload.run(codes.picture, address)),  # noqa: S704
            address=address,
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            errors=errors,
        ),
        status,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


# recovery codes


@blueprint.post("/me/security/codes")
@guard("account:factors")
def renew_codes() -> ResponseReturnValue:
    """Make new recovery codes and show them, this once."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me, written = viewer(), codes.new_codes()
    hashes = [codes.code_hash(me.person_id, code) for code in written]
    kernel().commit(lambda database: actions.renew_codes(database, viewer=me, code_hashes=hashes))
    return _shown_once(written, _("These are your new recovery codes. Those you had before are worth nothing now."))


def _shown_once(written: Sequence[str], said: str) -> ResponseReturnValue:
    answer = make_response(render_template("academy/factors/codes.html", page="me", codes=written, said=said))
    # Kept by no browser and no proxy: gone once this page is.
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _said(text: str) -> ResponseReturnValue:
    flash(text)
    return forms.see_other(HERE)


# passkeys


@blueprint.post("/me/security/passkeys/options")
@guard("account:factors")
def add_options() -> Response:
    """Tell a browser how to make a passkey for the viewer."""
    if not fresh.proved():
        return checking.told(go=f"/me/proof?next={HERE}")
    me = viewer()
    with kernel().reading() as database:
        known = queries.passkeys_of(database, me.person_id)
        email, _password = queries.account_of(database, me.person_id)
    return checking.ask(
        ADD,
        me.person_id,
        lambda here, challenge: passkeys.to_make(
            here, challenge, person_id=me.person_id, account=email, name=me.name, known=known
        ),
    )


@blueprint.post("/me/security/passkeys")
@guard("account:factors")
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey that the viewer's browser has made."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(PasskeyIn)
        challenge, here = checking.taken(ADD, me.person_id), checking.party()
        answer = passkeys.read(sent["credential"])
        made = (
            offload.run(passkeys.made, here, challenge, answer)
            if challenge is not None and here is not None and answer is not None
            else None
        )
        if made is None:
            return _page(sent, {"_": [_not_made(sent["credential"])]}), 422
        written = codes.new_codes()
        hashes = [codes.code_hash(me.person_id, code) for code in written]

        def work(database: Session) -> bool:
            return actions.add_passkey(database, viewer=me, name=sent["name"].strip(), made=made, code_hashes=hashes)

        said = _("Your passkey is added. You can sign in with it from now on.")
        return _shown_once(written, said) if kernel().commit(work) else _said(said)

    return forms.answer(done, _page)


def _not_made(sent: str) -> str:
    if not sent:
        return _("Your browser sent no passkey. Passkeys need scripts to be on. Nothing was changed.")
    return _("This passkey could not be taken, or it came too late. Nothing was changed. Please try again.")


@blueprint.post("/me/security/passkeys/<id:passkey_id>/name")
@guard("account:factors")
def name_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Call one of the viewer's passkeys something else."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me, name = viewer(), forms.read(PasskeyNameIn)["name"].strip()
    kernel().commit(lambda database: actions.name_passkey(database, viewer=me, passkey_id=passkey_id, name=name))
    return _said(_("The passkey has its new name."))


@blueprint.post("/me/security/passkeys/<id:passkey_id>/remove")
@guard("account:factors")
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """Forget one of the viewer's passkeys."""
    if not fresh.proved():
        return fresh.ask(HERE)
    me = viewer()
    kernel().commit(lambda database: actions.remove_passkey(database, viewer=me, passkey_id=passkey_id))
    return _said(_("The passkey is removed. You can remove it from your device, too."))
