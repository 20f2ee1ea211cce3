"""What the document says of an operation, from what its decorators have said of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from academy.web.api import conditions
from academy.web.guards import PUBLIC

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"

TOKEN: Final = "token"
SIGN_IN: Final = "signIn"
"""The ways to say who one is."""

ALWAYS = {HTTPStatus.TOO_MANY_REQUESTS}
NOT_PUBLIC = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
ONE_THING = {HTTPStatus.NOT_FOUND}
CHANGES = {HTTPStatus.BAD_REQUEST}
BODY = {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
INPUT = {HTTPStatus.UNPROCESSABLE_ENTITY}
CONDITIONAL = {HTTPStatus.PRECONDITION_FAILED}
"""Refusals by what an operation is like; what else one may answer it says with `refuses`."""


def described(said: Mapping[str, Any], *, guard: str, method: str, rule: str) -> dict[str, Any]:
    """Return what the document says of an operation under `rule`, such as "/people/<id:person_id>"."""
    reads = method == "GET"
    tagged = bool(said.get("tagged"))
    has_body, conditional, once = "body" in said, bool(said.get("conditional")), bool(said.get("once"))
    refusals = [
        (True, ALWAYS),
        (guard != PUBLIC, NOT_PUBLIC),
        ("<" in rule, ONE_THING),
        (not reads, CHANGES),
        (has_body, BODY),
        (has_body or once or "query" in said, INPUT),
        (conditional, CONDITIONAL),
        (True, set(said.get("refuses", ()))),
    ]
    parameters = [
        ("query" in said, {"in": "query", "schema": said.get("query")}),
        (tagged and reads, conditions.IF_NONE_MATCH),
        (conditional, conditions.IF_MATCH),
        (once, conditions.IDEMPOTENCY_KEY),
    ]
    problems = {status for applies, found in refusals if applies for status in found}
    found: dict[str, Any] = {
        "parameters": [parameter for applies, parameter in parameters if applies],
        "responses": {
            **_answers(said, tagged=tagged, reads=reads),
            **{str(int(status)): "Problem" for status in sorted(problems)},
            "default": "Problem",
        },
        "security": _ways_in(guard, "read" if reads else "write"),
    }
    if has_body:
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": said["body"]}}}
    return found


def _ways_in(guard: str, verb: str) -> list[dict[str, list[str]]]:
    area = guard.partition(":")[0]
    return [] if area == PUBLIC else [{TOKEN: [f"{area}:{verb}"]}, {SIGN_IN: []}]


def _answers(said: Mapping[str, Any], *, tagged: bool, reads: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, schema in said.get("answers", {}).items():
        one: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if schema is not None:
            one["content"] = {JSON: {"schema": schema}}
            if tagged:
                one["headers"] = {"ETag": conditions.ETAG}
        found[str(status)] = one
    if tagged and reads:
        found["304"] = {"description": HTTPStatus.NOT_MODIFIED.phrase}
    return found
