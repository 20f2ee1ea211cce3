"""Signing in and out. A password, a second step for whoever has one, and a cookie that begins anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user
from markupsafe import Markup
from sqlalchemy.orm import Session

from academy.kernel import clock, offload
from academy.kernel.access import Conflict, RateLimited
from academy.kernel.app import kernel
from academy.kernel.ids import decode, encode
from academy.people import actions, queries
from academy.people.engine import DEMO_ADDRESSES, DEMO_PASSWORD, mark_of, new_token, token_hash, verify_password
from academy.people.schemas import SignInIn
from academy.web import forms, fresh, signed_in
from academy.web.guards import public
from academy.web.signed_in import SignedInUser, viewer_or_none

blueprint = Blueprint("entering", __name__)

BY_ADDRESS = "10 per 5 minute"
BY_NETWORK = "60 per 5 minute"


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form; who is signed in already goes on."""
    if viewer_or_none() is not None:
        return forms.see_other(forms.next_url())
    return _sign_in_page({}, {})


@blueprint.post("/sign-in")
@public
def send_sign_in() -> ResponseReturnValue:
    """Sign in. An unknown address gets the same answer as a wrong password, after as much work."""
    sent = forms.read(SignInIn)
    try:
        known = _person_of(sent["email"].strip(), sent["password"])
        return _not_together(sent) if known is None else admit(*known)
    except RateLimited as refusal:
        sentence = _("That was many tries in a short time. What you wrote is kept. Wait a few minutes, then try again.")
        answer = make_response(_sign_in_page(sent, {"_": [sentence]}), refusal.status)
        answer.headers["Retry-After"] = str(int(refusal.retry_after or 60) + 1)
        return answer
    except Conflict:  # it was changed while it was checked
        return _not_together(sent)


def _not_together(sent: Mapping[str, Any]) -> ResponseReturnValue:
    sentence = _("This address and password do not go together. Check both and try again.")
    return _sign_in_page(sent, {"email": [sentence]}), 422


def _person_of(email: str, password: str) -> tuple[UUID, str] | None:
    """Return whose address and password these are, and its mark; raises `RateLimited` after many that were nobody's.

    Only what was wrong counts: a whole classroom may sign in from one network. What was asked at the same time as
    the last wrong ones is refused too, right or wrong, so that asking all at once gives no more answers.
    """
    limits = kernel().limits
    windows = ((BY_NETWORK, "sign-in-from", request.remote_addr or ""), (BY_ADDRESS, "sign-in-as", email.casefold()))
    for window in windows:
        limits.check(*window)
    with kernel().reading() as database:
        account = queries.account_of(database, email)
    person_id, kept_hash = account or (None, None)
    fits = offload.run(verify_password, kept_hash, password)
    for window in windows:
        (limits.check if fits else limits.hit)(*window)
    return (person_id, mark_of(kept_hash)) if person_id is not None and fits else None


@dataclass(frozen=True)
class SecondStep:
    """A slot: what some people show beside their password.

    `asked_of(session, person_id)` says whether this person does; `page` is where they are asked for it.
    """

    asked_of: Callable[[Session, UUID], bool]
    page: str


@dataclass(frozen=True)
class OtherWay:
    """A slot: another way in, below the sign-in form. `render(next)` returns HTML, "" where it can't be taken."""

    render: Callable[[str], str]


@dataclass(frozen=True)
class Waiting:
    """Somebody whose password was right and who has yet to take the second step. It gives them no right at all."""

    person_id: UUID
    next: str
    mark: str


WAITS = timedelta(minutes=10)


def admit(person_id: UUID, mark: str) -> ResponseReturnValue:
    """Go on after a right password: to the second step for whoever has one, else in. `mark` is that password's."""
    with kernel().reading() as database:
        step = next((s for s in kernel().slots(SecondStep) if s.asked_of(database, person_id)), None)
    if step is None:
        return enter(person_id, mark=mark)
    then = forms.next_url()
    _end_before()
    session.clear()
    signed_in.nobody()
    session["waiting"] = {"who": encode(person_id), "mark": mark, "at": clock.now().isoformat(), "next": then}
    return forms.see_other(step.page)


def waiting() -> Waiting | None:
    """Return who is about to take the second step in this browser; None once that took too long.

    It is over, too, when the password that began it has changed, or the account is closed.
    """
    kept = session.get("waiting")
    if not isinstance(kept, dict):
        return None
    if clock.now() - datetime.fromisoformat(kept["at"]) >= WAITS:
        return None
    person_id = decode(kept["who"])
    with kernel().reading() as database:
        mark = queries.password_mark(database, person_id)
    return Waiting(person_id, kept["next"], mark) if mark is not None and mark == kept["mark"] else None


def enter(person_id: UUID, then: str | None = None, mark: str | None = None) -> ResponseReturnValue:
    """Let somebody in who has shown all that is asked of them, and lead them on.

    With the mark of their password it raises `Conflict` once that is another one.
    """
    then = forms.next_url() if then is None else then
    _begin(person_id, mark)
    return forms.see_other(then)


def _end_before() -> None:
    before = viewer_or_none()
    if before is not None:
        kernel().commit(
            lambda database: actions.end_sign_in(database, person_id=before.person_id, sign_in_id=before.sign_in_id)
        )


def _begin(person_id: UUID, mark: str | None) -> None:
    """Write the sign-in down and give this browser a cookie of its own, with nothing of the one before."""
    before = viewer_or_none()
    token = new_token()
    agent = request.user_agent.string

    def work(database: Session) -> None:
        actions.sign_in(database, person_id=person_id, token_hash=token_hash(token), agent=agent, mark=mark)
        if before is not None:
            actions.end_sign_in(database, person_id=before.person_id, sign_in_id=before.sign_in_id)

    kernel().commit(work)
    session.clear()
    session.permanent = True
    user = signed_in.load(token)
    if user is not None:
        login_user(SignedInUser(token, user.viewer))
        fresh.note()


def _sign_in_page(values: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    return render_template(
        "academy/people/sign_in.html",
        email=values.get("email", ""),
        next=forms.next_url(""),
        errors=errors,
        ways=[Markup(way.render(forms.next_url(""))) for way in kernel().slots(OtherWay)],  # noqa: S704 - templates
        demo=DEMO_ADDRESSES if kernel().settings.demo else (),
        demo_password=DEMO_PASSWORD,
    )


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End this sign-in: its row, its open sockets and its cookie."""
    me = viewer_or_none()
    if me is not None:
        kernel().commit(
            lambda database: actions.end_sign_in(database, person_id=me.person_id, sign_in_id=me.sign_in_id)
        )
    session.clear()
    signed_in.nobody()
    flash(_("You are signed out on this device."))
    answer = make_response(forms.see_other("/sign-in"))
    # What this browser kept of pages goes too, so that "back" shows nobody's page to the next person.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
