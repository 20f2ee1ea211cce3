"""Shapes of what pages about personal data send."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class ConfirmIn(Schema):
    """The password of whoever asks."""

    password = fields.String(load_default="", validate=validate.Length(max=200))
