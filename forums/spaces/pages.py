"""The list of rooms, and reading positions by form."""

from __future__ import annotations

import contextlib
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.spaces import actions
from forums.spaces.queries import rooms, views
from forums.spaces.schemas import ReadFormIn

blueprint = Blueprint("spaces", __name__)
SHOWN = 25
"""How many rooms stand on one page."""


@blueprint.get("/spaces")
@guard("forums:read")
def index() -> str:
    """List the viewer's rooms, the liveliest first, a page at a time; `after` goes on with the next one."""
    after = decode(request.args["after"]) if request.args.get("after") else None
    with kernel().reading() as session:
        shell.load(session, viewer())
        found = rooms.rooms_page(session, viewer(), SHOWN, after)
    return render_template("forums/spaces/index.html", page="rooms", rooms=found.items, more=found.next)


@blueprint.post("/spaces/<id:space_id>/read")
@guard("forums:read")
def read(space_id: UUID) -> ResponseReturnValue:
    """Mark a room as read up to the post that was shown last."""
    no = forms.read(ReadFormIn)["no"]
    kernel().commit(lambda session: actions.set_read(session, viewer=viewer(), space_id=space_id, no=no))
    _tell(space_id)
    return forms.see_other(url_for("room.show", space_id=space_id))


@blueprint.post("/spaces/<id:space_id>/unread")
@guard("forums:read")
def unread(space_id: UUID) -> ResponseReturnValue:
    """Mark a room as unread from one post on, to come back to it."""
    no = forms.read(ReadFormIn)["no"]
    me = viewer()
    with kernel().reading() as session:
        rev = views.space_for(session, me, space_id).cursor_rev + 1
    kernel().commit(lambda session: actions.set_read(session, viewer=me, space_id=space_id, no=max(0, no - 1), rev=rev))
    _tell(space_id)
    return forms.see_other(url_for("spaces.index"))


def _tell(space_id: UUID) -> None:
    with contextlib.suppress(Missing):  # who reads a thread need not follow it
        with kernel().reading() as session:
            told = views.position_for(session, viewer(), space_id)
        kernel().realtime.tell(viewer().person_id, "read:changed", told)
