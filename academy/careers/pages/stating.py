"""Pages on which a mentor, a buddy or a manager says at which level somebody has a skill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.careers import actions
from academy.careers.pages import words
from academy.careers.queries import gaps, standing
from academy.kernel.app import kernel
from academy.privacy.pages import before_showing
from academy.skills import actions as skill_actions
from academy.skills import queries as skills
from academy.skills.pages import meant
from academy.skills.queries import HELPS
from academy.skills.schemas import LevelIn
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("stating", __name__)


@blueprint.get("/people/<id:person_id>/levels")
@guard("careers:state")
def show(person_id: UUID) -> str:
    """Show the skills of somebody that the viewer may know of, with a form for each, and a search for others."""
    return _page(person_id, {}, {})


def _page(person_id: UUID, _typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me, wanted = viewer(), forms.wanted_text("q")
    with kernel().reading() as session:
        shell.load(session, me)
        stands = standing.stated_for(session, me, person_id)
        lines = gaps.lines_for(session, me, person_id, from_level=HELPS, goals=stands.sees_gap)
        hits = skills.search(session, wanted) if wanted else []
    before_showing(me, "levels", [person_id])
    known = {line.skill_id for line in lines}
    return render_template(
        "academy/careers/levels.html",
        page="people",
        stands=stands,
        lines=lines,
        q=wanted,
        hits=[hit for hit in hits if hit.id not in known],
        found=bool(hits),
        meant=meant(wanted, hits),
        levels=words.levels(),
        errors=errors,
    )


@blueprint.post("/people/<id:person_id>/levels")
@guard("careers:state")
def state(person_id: UUID) -> ResponseReturnValue:
    """Say at which level somebody has a skill."""
    me = viewer()

    def done() -> ResponseReturnValue:
        sent = forms.read(LevelIn)
        kernel().commit(
            lambda session: actions.state(
                session, viewer=me, person_id=person_id, skill_id=sent["skill_id"], level=sent["level"]
            )
        )
        flash(_("It is said. They see it with your name."))
        return forms.see_other(url_for("stating.show", person_id=person_id))

    return forms.answer(done, lambda typed, errors: _page(person_id, typed, errors))


@blueprint.post("/people/<id:person_id>/levels/<id:skill_id>/remove")
@guard("careers:state")
def take_back(person_id: UUID, skill_id: UUID) -> ResponseReturnValue:
    """Take back what the viewer said of a skill; that can be done after a pair has ended, too."""
    me = viewer()
    kernel().commit(
        lambda session: skill_actions.take_back(session, person_id=person_id, skill_id=skill_id, actor_id=me.person_id)
    )
    flash(_("It is taken back. Their level is what the others say."))
    return forms.see_other(url_for("stating.show", person_id=person_id))
