"""Signing in with a passkey, and the second step after a password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.factors import actions, queries
from academy.factors.engine import passkeys
from academy.factors.pages import checking
from academy.factors.schemas import ProofIn
from academy.kernel.access import Conflict, RateLimited
from academy.kernel.app import kernel
from academy.people.pages.entering import OtherWay, SecondStep, Waiting, enter, waiting
from academy.web import forms
from academy.web.guards import public

blueprint = Blueprint("second_step", __name__)

PAGE = "/sign-in/second"
ENTER, SECOND = "enter", "second"
WRONG_FROM = "60 per 5 minute"

STEP = SecondStep(queries.asked_of, PAGE)


def _button(then: str) -> str:
    if checking.party() is None:
        return ""
    return render_template("academy/factors/enter.html", next=then)


WAY = OtherWay(_button)


@blueprint.post("/sign-in/passkey/options")
@public
def enter_options() -> Response:
    """Tell a browser what a passkey has to sign to sign somebody in; which one is the browser's to know."""
    return checking.ask(ENTER, None, passkeys.to_sign)


@blueprint.post("/sign-in/passkey")
@public
def enter_by_passkey() -> ResponseReturnValue:
    """Sign in with a passkey alone: the device has checked that it is its owner, so it is both steps in one."""
    window = (WRONG_FROM, "passkey-from", request.remote_addr or "")
    kernel().limits.check(*window)
    sent = forms.read(ProofIn)
    known = checking.signed_by(ENTER, None, sent["credential"])
    if known is None:
        kernel().limits.hit(*window)
        flash(_wrong_passkey(sent["credential"]), "error")
        return forms.see_other("/sign-in")
    return enter(known.person_id)


def _wrong_passkey(sent: str) -> str:
    if not sent:
        return _("Your browser sent no passkey. Passkeys need scripts to be on. Your password works without.")
    return _("This passkey was not accepted: it is not known here, or its answer came too late. Please try again.")


@blueprint.get(PAGE)
@public
def second() -> ResponseReturnValue:
    """Ask for the second step."""
    found = waiting()
    return render_template("academy/factors/late.html") if found is None else _page(found, {})


@blueprint.post(PAGE)
@public
def send_second() -> ResponseReturnValue:
    """Let somebody in whose second step is right, with a cookie that begins anew."""
    found = waiting()
    if found is None:
        return forms.see_other(PAGE)
    try:
        errors = _wrong(found, forms.read(ProofIn))
    except RateLimited as refusal:
        answer = make_response(_page(found, {"_": [refusal.detail]}), refusal.status)
        answer.headers["Retry-After"] = str(int(refusal.retry_after or 60) + 1)
        return answer
    if errors:
        if "_" not in errors and checking.used_up(found.person_id):
            kernel().commit(lambda database: actions.report_failures(database, person_id=found.person_id))
        return _page(found, errors), 422
    try:
        return enter(found.person_id, found.next, found.mark)
    except Conflict:  # the password that began this was changed meanwhile
        return forms.see_other(PAGE)


def _wrong(found: Waiting, sent: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong with a second step, and nothing when it is right."""
    if sent["credential"]:
        known = checking.signed_by(SECOND, found.person_id, sent["credential"])
        return {} if known else {"_": [_wrong_passkey(sent["credential"])]}
    if sent["recovery"]:
        fits = checking.recovery_fits(found.person_id, sent["recovery"])
        return {} if fits else {"recovery": [_("This is none of your recovery codes, or it was used before.")]}
    fits = checking.code_fits(found.person_id, sent["code"])
    return {} if fits else {"code": [_("This code is not right, or it was used before. Wait for the next one.")]}


@blueprint.post("/sign-in/second/options")
@public
def second_options() -> Response:
    """Tell a browser what one of this person's passkeys has to sign as the second step."""
    found = waiting()
    if found is None:
        return checking.told(go=PAGE)
    with kernel().reading() as database:
        known = queries.passkeys_of(database, found.person_id)
    return checking.ask(SECOND, found.person_id, lambda here, challenge: passkeys.to_sign(here, challenge, known))


def _page(found: Waiting, errors: Mapping[str, Sequence[str]]) -> str:
    with kernel().reading() as database:
        factors = queries.factors_of(database, found.person_id)
    return render_template(
        "academy/factors/second.html",
        factors=factors,
        passkey=bool(factors.passkeys) and checking.party() is not None,
        errors=errors,
    )
