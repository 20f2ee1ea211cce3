"""Pages of notices: the inbox."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.notices import actions, queries
from academy.notices.queries import NoticeKind
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("notices", __name__)

NAV = shell.NavEntry("inbox", lambda: _("Inbox"), "/notices", "inbox", 50, badge=queries.unread_total)


@blueprint.get("/notices")
@guard("notices:read")
def inbox() -> ResponseReturnValue:
    """Show the viewer's inbox, newest first; `before` goes on to older ones."""
    me = viewer()
    before = decode(request.args["before"]) if request.args.get("before") else None
    with kernel().reading() as session:
        entries, older = queries.inbox_for(session, me, kernel().slots(NoticeKind), before=before)
        shell.load(session, me)
    return render_template("academy/notices/inbox.html", page="inbox", entries=entries, older=older, before=before)


@blueprint.post("/notices/read")
@guard("notices:read")
def read_all() -> ResponseReturnValue:
    """Mark everything in the viewer's inbox as read."""
    me = viewer()
    kernel().commit(lambda session: actions.read(session, viewer=me))
    flash(_("Everything in your inbox is marked as read."))
    return forms.see_other("/notices")


@blueprint.post("/notices/<id:notice_id>/read")
@guard("notices:read")
def read_one(notice_id: UUID) -> ResponseReturnValue:
    """Mark one of the viewer's own notices as read; a script that asked gets no page back."""
    me = viewer()
    with kernel().reading() as session:
        queries.notice_for(session, me, notice_id)
    kernel().commit(lambda session: actions.read(session, viewer=me, notice_ids=[notice_id]))
    if request.headers.get("X-Requested-With") == "fetch":
        return Response(status=204)
    return forms.see_other(forms.next_url("/notices"))
