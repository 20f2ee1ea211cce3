"""Shapes of personal API tokens on the wire."""

from __future__ import annotations

from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate

from academy.tokens.engine import AREAS, LIFETIMES, VERBS
from academy.web.forms import REQUIRED
from academy.web.i18n import later


def _on_one_line(value: str) -> None:
    if not value.isprintable() or not value.strip():
        raise ValidationError(_("Write this on one line."))


class TokenIn(Schema):
    """A token to make: what it is for, what it may do, where, and for how many days."""

    name = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=[validate.Length(1, 60, error=later("A name has 1 to 60 characters.")), _on_one_line],
    )
    verbs = fields.List(
        fields.String(validate=validate.OneOf(VERBS)),
        load_default=list,
        validate=validate.Length(1, 2, error=later("Choose at least one thing that the token may do.")),
        metadata={"many": True},
    )
    areas = fields.List(fields.String(validate=validate.OneOf(AREAS)), load_default=list, metadata={"many": True})
    days = fields.Integer(
        load_default=90,
        validate=validate.OneOf(LIFETIMES, error=later("Choose from the list until when it lasts.")),
        error_messages={"invalid": later("Choose from the list until when it lasts.")},
    )
