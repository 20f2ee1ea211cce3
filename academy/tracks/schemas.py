"""Shapes of tracks on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields


class ReflectionIn(Schema):
    """What somebody writes for themselves."""

    body = fields.String(load_default="")
