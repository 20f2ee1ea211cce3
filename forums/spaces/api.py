"""Spaces for programs: the list of rooms, and the HTTP fallback of live delivery."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, request
from marshmallow import ValidationError

from academy.kernel.app import kernel
from academy.kernel.ids import encode
from academy.kernel.realtime import invalid
from academy.web.guards import guard
from academy.web.signed_in import viewer
from forums.spaces import queries
from forums.spaces.schemas import EventsIn

blueprint = Blueprint("spaces_api", __name__, url_prefix="/api/v1/spaces")


@blueprint.get("")
@guard("forums:read")
def index() -> dict[str, Any]:
    """List the viewer's rooms with what is new in each."""
    with kernel().reading() as session:
        rooms = queries.rooms_for(session, viewer())
    return {
        "spaces": [
            {
                "id": encode(room.id),
                "title": room.title,
                "kind": room.kind,
                "group": encode(room.group_id),
                "unread": room.unread,
                "last_at": room.last_at.isoformat() if room.last_at else None,
            }
            for room in rooms
        ]
    }


@blueprint.get("/<id:space_id>/events")
@guard("forums:read")
def events(space_id: UUID) -> dict[str, Any]:
    """Answer one page of a log, in the shape of `space:sync`."""
    try:
        query = EventsIn().load(request.args)
    except ValidationError as error:
        raise invalid(error) from error
    with kernel().reading() as session:
        page = kernel().realtime.catch_up(session, viewer(), space_id, since=query["since"], epoch=query["epoch"])
    return {"space": encode(space_id), **page}
