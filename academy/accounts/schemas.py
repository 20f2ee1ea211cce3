"""Shapes of accounts on the wire."""

from __future__ import annotations

from flask_babel import gettext as _
from marshmallow import Schema, fields

from academy.accounts.engine import LONGEST, SHORTEST, weakness
from academy.kernel.access import Invalid
from academy.web.forms import REQUIRED


def strong(password: str, *, own: tuple[str, ...]) -> None:
    """Refuse a password that is too easy, with a sentence; `own` are the name and address of whose it is."""
    why = weakness(password, own=own)
    if why is None:
        return
    sentences = {
        "short": _("A password has at least %(n)s characters. A few words together are easy to remember.", n=SHORTEST),
        "long": _("A password has at most %(n)s characters.", n=LONGEST),
        "common": _("Many people use this password, so it is among the first to be guessed. Choose another one."),
        "own": _("Your name and address are the first things to be guessed. Choose another password."),
    }
    raise Invalid(errors={"password": [sentences[why]]})


class PasswordChangeIn(Schema):
    """The present password and the one to come."""

    present = fields.String(required=True, error_messages=REQUIRED)
    password = fields.String(required=True, error_messages=REQUIRED)
