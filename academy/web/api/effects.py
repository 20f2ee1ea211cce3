"""Operations that change something: one unit of work, under the request's conditions, once for its key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Response, request
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from academy.kernel.access import Conflict, Invalid
from academy.kernel.app import kernel
from academy.kernel.ids import anonymous_id, encode
from academy.kernel.once import Answer, Asking, another_request, once
from academy.web.api import conditions
from academy.web.api.descriptions import JSON
from academy.web.api.operations import written
from academy.web.signed_in import viewer

F = TypeVar("F", bound=Callable[..., Any])

KEY = "Idempotency-Key"
_SHAPE = re.compile(conditions.KEY_PATTERN)


def repeatable(entry: F) -> F:
    """Say that an operation takes an Idempotency-Key; it returns what `create` returns."""
    return _said(entry, once=True)


def conditional(entry: F) -> F:
    """Say that an operation heeds `If-Match`: within its unit of work it calls `conditions.demand`."""
    return _said(entry, conditional=True)


def _said(entry: F, **more: Any) -> F:
    entry.__api__ = {**getattr(entry, "__api__", {}), **more}  # type: ignore[attr-defined]
    return entry


def create(
    work: Callable[[Session], Any],
    schema: type[Schema],
    *,
    status: int = 201,
    tagged: bool = True,
    location: Callable[[Mapping[str, Any]], str] | None = None,
) -> Response:
    """Run `work` in one unit of work and answer what it returns by `schema`, once for the request's key.

    `location(body)` is the address of what was made, from the answer as it goes over the wire.
    """
    asking = _asking()

    def answer(session: Session) -> Answer:
        body = schema().dump(work(session))
        text = json.dumps(body)
        headers = {"ETag": f'"{conditions.tag_of(text.encode())}"'} if tagged else {}
        if location is not None:
            headers["Location"] = location(body)
        return Answer(status, text, headers)

    done = kernel().commit(lambda session: once(session, asking, lambda: answer(session)))
    response = Response(done.body, done.status, mimetype=JSON, headers=done.headers)
    return _again(response) if done.again else response


def create_by_nonce(
    work: Callable[[Session, str], tuple[Any, bool]],
    schema: type[Schema],
    *,
    nonce: str | None,
    location: Callable[[Mapping[str, Any]], str],
) -> Response:
    """Run `work`, which stores something once for its nonce, and answer it by `schema` as `create` does.

    `work(session, nonce)` returns what is stored, and whether it had been before. The nonce is the sender's, else the
    request's key: then what came before with other words is a key that came with another request.
    """
    chosen = key()
    by_key = nonce is None and chosen is not None
    used = nonce or chosen or encode(anonymous_id())
    try:
        found, again = kernel().commit(lambda session: work(session, used))
    except Conflict as refusal:
        if by_key:
            raise another_request() from refusal
        raise
    response = written(schema, found, 201, tagged=True)
    response.headers["Location"] = location(json.loads(response.get_data()))
    return _again(response) if again else response


def _again(response: Response) -> Response:
    response.headers["Idempotency-Replayed"] = "true"
    return response


def key() -> str | None:
    """Return the key that the request's sender chose for it."""
    sent = request.headers.get(KEY)
    if sent is not None and not _SHAPE.fullmatch(sent):
        detail = _("A key is 8 to 64 printable characters without blanks.")
        raise Invalid(detail, errors={KEY: [detail]})
    return sent


def _asking() -> Asking | None:
    chosen = key()
    if chosen is None:
        return None
    sent = b"\n".join((request.method.encode(), request.full_path.encode(), request.get_data()))
    return Asking(viewer().person_id, chosen, hashlib.sha256(sent).hexdigest())
