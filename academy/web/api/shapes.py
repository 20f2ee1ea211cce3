"""Shapes that every part of the API shares."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from academy.kernel.paging import LIMIT, MOST, Span
from academy.web.wire import Id

TEXT = re.compile(r"^[^\x00-\x1f]*$(?!\n)")
"""A line of text to search for: no character that controls something."""


class Out(Schema):
    """What is answered: every field is always there."""

    def on_bind_field(self, _name: str, field: fields.Field[Any]) -> None:
        """Say so in the document."""
        field.required = True


class QueryIn(Schema):
    """A query; what is not known is refused, so that a slip of the pen is not taken for an answer."""

    class Meta:
        """Nothing is let pass unread."""

        unknown = RAISE


def _limit() -> fields.Integer:
    return fields.Integer(load_default=LIMIT, validate=validate.Range(1, MOST))


class PageIn(QueryIn):
    """Which part of a list is asked for."""

    limit = _limit()
    cursor = Id()


class NumberedPageIn(QueryIn):
    """Which part of a numbered list is asked for."""

    limit = _limit()
    cursor = fields.Integer(validate=validate.Range(1, 2**31 - 1))


class FindIn(PageIn):
    """Words to find, and which part of what is found."""

    q = fields.String(load_default="", validate=[validate.Length(max=100), validate.Regexp(TEXT)])


def span_of(query: dict[str, Any]) -> Span:
    """Return the part of a list that a query asks for."""
    return Span(query["limit"], query.get("cursor"))


def instant(**more: Any) -> fields.DateTime:
    """Make a field for an instant, in UTC."""
    return fields.DateTime(format="iso", **more)


def part_of(one: type[Schema]) -> type[Schema]:
    """Make the shape of part of a list of `one`, such as `PersonOut`: PersonPart."""
    return Out.from_dict(
        {
            "items": fields.List(fields.Nested(one)),
            "next": fields.String(
                allow_none=True, metadata={"description": "The cursor of what follows; null at the end."}
            ),
        },
        name=f"{one.__name__.removesuffix('Out')}Part",
    )


class ProblemOut(Out):
    """What went wrong (RFC 9457)."""

    type = fields.String(metadata={"description": "urn:academy:error: and the code, or the status."})
    title = fields.String()
    status = fields.Integer()

    class Meta:
        """Further members say more: detail, code, errors by field."""

        unknown = "include"


class FaceOut(Out):
    """What is shown of a person beside what they do."""

    id = Id()
    name = fields.String()
    initials = fields.String()
    hue = fields.Integer()
    pronouns = fields.String()
    zone = fields.String()
