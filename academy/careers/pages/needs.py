"""Pages of needs: what an academy needs beside one's own goals, and for whoever leads it, saying so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.careers import actions, engine
from academy.careers.pages import words
from academy.careers.policy import MOST_PEOPLE
from academy.careers.queries import needs
from academy.careers.schemas import NeedIn
from academy.kernel.app import kernel
from academy.people.policy import Right, granting
from academy.skills import queries as skills
from academy.skills.pages import meant
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("needs", __name__)


@blueprint.get("/needs")
@guard("careers:self")
def index() -> str:
    """Lay the viewer's goals beside what their academies need: where they meet, and where they do not."""
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        found, sides = needs.sides_for(session, me)
        keeps = needs.settles_for(session, me, Right.NEED) if granting(me, Right.NEED) else []
    return render_template(
        "academy/careers/needs.html",
        page="people",
        academies=engine.by_academy(found),
        overlap=words.ways(sides.overlap),
        unneeded=sides.unneeded,
        unaimed=words.ways(sides.unaimed),
        met=sides.met,
        keeps=keeps,
    )


@blueprint.get("/academies/<id:group_id>/needs")
@guard("careers:need")
def settle(group_id: UUID) -> str:
    """Show what an academy needs, how many have it and want it, and a search for more."""
    return _page(group_id, {}, {})


def _page(group_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me, wanted = viewer(), forms.wanted_text("q")
    with kernel().reading() as session:
        shell.load(session, me)
        name, lines = needs.settled_for(session, me, group_id)
        hits = skills.search(session, wanted) if wanted else []
    known = {line.skill_id for line in lines}
    return render_template(
        "academy/careers/needs_of.html",
        page="people",
        group_id=group_id,
        name=name,
        lines=lines,
        q=wanted,
        hits=[hit for hit in hits if hit.id not in known],
        found=bool(hits),
        meant=meant(wanted, hits),
        levels=words.levels(),
        most=MOST_PEOPLE,
        few=engine.FEW,
        typed=typed,
        errors=errors,
    )


@blueprint.post("/academies/<id:group_id>/needs")
@guard("careers:need")
def set_need(group_id: UUID) -> ResponseReturnValue:
    """Say that an academy needs a skill."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(NeedIn)
        kernel().commit(lambda session: actions.set_need(session, viewer=me, group_id=group_id, **sent))
        flash(_("The need is saved. Members see it beside their own goals."))
        return forms.see_other(url_for("needs.settle", group_id=group_id))

    return forms.answer(done, lambda typed, errors: _page(group_id, typed, errors))


@blueprint.post("/academies/<id:group_id>/needs/<id:skill_id>/remove")
@guard("careers:need")
def drop_need(group_id: UUID, skill_id: UUID) -> ResponseReturnValue:
    """Say that an academy needs a skill no more."""
    me = viewer()
    kernel().commit(lambda session: actions.drop_need(session, viewer=me, group_id=group_id, skill_id=skill_id))
    flash(_("The need is taken away."))
    return forms.see_other(url_for("needs.settle", group_id=group_id))
