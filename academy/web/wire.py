"""Field types that every shape on the wire shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate

from academy.kernel.access import Missing
from academy.kernel.ids import decode, encode

PATTERN = "^[a-z2-7]{25}[aeimquy4]$"
"""An id: 26 base32 characters stand for 130 bits, so the last one has two bits that are nought."""


class Version(fields.Integer):
    """The version or sequence of a row that a page was made from: a number that a column of 32 bits can hold."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=validate.Range(0, 2**31 - 1), **more)


class Id(fields.Field[UUID]):
    """An id as 26 base32 characters."""

    def _serialize(self, value: UUID | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        del attr, obj, kwargs
        return None if value is None else encode(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> UUID:
        del attr, data, kwargs
        try:
            return decode(value)
        except Missing as error:
            raise ValidationError(_("This is not an id.")) from error
