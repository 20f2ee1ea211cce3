"""Bodies of requests: JSON, read by the same schemas as forms and as strictly as the document says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from academy.kernel.access import Invalid
from academy.kernel.payloads import invalid, summed


def read(schema: Schema) -> dict[str, Any]:
    """Load the JSON object of this request; raises `Invalid` with sentences per field."""
    if not request.is_json:
        raise UnsupportedMediaType(_("Send a JSON object, with Content-Type: application/json."))
    try:
        clean = _plain(json.loads(request.get_data(), parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:  # what is nested deeper than Python reaches is none of ours
        raise BadRequest(_("This is not JSON.")) from error
    if not isinstance(clean, dict):
        raise Invalid(_("Send a JSON object."))
    errors = _of_wrong_type(schema, clean)
    if errors:
        raise Invalid(summed(errors), errors=errors)
    try:
        loaded: dict[str, Any] = schema.load(clean)
    except ValidationError as error:
        raise invalid(error) from error
    return loaded


def _no_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _plain(value: Any) -> Any:
    """Take out what no database takes, as forms do, and refuse halves of characters."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise BadRequest(_("This is not Unicode.")) from error
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {_plain(name): _plain(one) for name, one in value.items()}
    return value


_TYPES: dict[type[fields.Field[Any]], type] = {fields.Boolean: bool, fields.Integer: int}
"""What else than text a field is in JSON."""


def _of_wrong_type(schema: Schema, sent: Mapping[str, Any]) -> dict[str, list[str]]:
    """Find what a form could only send as text, and JSON can say as it is: 3 is a number and "3" is not."""
    errors = {}
    for name, field in schema.load_fields.items():
        wire = field.data_key or name
        if wire in sent and not _fits(field, sent[wire]):
            errors[wire] = [_("This is of the wrong type.")]
    return errors


def _fits(field: fields.Field[Any], value: Any) -> bool:
    if value is None:
        return field.allow_none
    if isinstance(field, fields.List):
        return isinstance(value, list) and all(_fits(field.inner, one) for one in value)
    if isinstance(field, fields.Nested):
        return isinstance(value, dict) and not _of_wrong_type(field.schema, value)
    if isinstance(field, fields.Integer) and isinstance(value, float):
        return value.is_integer()  # JSON knows one kind of number: 3.0 is 3
    wanted = next((type_ for kind, type_ in _TYPES.items() if isinstance(field, kind)), str)
    if type(value) is not wanted:
        return False
    return not isinstance(field, fields.Date) or _is_date(str(value))


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
