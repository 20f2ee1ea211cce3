"""Shapes of cohorts on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from academy.web.api.shapes import Out
from academy.web.forms import REQUIRED
from academy.web.i18n import later
from academy.web.wire import Id, Version


class CohortEditIn(Schema):
    """What a cohort is called, when it begins, and for how many."""

    name = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Length(1, 120, error=later("A name has 1 to 120 characters.")),
    )
    starts_on = fields.Date(
        required=True, error_messages={**REQUIRED, "invalid": later("Write a date such as 2027-01-18.")}
    )
    zone = fields.String(required=True, error_messages=REQUIRED)
    seats = fields.Integer(
        load_default=None,
        allow_none=True,
        error_messages={"invalid": later("Write a whole number, or leave it empty.")},
        validate=validate.Range(1, 10_000, error=later("Seats are a number from 1 to 10,000.")),
    )
    agreements = fields.String(
        load_default="", validate=validate.Length(max=2000, error=later("Keep this under 2,000 characters."))
    )

    version = Version(load_default=0)

    @pre_load
    def _leave_out_empty(self, sent: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        """A form sends an empty text for what was left empty."""
        return {name: value for name, value in sent.items() if value != ""}


class CohortIn(CohortEditIn):
    """A new cohort."""

    track = Id(required=True, error_messages=REQUIRED)


class EnrollIn(Schema):
    """People to enroll, and as what."""

    people = fields.List(Id(), required=True, error_messages=REQUIRED, metadata={"many": True})
    role = fields.String(load_default="learner")


class LeaveIn(Schema):
    """Somebody to take out of a cohort."""

    person = Id(required=True, error_messages=REQUIRED)
    role = fields.String(required=True, error_messages=REQUIRED)


class EnrolledOut(Out):
    """How many of those who were named are new."""

    enrolled = fields.Integer()


class CohortOut(Out):
    """A dated run of a track version. `week` runs from 1, and is 0 before the start."""

    id = Id()
    name = fields.String()
    track = fields.String()
    weeks = fields.Integer()
    week = fields.Integer()
    starts_on = fields.Date()
    zone = fields.String()
    delivery = Id(attribute="delivery_id")
    space = Id(attribute="space_id")
    academy = Id(attribute="parent_id", allow_none=True)
    seats = fields.Integer(allow_none=True)
    learners = fields.Integer()
    state = fields.String()
    agreements = fields.List(fields.String())


class AddressesIn(Schema):
    """Addresses as they were pasted, and as what these people are enrolled."""

    addresses = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Length(1, 100_000, error=later("Paste at least one address, and fewer than 2,000.")),
    )
    role = fields.String(load_default="learner")


class RoleIn(Schema):
    """Somebody in a role, as "id.role", and what they become instead."""

    member = fields.String(required=True, error_messages=REQUIRED)
    to = fields.String(required=True, error_messages=REQUIRED)


class SomebodyIn(Schema):
    """Somebody on the waitlist."""

    person = Id(required=True, error_messages=REQUIRED)


class MoveUpIn(SomebodyIn):
    """A place on the waitlist and why."""

    to = fields.Integer(
        required=True,
        error_messages={**REQUIRED, "invalid": later("Write a whole number.")},
        validate=validate.Range(1, 10_000, error=later("Places are numbers from 1.")),
    )
    reason = fields.String(load_default="")


class StepIn(Schema):
    """The version of the cohort that a page was made from."""

    version = Version(required=True, error_messages=REQUIRED)


class UpgradeIn(Schema):
    """From which version of its track to which a cohort goes on."""

    before = Id(required=True, error_messages=REQUIRED)
    after = Id(required=True, error_messages=REQUIRED)
