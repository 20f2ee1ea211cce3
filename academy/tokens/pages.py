"""Pages of personal API tokens: make one, see what there is, revoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from academy.kernel.app import kernel
from academy.tokens import actions, queries
from academy.tokens.engine import AREAS, LIFETIMES, VERBS, new_token, scopes_of
from academy.tokens.schemas import TokenIn
from academy.web import forms, fresh, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("tokens", __name__)

HERE = "/me/tokens"


@blueprint.get("/me/tokens")
@guard("account:tokens")
def mine() -> ResponseReturnValue:
    """Show the viewer's own tokens, and a form for another one."""
    return _page(None, {}, chosen=fresh.chosen(HERE))


@blueprint.post("/me/tokens")
@guard("account:tokens")
def make() -> ResponseReturnValue:
    """Make a token and show it, this once. Who it is was shown a moment ago, or is asked for first."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(TokenIn)
        if not fresh.proved():
            return fresh.ask(HERE, _kept(request.form))
        token, name = new_token(), sent["name"].strip()
        scopes = scopes_of(sent["verbs"], sent["areas"])

        def work(database: Session) -> None:
            actions.make_token(database, viewer=me, token=token, name=name, scopes=scopes, days=sent["days"])

        kernel().commit(work)
        fresh.done()
        answer = make_response(_page(None, {}, made=(name, token)))
        # Kept by no browser and no proxy: gone once this page is.
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return forms.answer(done, _page)


@blueprint.post("/me/tokens/<id:token_id>/revoke")
@guard("account:tokens")
def revoke(token_id: UUID) -> ResponseReturnValue:
    """End one of the viewer's own tokens, at once."""
    me = viewer()
    kernel().commit(lambda database: actions.revoke_token(database, viewer=me, token_id=token_id))
    flash(_("The token is revoked. Whatever used it is refused from now on."))
    return forms.see_other("/me/tokens")


def _kept(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Return what was chosen, to have it in the form again after the proof; it has passed the schema."""
    return [(name, value) for name in ("name", "verbs", "areas", "days") for value in form.getlist(name)]


def _page(
    values: Mapping[str, str] | None,
    errors: Mapping[str, Sequence[str]],
    *,
    made: tuple[str, str] | None = None,
    chosen: MultiDict[str, str] | None = None,
) -> str:
    me = viewer()
    with kernel().reading() as database:
        lines = queries.tokens_for(database, me)
        shell.load(database, me)
    again = request.form if values is not None else chosen
    return render_template(
        "academy/tokens/mine.html",
        page="me",
        made=made,
        go_on=bool(chosen),
        tokens=[(line, _words(line.scopes)) for line in lines],
        name=again.get("name", "") if again else "",
        verbs=set(again.getlist("verbs")) if again else {"read"},
        areas=set(again.getlist("areas")) if again else set(),
        days=again.get("days", "90") if again else "90",
        every_verb=[(verb, _verbs()[verb]) for verb in VERBS],
        every_area=[(area, _areas()[area]) for area in AREAS],
        lifetimes=[(str(number), _("%(number)s days", number=number)) for number in LIFETIMES],
        errors=errors,
        labels={"name": _("Name"), "verbs": _("What it may do"), "days": _("How long it lasts")},
    )


def _verbs() -> dict[str, str]:
    return {"read": _("Read what you can read"), "write": _("Change what you can change")}


def _areas() -> dict[str, str]:
    return {
        "people": _("People and profiles"),
        "notices": _("Your inbox"),
        "tracks": _("Tracks, skills and goals"),
        "forums": _("Rooms, boards and posts"),
        "workshops": _("Workshops"),
        "cohorts": _("Cohorts"),
        "matches": _("Matches and mentoring"),
        "careers": _("Gaps, target roles, needs and opportunities"),
    }


def _words(scopes: Sequence[str]) -> Mapping[str, Any]:
    """Say in words what a token may do, and where; no area is everywhere."""
    pairs = [scope.rpartition(":") for scope in scopes]
    verbs = {verb for _area, _colon, verb in pairs}
    areas = {area for area, _colon, _verb in pairs if area}
    return {
        "verbs": [word for verb, word in _verbs().items() if verb in verbs],
        "areas": [word for area, word in _areas().items() if area in areas],
    }
