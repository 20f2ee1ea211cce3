"""Shapes of what admins send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from academy.accounts.schemas import Mailbox
from academy.people.engine import ZONES
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id


def _name() -> fields.String:
    return fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Length(1, 120, error=later("A name has 1 to 120 characters.")),
    )


class SettingsIn(Schema):
    """What is settled for everybody."""

    name = _name()
    zone = fields.String(required=True, error_messages=REQUIRED)
    contact = Mailbox(load_default="")

    @pre_load
    def _no_contact(self, sent: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        """A form sends an empty text for what was left empty."""
        return {name: value for name, value in sent.items() if name != "contact" or value != ""}


class NameIn(Schema):
    """How something is called."""

    name = _name()


class RoleIn(Schema):
    """Somebody's role in a group."""

    group = Id(required=True, error_messages=REQUIRED)
    person = Id(required=True, error_messages=REQUIRED)
    role = fields.String(required=True, error_messages=REQUIRED)


class ManagerIn(Schema):
    """Who somebody reports to; left empty for nobody. An address, as it is written on their profile."""

    manager = fields.String(load_default="")


class SetUpIn(Schema):
    """What `academy setup` needs."""

    organization = _name()
    academy = _name()
    name = _name()
    email = Mailbox(required=True)
    zone = fields.String(
        required=True,
        validate=validate.OneOf(ZONES, error=later("This time zone is not known. Write one such as Europe/Lisbon.")),
    )
