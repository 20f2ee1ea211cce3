"""Shapes of accounts on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from academy.accounts.engine import LONGEST, SHORTEST, weakness
from academy.accounts.policy import JOIN_DAYS, MOST_DAYS, MOST_SEATS
from academy.kernel.access import Invalid
from academy.web.forms import REQUIRED
from academy.web.i18n import later

LONGEST_ADDRESS, LONGEST_NAME = 254, 120


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


class Mailbox(fields.Field[str]):
    """An address that mail can be sent to: one line of plain ASCII, whatever form it came in."""

    _email = validate.Email()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        del attr, data, kwargs
        address = value.strip() if isinstance(value, str) else ""
        if not address:
            raise ValidationError(_("Please fill this in."))
        local = address.rpartition("@")[0]
        plain = address.isascii() and address.isprintable() and not set(address) & set(' "<>()[],;:\\')
        if not plain or len(address) > LONGEST_ADDRESS or len(local) > 64:
            raise ValidationError(_("Write an address such as name@example.org."))
        try:
            return self._email(address)
        except ValidationError as error:
            raise ValidationError(_("Write an address such as name@example.org.")) from error


def _one_line(value: str) -> None:
    if not value.isprintable():
        raise ValidationError(_("Write this on one line."))
    if not value.strip():
        raise ValidationError(_("Please fill this in."))


def _name() -> fields.String:
    long = validate.Length(1, LONGEST_NAME, error=later("A name has 1 to 120 characters."))
    return fields.String(required=True, error_messages=REQUIRED, validate=[long, _one_line])


class AddressIn(Schema):
    """An address to write to."""

    email = Mailbox(required=True, error_messages=REQUIRED)


class AddressChangeIn(AddressIn):
    """An address to sign in with, and the present password."""

    present = fields.String(required=True, error_messages=REQUIRED)


class PasswordIn(Schema):
    """A new password."""

    password = fields.String(required=True, error_messages=REQUIRED)


class PasswordChangeIn(PasswordIn):
    """The present password and the one to come."""

    present = fields.String(required=True, error_messages=REQUIRED)


class AccountIn(PasswordIn):
    """A new account of somebody whose address is proved."""

    name = _name()
    zone = fields.String(required=True, error_messages=REQUIRED)


class InvitationIn(AddressIn):
    """Somebody to invite, and as what."""

    name = _name()
    role = fields.String(required=True, error_messages=REQUIRED)


class JoinLinkIn(Schema):
    """How long a link lasts, in days, and for how many."""

    days = fields.Integer(
        load_default=JOIN_DAYS,
        error_messages={"invalid": later("Write a whole number of days.")},
        validate=validate.Range(1, MOST_DAYS, error=later("A link lasts from 1 to 90 days.")),
    )
    seats = fields.Integer(
        load_default=None,
        allow_none=True,
        error_messages={"invalid": later("Write a whole number, or leave it empty.")},
        validate=validate.Range(1, MOST_SEATS, error=later("Places are a number from 1 to 1,000.")),
    )

    @pre_load
    def _leave_out_empty(self, sent: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        """A form sends an empty text for what was left empty."""
        return {name: value for name, value in sent.items() if value != ""}
