"""Shapes of workshops on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_load, validate

from academy.web.api.shapes import FaceOut, Out, PageIn, instant
from academy.web.forms import REQUIRED
from academy.web.markup import MAX_CHARACTERS
from academy.web.wire import Id, Version
from cohorts.workshops.engine.details import LONGEST, LONGEST_TITLE, LONGEST_URL, MOST_SEATS, SHORTEST
from cohorts.workshops.queries.listing import WorkshopDetail

NUMBER = {**REQUIRED, "invalid": "Write a whole number."}
WALL = r"^[12]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d$(?!\n)"
ANSWER = "Say whether you are coming: going, maybe or can’t."


class _Form(Schema):
    """A form sends an empty text for what was left empty."""

    @pre_load
    def _leave_out_empty(self, sent: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        return {name: value for name, value in sent.items() if value != ""}


class TimeIn(_Form):
    """A date and a time on the clocks of a zone, and how long."""

    date = fields.Date(required=True, error_messages={**REQUIRED, "invalid": "Write a date such as 2027-01-18."})
    time = fields.Time("%H:%M", required=True, error_messages={**REQUIRED, "invalid": "Write a time such as 15:00."})
    zone = fields.String(required=True, error_messages=REQUIRED)
    minutes = fields.Integer(required=True, error_messages=NUMBER)


class WorkshopIn(TimeIn):
    """A workshop as a lead writes it. `id` makes sending the form twice schedule once."""

    title = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Length(max=160, error="A title has 1 to 160 characters."),
    )
    agenda = fields.String(load_default="")
    venue_url = fields.String(load_default="")
    capacity = fields.Integer(load_default=None, error_messages=NUMBER)
    facilitator = Id(required=True, error_messages={"required": "Choose who leads it."})
    activity = Id(load_default=None)
    id = Id(load_default=None)


class WorkshopChangeIn(WorkshopIn):
    """A workshop as a lead changes it, with the version that was open."""

    version = Version(required=True, error_messages=NUMBER)


class CancelIn(Schema):
    """Which version is called off."""

    version = Version(required=True, error_messages=NUMBER)


class AnswerIn(Schema):
    """Whether somebody comes; `asked` is the sequence that they were asked about."""

    answer = fields.String(
        required=True,
        error_messages={"required": ANSWER},
        validate=validate.OneOf(["going", "maybe", "declined"], error=ANSWER),
    )
    asked = Version(load_default=None)


class WrittenIn(Schema):
    """A workshop as a program writes it, in the words of what it reads."""

    title = fields.String(required=True, error_messages=REQUIRED, validate=validate.Length(1, LONGEST_TITLE))
    agenda = fields.String(load_default="", validate=validate.Length(max=MAX_CHARACTERS))
    wall_start = fields.String(
        required=True,
        error_messages=REQUIRED,
        validate=validate.Regexp(WALL, flags=re.ASCII, error="Write a time such as 2027-01-18T15:00."),
        metadata={"description": "On the clocks of its zone, such as 2027-01-18T15:00."},
    )
    zone = fields.String(required=True, error_messages=REQUIRED)
    minutes = fields.Integer(required=True, error_messages=NUMBER, validate=validate.Range(SHORTEST, LONGEST))
    venue_url = fields.String(load_default="", validate=validate.Length(max=LONGEST_URL))
    capacity = fields.Integer(
        load_default=None, allow_none=True, error_messages=NUMBER, validate=validate.Range(1, MOST_SEATS)
    )
    facilitator = Id(required=True, error_messages=REQUIRED)
    activity = Id(load_default=None, allow_none=True)


class NewWorkshopIn(WrittenIn):
    """A workshop to schedule for a group."""

    group = Id(required=True, error_messages=REQUIRED)


class WorkshopsIn(PageIn):
    """Workshops of one group, if it is named."""

    group = Id()


class WorkshopLineOut(Out):
    """A workshop. `answer` is the caller's: invited, going, maybe, declined, or null for who was not asked."""

    id = Id()
    group = Id(attribute="group_id")
    title = fields.String()
    starts_at = instant()
    ends_at = instant()
    minutes = fields.Integer()
    zone = fields.String()
    state = fields.String()
    capacity = fields.Integer(allow_none=True)
    going = fields.Integer()
    activity = Id(attribute="activity_id", allow_none=True)
    facilitator = fields.Nested(FaceOut)
    answer = fields.String(allow_none=True)


def _door(workshop: WorkshopDetail) -> str:
    """Return the link to the call, for who schedules it, and while one can join for who was asked."""
    asked = workshop.answer is not None or workshop.leads
    return workshop.venue_url if workshop.may_schedule or (workshop.open and asked) else ""


class WorkshopOut(WorkshopLineOut):
    """A workshop with all that its page shows. `venue_url` is empty until the door opens."""

    agenda = fields.String(attribute="agenda_md")
    html = fields.String(attribute="agenda_html")
    wall_start = fields.String(metadata={"description": "When it begins on the clocks of its zone."})
    venue_url = fields.Function(_door, metadata={"type": "string"})
    version = fields.Integer()


class RsvpOut(Out):
    """The caller's answer to a workshop."""

    answer = fields.String(allow_none=True)
    asked = fields.Integer(attribute="asked_sequence", allow_none=True)
