"""Forms: read by the same schemas as the API and sockets; what was typed is kept when something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError

from academy.kernel.access import Busy, Closed, Conflict, Invalid, Prevented, RateLimited
from academy.kernel.ids import decode
from academy.kernel.payloads import invalid
from academy.web.errors import headers, sentence
from academy.web.i18n import later

LONGEST_WORDS = 100
T = TypeVar("T")


def sent_file(unnamed: str) -> tuple[str, bytes]:
    """Return the name, or how it is called without one, and the bytes of what the form's field `file` holds.

    Raises `Invalid` where nothing was chosen.
    """
    sent = request.files.get("file")
    body = sent.read() if sent is not None else b""
    if sent is None or not body:
        raise Invalid(errors={"file": [_("Choose a file.")]})
    return "".join(c for c in sent.filename or "" if c.isprintable()) or unnamed, body


def read(schema: type[Schema]) -> dict[str, Any]:
    """Load the form that was sent; raises `Invalid` with sentences per field.

    A field that repeats arrives as a list where the schema names it a list (`many` in its metadata).
    """
    shape = schema(unknown=EXCLUDE)
    sent: dict[str, Any] = {}
    for name, field in shape.load_fields.items():
        wire = field.data_key or name
        if field.metadata.get("many"):
            sent[wire] = [value.replace("\0", "") for value in request.form.getlist(wire)]
        elif wire in request.form:
            sent[wire] = request.form[wire].replace("\r\n", "\n").replace("\0", "")
    try:
        loaded: dict[str, Any] = shape.load(sent)
    except ValidationError as error:
        raise invalid(error) from error
    return loaded


def kept() -> Mapping[str, str]:
    """Return what was typed, to show it again."""
    return request.form


def answer(
    done: Callable[[], ResponseReturnValue],
    again: Callable[[Mapping[str, str], Mapping[str, list[str]]], str],
) -> ResponseReturnValue:
    """Answer a form: `done()`, or the page once more with what was typed and what is wrong.

    Wrong fields are a 422. What has closed meanwhile or can't be as things stand (409), and a wait (429, 503), keep
    what was typed as well.
    """
    try:
        return done()
    except Invalid as refusal:
        errors = refusal.errors or {"_": [refusal.detail]}
        return again(kept(), errors), 422
    except (Closed, Prevented, RateLimited, Busy) as refusal:
        return again(kept(), {"_": [sentence(refusal)]}), refusal.status, headers(refusal)


def answer_compared(
    done: Callable[[], ResponseReturnValue],
    found: Callable[[], T],
    again: Callable[[T, Mapping[str, str], Mapping[str, list[str]]], str],
    meanwhile: Callable[[T], tuple[int, str]],
) -> ResponseReturnValue:
    """Answer a form for what several may change: who was slower sees their words again, beside what is there now.

    `found()` returns what is there now, `again(now, values, errors)` the page, and `meanwhile(now)` its version and
    a sentence about it. Sent once more, what was typed is put over what is there.
    """
    try:
        return answer(done, lambda values, errors: again(found(), values, errors))
    except Conflict:
        now = found()
        version, detail = meanwhile(now)
        return again(now, {**kept(), "version": str(version)}, {"_": [detail]}), 409


def next_url(default: str = "/") -> str:
    """Return the local address to go on to; anything that would leave this site is the default."""
    wanted = request.values.get("next", "")
    local = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if local else default


def wanted_text(name: str) -> str:
    """Return what the address asks for in words, on one line and cut short; "" for nothing."""
    return " ".join(request.args.get(name, "").replace("\0", "").split())[:LONGEST_WORDS]


def wanted_id(name: str) -> UUID | None:
    """Return the id that the address asks for, None for none; raises `Missing` for what is no id."""
    text = request.args.get(name, "")
    return decode(text) if text else None


def see_other(url: str) -> ResponseReturnValue:
    """Send the browser on after a form was taken, so that going back never sends it again."""
    return redirect(url, 303)


REQUIRED: dict[str, Any] = {"required": later("Please fill this in."), "null": later("Please fill this in.")}
"""Error messages of a required field, for `error_messages=`."""
