"""People for programs: who the caller is."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from academy.kernel.ids import encode
from academy.web.guards import guard
from academy.web.signed_in import viewer

blueprint = Blueprint("people_api", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@guard("people:self")
def me() -> dict[str, Any]:
    """Say who is signed in, and their roles in each group as of now."""
    person = viewer()
    return {
        "id": encode(person.person_id),
        "name": person.name,
        "initials": person.initials,
        "hue": person.hue,
        "zone": person.zone,
        "locale": person.locale,
        "groups": [
            {"id": encode(group_id), "roles": sorted(person.roles[group_id])} for group_id in sorted(person.roles)
        ],
    }
