"""Spaces for programs: the list of rooms, reading positions, and the HTTP fallback of live delivery."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import gettext as _

from academy.kernel.access import SignedOut
from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.kernel.paging import Part
from academy.web.api import shapes
from academy.web.api.operations import Operations, answers, asks, takes
from academy.web.api.shapes import PageIn, span_of
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.spaces import actions
from forums.spaces.queries import rooms, views
from forums.spaces.queries.rooms import RoomLine
from forums.spaces.queries.views import SpaceView
from forums.spaces.schemas import EventsIn, EventsOut, PositionIn, PositionOut, SlowIn, SlowOut, SpaceLineOut, SpaceOut

blueprint = Operations("spaces_api", __name__, tag="Spaces")


@blueprint.get("/spaces")
@guard("forums:read")
@asks(PageIn)
@answers(200, shapes.part_of(SpaceLineOut))
def index(query: dict[str, Any]) -> Part[RoomLine]:
    """List the caller's rooms with what is new in each."""
    with kernel().reading() as session:
        return rooms.rooms_part(session, viewer(), span_of(query))


@blueprint.get("/spaces/<id:space_id>")
@guard("forums:read")
@answers(200, SpaceOut, tagged=True)
def show(space_id: UUID) -> SpaceView:
    """Return one space, with the caller's reading position in it."""
    with kernel().reading() as session:
        return views.space_for(session, viewer(), space_id)


@blueprint.get("/spaces/<id:space_id>/events")
@guard("forums:read")
@asks(EventsIn)
@answers(200, EventsOut)
def events(space_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a log, in the shape of `space:sync`.

    The log of any space that the caller may read, or their inbox, whose log has their own id.
    """
    me = viewer()
    # A page says whose it is: in its browser somebody else may have signed in since it was loaded.
    if query["caller"] not in {None, me.person_id}:
        raise SignedOut(_("Somebody else is signed in here by now. Load the page anew."))
    with kernel().reading() as session:
        page = kernel().realtime.catch_up(session, me, space_id, since=query["since"], epoch=query["epoch"])
    return {"space": encode(space_id), **page}


@blueprint.put("/spaces/<id:space_id>/read")
@guard("forums:read")
@takes(PositionIn)
@answers(200, PositionOut)
def read(space_id: UUID, sent: dict[str, Any]) -> dict[str, int]:
    """Move the caller's reading position, as `read:set` does."""
    me = viewer()
    no, rev = kernel().commit(
        lambda session: actions.set_read(session, viewer=me, space_id=space_id, no=sent["no"], rev=sent["rev"])
    )
    with kernel().reading() as session:
        told = views.position_for(session, me, space_id)
    kernel().realtime.tell(me.person_id, "read:changed", told)
    return {"no": no, "rev": rev}


@blueprint.put("/spaces/<id:space_id>/slow")
@guard("forums:moderate")
@takes(SlowIn)
@answers(200, SlowOut)
def slow(space_id: UUID, sent: dict[str, Any]) -> dict[str, int]:
    """Let members of a space write once in so many seconds; 0 lets them write as often as they like."""
    me = viewer()
    kernel().commit(lambda session: actions.set_slow(session, viewer=me, space_id=space_id, seconds=sent["seconds"]))
    return {"seconds": sent["seconds"]}
