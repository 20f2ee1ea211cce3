"""The shape of what a mentor says of their mentoring."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from academy.web.forms import REQUIRED
from mentoring.profiles.policy import LONGEST, MOST


class MentoringIn(Schema):
    """A mentor's form, for one academy."""

    group = fields.String(required=True, validate=validate.Length(max=40), error_messages=REQUIRED)
    capacity = fields.Integer(
        required=True,
        validate=validate.Range(0, MOST, error="Choose a number from {min} to {max}; 0 means a pause."),
        error_messages={**REQUIRED, "invalid": "Please write a whole number."},
    )
    offers = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST, error="Please use at most {max} characters."),
    )
