"""Why people said no, for admins: by finished months, without names, and only where several people wrote."""

from __future__ import annotations

from babel.dates import format_date
from flask import Blueprint, render_template
from flask_babel import gettext as _

from academy.administration.queries import house
from academy.administration.queries.slots import AdminPage
from academy.kernel.app import kernel
from academy.web import i18n, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from mentoring.matches import queries

blueprint = Blueprint("declined", __name__)

PAGE = AdminPage(
    "declined",
    lambda: _("Why offers are declined"),
    lambda: _("What mentors wrote, without names."),
    "/admin/declined",
    "handshake",
    60,
)


@blueprint.get("/admin/declined")
@guard("people:settle")
def show() -> str:
    """Show the reasons for declining that can be told without telling whose they are."""
    me = viewer()
    with kernel().reading() as session:
        house.organization_for(session, me)
        found = queries.reasons_told(session)
        shell.load(session, me)
    return render_template(
        "mentoring/matches/declined.html",
        page="admin",
        told=[
            (" – ".join(dict.fromkeys(format_date(day, "MMMM y", locale=i18n.locale()) for day in ends)), reasons)
            for ends, reasons in found
        ],
        few=queries.FEWEST,
    )
