"""Operations of the API: what each takes and answers is said once, for its work and for the document.

    blueprint = Operations("skills_api", __name__, tag="Skills")

    @blueprint.get("/skills")
    @guard("people:self")
    @asks(FindIn)
    @answers(200, part_of(SkillOut))
    def index(query: dict[str, Any]) -> Part[SkillHit]: ...

The guard stands first: whoever is signed out learns nothing of what is wrong with their request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request
from flask_smorest.blueprint import Blueprint
from marshmallow import Schema, ValidationError

from academy.kernel.ids import encode
from academy.kernel.paging import Part
from academy.kernel.payloads import invalid
from academy.web.api import bodies, conditions
from academy.web.api.descriptions import JSON, described

F = TypeVar("F", bound=Callable[..., Any])

PREFIX: Final = "/api/v1"


class Operations(Blueprint):
    """The operations of one feature, under /api/v1."""

    def __init__(self, name: str, module: str, *, tag: str) -> None:
        super().__init__(name, module, url_prefix=PREFIX)  # type: ignore[no-untyped-call]
        self._tag = tag

    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register what answers GET."""
        return self._on("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register what answers POST."""
        return self._on("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register what answers PUT."""
        return self._on("PUT", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register what answers PATCH."""
        return self._on("PATCH", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        """Register what answers DELETE."""
        return self._on("DELETE", rule, options)

    def _on(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        def register(entry: F) -> F:
            guard = getattr(entry, "__guard__", "")
            told = described(getattr(entry, "__api__", {}), guard=guard, method=method, rule=rule)
            told["operationId"] = f"{self.name.removesuffix('_api')}_{entry.__name__}"
            entry._apidoc = {"manual_doc": told}  # type: ignore[attr-defined]  # noqa: SLF001 - smorest reads it
            self.route(rule, methods=[method], tags=[self._tag], **options)(entry)  # type: ignore[no-untyped-call]
            return entry

        return register


def _say(entry: Callable[..., Any], **more: Any) -> dict[str, Any]:
    return {**getattr(entry, "__api__", {}), **more}


def asks(schema: type[Schema]) -> Callable[[F], F]:
    """Read the query of a request by a schema and hand it over as `query`."""

    def wrap(entry: F) -> F:
        @wraps(entry)
        def enter(*args: Any, **kwargs: Any) -> Any:
            try:
                loaded = schema().load(request.args.to_dict())
            except ValidationError as error:
                raise invalid(error) from error
            return entry(*args, query=loaded, **kwargs)

        enter.__api__ = _say(entry, query=schema)  # type: ignore[attr-defined]
        return cast("F", enter)

    return wrap


def takes(schema: type[Schema], *, partial: bool = False) -> Callable[[F], F]:
    """Read the JSON object of a request by a schema, the same that forms use, and hand it over as `sent`.

    With `partial`, what is not sent is not in it either.
    """
    shape = schema(partial=tuple(schema().fields) if partial else False)  # what is inside of them is whole

    def wrap(entry: F) -> F:
        @wraps(entry)
        def enter(*args: Any, **kwargs: Any) -> Any:
            return entry(*args, sent=bodies.read(shape), **kwargs)

        enter.__api__ = _say(entry, body=shape)  # type: ignore[attr-defined]
        return cast("F", enter)

    return wrap


def answers(status: int, schema: type[Schema] | None = None, *, tagged: bool = False) -> Callable[[F], F]:
    """Write what an operation returns by a schema; `tagged` answers carry an ETag.

    Part of a list is written with the cursor of what follows, in the body and as a link. An operation may also
    return a finished `Response`.
    """

    def wrap(entry: F) -> F:
        @wraps(entry)
        def enter(*args: Any, **kwargs: Any) -> Response:
            found = entry(*args, **kwargs)
            if isinstance(found, Response):
                return found
            if schema is None:
                return Response(status=status, mimetype=JSON)
            return written(schema, found, status, tagged=tagged)

        said = {**getattr(entry, "__api__", {}).get("answers", {}), status: schema}
        enter.__api__ = _say(entry, answers=said, tagged=tagged)  # type: ignore[attr-defined]
        return cast("F", enter)

    return wrap


def also(status: int, schema: type[Schema] | None = None) -> Callable[[F], F]:
    """Say that an operation may answer with another status too."""

    def wrap(entry: F) -> F:
        known = getattr(entry, "__api__", {}).get("answers", {})
        entry.__api__ = _say(entry, answers={**known, status: schema})  # type: ignore[attr-defined]
        return entry

    return wrap


def refuses(*statuses: int) -> Callable[[F], F]:
    """Say with what an operation refuses besides what all of its like do: 409, or 404 for an id in its body."""

    def wrap(entry: F) -> F:
        entry.__api__ = _say(entry, refuses=[HTTPStatus(status) for status in statuses])  # type: ignore[attr-defined]
        return entry

    return wrap


def written(schema: type[Schema], found: Any, status: int = 200, *, tagged: bool = False) -> Response:
    """Write an answer by a schema."""
    if isinstance(found, Part):
        following = None if found.next is None else _cursor(found.next)
        body = schema().dump({**vars(found), "next": following})
        answer = Response(json.dumps(body), status, mimetype=JSON)
        if following is not None:
            query = urlencode({**request.args.to_dict(), "cursor": following})
            answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
        return answer
    answer = Response(json.dumps(schema().dump(found)), status, mimetype=JSON)
    if tagged:
        answer.set_etag(conditions.tag_of(answer.get_data()))
        if request.method in {"GET", "HEAD"}:
            answer.make_conditional(request)
    return answer


def _cursor(key: UUID | int) -> str:
    return encode(key) if isinstance(key, UUID) else str(key)
