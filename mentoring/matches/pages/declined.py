"""Why people said no or ended a pair, for admins: by finished months, without names, where several people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date
from flask import Blueprint, render_template
from flask_babel import gettext as _

from academy.administration.queries import house
from academy.administration.queries.slots import AdminPage
from academy.kernel.app import kernel
from academy.web import i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches.queries import offered
from mentoring.pairs.policy import FEWEST
from mentoring.pairs.queries import endings_told

blueprint = Blueprint("declined", __name__)

PAGE = AdminPage(
    "declined",
    lambda: _("Why offers are declined and pairs end"),
    lambda: _("What people wrote, without names."),
    "/admin/declined",
    "handshake",
    60,
)


@blueprint.get("/admin/declined")
@guard("people:settle")
def show() -> str:
    """Show the reasons for declining and for ending that can be told without telling whose they are."""
    me = viewer()
    with kernel().reading() as session:
        house.organization_for(session, me)
        declined, ended = offered.reasons_told(session), endings_told(session)
        shell.load(session, me)
    return render_template(
        "mentoring/matches/declined.html",
        page="admin",
        declined=_by_months(declined),
        ended=_by_months(ended),
        few=FEWEST,
    )


def _by_months(told: Sequence[tuple[tuple[date, date], list[str]]]) -> list[tuple[str, list[str]]]:
    """Name the months of each run, and what was said in it."""
    return [
        (" – ".join(dict.fromkeys(format_date(day, "MMMM y", locale=i18n.locale()) for day in ends)), reasons)
        for ends, reasons in told
    ]
