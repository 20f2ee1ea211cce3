"""Shapes of second factors on the wire."""

from __future__ import annotations

from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate

from academy.web.forms import REQUIRED
from academy.web.i18n import later


def _on_one_line(value: str) -> None:
    if not value.isprintable() or not value.strip():
        raise ValidationError(_("Write this on one line."))


class CodeIn(Schema):
    """A code of an app."""

    code = fields.String(load_default="")


class ProofIn(Schema):
    """One of the ways to show that it is you: a code, a recovery code, a passkey's answer, a password."""

    code = fields.String(load_default="")
    recovery = fields.String(load_default="")
    credential = fields.String(load_default="")
    password = fields.String(load_default="")


class PasskeyNameIn(Schema):
    """How somebody calls a passkey."""

    name = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=[validate.Length(1, 60, error=later("A name has 1 to 60 characters.")), _on_one_line],
    )


class PasskeyIn(PasskeyNameIn):
    """A passkey that a browser has made, and how to call it."""

    credential = fields.String(load_default="")
