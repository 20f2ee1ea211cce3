"""The list of rooms, and reading positions by form."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from academy.kernel.access import Missing
from academy.kernel.app import kernel
from academy.kernel.ids import decode
from academy.web import forms, shell
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.spaces import actions, policy
from forums.spaces.queries import rooms, views
from forums.spaces.schemas import ReadFormIn, SlowFormIn

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


@blueprint.get("/spaces/<id:space_id>/slow")
@guard("forums:moderate")
def slow(space_id: UUID) -> str:
    """Show how often people may write in a room, to choose."""
    return _slow(space_id, {}, {})


def _slow(space_id: UUID, typed: Mapping[str, str], errors: Mapping[str, Sequence[str]]) -> str:
    me = viewer()
    with kernel().reading() as session:
        shell.load(session, me)
        space = views.space_for(session, me, space_id)
    policy.require_care(may_moderate=space.may_moderate)
    return render_template(
        "forums/spaces/slow.html",
        page="boards" if space.is_thread else "rooms",
        space=space,
        chosen=typed.get("seconds", space.slow),
        errors=errors,
    )


@blueprint.post("/spaces/<id:space_id>/slow")
@guard("forums:moderate")
def set_slow(space_id: UUID) -> ResponseReturnValue:
    """Let members of a room write once in a while only, or as often as they like."""
    me = viewer()

    def done() -> ResponseReturnValue:
        seconds = forms.read(SlowFormIn)["seconds"]
        kernel().commit(lambda session: actions.set_slow(session, viewer=me, space_id=space_id, seconds=seconds))
        said = _("Slow mode is on. Everybody here sees so.") if seconds else _("Slow mode is off.")
        flash(said, "good")
        return forms.see_other(url_for("room.show", space_id=space_id))

    return forms.answer(done, lambda typed, errors: _slow(space_id, typed, errors))


def _tell(space_id: UUID) -> None:
    with contextlib.suppress(Missing):  # who reads a thread need not follow it
        with kernel().reading() as session:
            told = views.position_for(session, viewer(), space_id)
        kernel().realtime.tell(viewer().person_id, "read:changed", told)
