"""A mentor's own page: how many people they have room for, what they offer, and whom they mentor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, flash, render_template
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.pairs.models import PairKind
from mentoring.pairs.queries import pairs_of
from mentoring.profiles import actions, queries
from mentoring.profiles.schemas import MentoringIn

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

blueprint = Blueprint("profiles", __name__)


@blueprint.get("/mentoring")
@guard("matches:mentor")
def show() -> str:
    """Show what the viewer offers as a mentor; to others, how mentoring comes about."""
    return _page({}, {})


@blueprint.post("/mentoring")
@guard("matches:mentor")
def offer() -> ResponseReturnValue:
    """Keep what a mentor offers."""
    return forms.answer(_offer, _page)


def _offer() -> ResponseReturnValue:
    sent = forms.read(MentoringIn)
    group_id = decode(sent["group"])
    who = viewer()

    def work(session: Session) -> None:
        queries.demand_mentor(session, who, group_id)
        actions.offer_mentoring(
            session,
            person_id=who.person_id,
            group_id=group_id,
            capacity=sent["capacity"],
            offers=sent["offers"],
        )

    kernel().commit(work)
    flash(_("Saved. Proposals take it into account from now on."))
    return forms.see_other("/mentoring")


def _page(typed: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    who = viewer()
    with kernel().reading() as session:
        academies = queries.mentoring_for(session, who)
        pairs = [line for line in pairs_of(session, who) if line.kind == PairKind.MENTORSHIP]
        shell.load(session, who)
    return render_template(
        "mentoring/profiles/mentoring.html",
        page="people",
        academies=academies,
        mentees=[line for line in pairs if line.role == "mentor"],
        mentors=[line for line in pairs if line.role != "mentor"],
        typed=typed,
        errors=errors,
    )
