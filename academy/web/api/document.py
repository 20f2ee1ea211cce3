"""The OpenAPI document, put together from what operations say of themselves when it is first asked for."""

from __future__ import annotations

import json
from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Blueprint, Flask, Response, current_app, request

from academy.web.api.conditions import tag_of
from academy.web.api.descriptions import JSON, PROBLEM, SIGN_IN, TOKEN
from academy.web.api.operations import PREFIX, Operations
from academy.web.api.shapes import ProblemOut
from academy.web.guards import public
from academy.web.shell import Id as IdInAddress
from academy.web.wire import PATTERN, Id

VERSION = "1"
INTRODUCTION = (
    "What people do on the pages of the academy, for programs: the same rights, the same rules. "
    "Lists come in parts, the newest first; `next` is the cursor of what follows. "
    "Errors are problem details (RFC 9457). Instants are in UTC."
)

SPEC = {"title": "Academy", "version": VERSION, "openapi_version": "3.1.0", "info": {"description": INTRODUCTION}}

blueprint = Blueprint("api_document", __name__)


class _Api(flask_smorest.Api):
    """flask-smorest for the document alone: errors are answered by our own handlers."""

    def _register_error_handlers(self) -> None:
        pass


def document() -> dict[str, Any]:
    """Return the document; it is made once."""
    kept = current_app.extensions["kernel"].kept
    if "openapi" not in kept:
        kept["openapi"] = _made(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001
    found: dict[str, Any] = kept["openapi"]
    return found


def _made(app: Flask) -> dict[str, Any]:
    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    api: Any = _Api(app, spec_kwargs={**SPEC, "marshmallow_plugin": plugin})  # type: ignore[no-untyped-call]
    spec = api.spec
    api.register_field(Id, "string", None)
    api.ma_plugin.converter.add_attribute_function(_pattern)
    api.register_converter(IdInAddress, lambda _converter: {"type": "string", "pattern": PATTERN})
    spec.components.response("Problem", _problem())
    spec.components.security_scheme(
        TOKEN,
        {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal API token. Each operation names the scope that it needs, such as people:read; "
            "a token for read or write everywhere has it too.",
        },
    )
    spec.components.security_scheme(
        SIGN_IN,
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "academy",
            "description": "The cookie of a sign-in. What changes something also sends X-CSRFToken.",
        },
    )
    for found in app.blueprints.values():
        if isinstance(found, Operations):
            add: Any = found.register_views_in_doc
            add(api, app, spec, name=found.name, parameters=[])
    made: dict[str, Any] = json.loads(json.dumps(spec.to_dict()))
    return made


def _name_of(schema: Any) -> str:
    return str(resolve_schema_cls(schema).__name__).removesuffix("Out")  # type: ignore[union-attr]


def _problem() -> dict[str, Any]:
    return {"description": "What went wrong", "content": {PROBLEM: {"schema": ProblemOut}}}


def _pattern(_converter: object, field: object, **_more: object) -> dict[str, str]:
    return {"pattern": PATTERN} if isinstance(field, Id) else {}


@blueprint.get(f"{PREFIX}/openapi.json")
@public
def openapi() -> Response:
    """Answer the document."""
    answer = Response(json.dumps(document()), mimetype=JSON)
    answer.set_etag(tag_of(answer.get_data()))
    answer.headers["Cache-Control"] = "no-cache"
    answer.make_conditional(request)
    return answer
