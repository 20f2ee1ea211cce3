"""Shapes of skills and goals on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id

LEVEL = later("A level is a number from 1 to 5.")


class LevelIn(Schema):
    """A skill and a proficiency level from 1 to 5: what somebody has, or what they want to reach."""

    skill_id = Id(required=True, error_messages=REQUIRED)
    level = fields.Integer(
        load_default=3, validate=validate.Range(1, 5, error=LEVEL), error_messages={"invalid": LEVEL}
    )
