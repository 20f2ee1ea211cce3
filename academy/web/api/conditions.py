"""Conditions of requests: ETags of single objects, `If-Match` and `If-None-Match`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import request
from flask_babel import gettext as _
from marshmallow import Schema

from academy.kernel.access import Outdated

ETAG: dict[str, Any] = {
    "description": "Names this state of the object, for If-None-Match and If-Match.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH: dict[str, Any] = {
    "in": "header",
    "name": "If-None-Match",
    "description": "An ETag that is known already: the answer is 304 while it holds.",
    "schema": {"type": "string"},
}
IF_MATCH: dict[str, Any] = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag of what was read: the answer is 412, and nothing is changed, once it is another.",
    "schema": {"type": "string"},
}
KEY_PATTERN = "^[!-~]{8,64}$"
IDEMPOTENCY_KEY: dict[str, Any] = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Made anew for each wish. Sent again within a day with the same body, it gets the same answer.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}


def tag_of(body: bytes) -> str:
    """Name a representation by its content: a strong tag."""
    return hashlib.sha256(body).hexdigest()[:32]


def demand(schema: type[Schema], found: Any | None) -> None:
    """Raise `Outdated` where the request's conditions do not hold for what is there now, None for nothing.

    Called within the unit of work that changes the object, after its row is held.
    """
    wanted, unwanted = request.if_match, request.if_none_match
    if not wanted and not unwanted:
        return
    tag = None if found is None else tag_of(json.dumps(schema().dump(found)).encode())
    if wanted and (tag is None or not wanted.contains(tag)):
        raise Outdated(_("This has changed since you read it. Nothing was changed; read it again."))
    if unwanted and tag is not None and unwanted.contains(tag):
        raise Outdated(_("This is there already. Nothing was changed."))
